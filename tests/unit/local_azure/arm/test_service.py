"""What every request to ARM must bring along, and how ARM says that it does not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from tests.unit.local_azure.arm.support import GROUP, POOL, SUBSCRIPTION, ArmClient, pool_body


def test_a_request_without_a_token_is_challenged(arm: ArmClient) -> None:
    arm.token = None
    answer = arm.get(SUBSCRIPTION, "2022-12-01")
    assert (answer.status, answer.code) == (401, "AuthenticationFailed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_a_token_for_another_resource_is_refused_with_the_audiences_that_count(arm: ArmClient) -> None:
    principal = directory.principal(arm.world, directory.DEPLOYER_OBJECT_ID)
    assert principal is not None
    arm.token = tokens.issue(arm.world, principal, "https://managedhsm.azure.net")
    answer = arm.get(SUBSCRIPTION, "2022-12-01")
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationTokenAudience")
    assert "https://management.core.windows.net/" in answer.message
    assert "for wrong audience or resource 'https://managedhsm.azure.net'. It should" in answer.message


def test_an_expired_token_is_refused(arm: ArmClient) -> None:
    arm.world.clock.move(timedelta(hours=2))
    answer = arm.get(SUBSCRIPTION, "2022-12-01")
    assert (answer.status, answer.code) == (401, "ExpiredAuthenticationToken")
    time = r"'\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M'"
    assert re.fullmatch(
        f"The access token expiry UTC time {time} is earlier than current UTC time {time}.", answer.message
    )


def test_a_token_that_nobody_signed_is_refused(arm: ArmClient) -> None:
    arm.token = "e30.e30.c2lnbmF0dXJl"
    answer = arm.get(SUBSCRIPTION, "2022-12-01")
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


def test_the_tokens_of_both_audiences_are_taken_with_and_without_a_slash(arm: ArmClient) -> None:
    principal = directory.principal(arm.world, directory.DEPLOYER_OBJECT_ID)
    assert principal is not None
    for audience in ("https://management.azure.com", "https://management.core.windows.net/"):
        arm.token = tokens.issue(arm.world, principal, audience)
        assert arm.get(SUBSCRIPTION, "2022-12-01").status == 200


def test_a_request_without_an_api_version_is_refused(arm: ArmClient) -> None:
    answer = arm.call("GET", SUBSCRIPTION)
    assert (answer.status, answer.code) == (400, "MissingApiVersionParameter")


def test_an_unknown_api_version_of_a_group_names_those_that_are_known(arm: ArmClient) -> None:
    answer = arm.get(GROUP, "1999-01-01")
    assert (answer.status, answer.code) == (400, "InvalidApiVersionParameter")
    assert "2024-03-01" in answer.message


def test_an_unknown_api_version_of_a_resource_names_those_that_are_known(arm: ArmClient) -> None:
    answer = arm.get(POOL, "1999-01-01")
    assert (answer.status, answer.code) == (400, "NoRegisteredProviderFound")
    assert "2024-11-01" in answer.message


def test_another_subscription_does_not_exist(arm: ArmClient) -> None:
    answer = arm.get("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", "2024-03-01")
    assert (answer.status, answer.code) == (404, "SubscriptionNotFound")


def test_a_subscription_that_is_no_guid_is_told_so(arm: ArmClient) -> None:
    answer = arm.get("/subscriptions/contoso/resourceGroups", "2024-03-01")
    assert (answer.status, answer.code) == (400, "InvalidSubscriptionId")


def test_a_type_that_is_not_played_is_named(arm: ArmClient, group: str) -> None:
    answer = arm.get(f"{group}/providers/Microsoft.Sql/servers/one", "2024-05-01")
    assert answer.status == 501
    assert "Microsoft.Sql/servers" in answer.message


def test_an_action_that_is_not_played_is_named(arm: ArmClient, group: str) -> None:
    answer = arm.post(f"{group}/providers/Microsoft.Compute/virtualMachines/one/reimage", "2024-11-01")
    assert answer.status == 501
    assert "reimage" in answer.message


def test_a_property_that_is_not_played_is_named(arm: ArmClient, group: str) -> None:
    answer = arm.put(POOL, "2024-11-01", pool_body(madeUp=1))
    assert answer.status == 501
    assert "properties.madeUp" in answer.message
    assert group in POOL


def test_a_resource_that_is_not_there_is_not_found_in_its_group(arm: ArmClient, group: str) -> None:
    answer = arm.get(POOL, "2024-11-01")
    assert (answer.status, answer.code) == (404, "ResourceNotFound")
    assert "ContosoResourceGroup" in group


def test_a_resource_in_a_group_that_is_not_there_misses_the_group(arm: ArmClient) -> None:
    for answer in (arm.get(POOL, "2024-11-01"), arm.put(POOL, "2024-11-01", pool_body())):
        assert (answer.status, answer.code) == (404, "ResourceGroupNotFound")


def test_a_child_of_nothing_misses_its_parent(arm: ArmClient, group: str) -> None:
    path = f"{group}/providers/Microsoft.Network/virtualNetworks/none/subnets/one"
    answer = arm.put(path, "2024-05-01", {"properties": {"addressPrefix": "10.0.0.0/24"}})
    assert (answer.status, answer.code) == (404, "ParentResourceNotFound")


def test_deleting_what_is_not_there_is_done_already(arm: ArmClient, group: str) -> None:
    assert group
    assert arm.delete(POOL, "2024-11-01").status == 204


def test_a_location_that_does_not_exist_is_refused_with_those_that_do(arm: ArmClient, group: str) -> None:
    assert group
    answer = arm.put(POOL, "2024-11-01", {**pool_body(), "location": "atlantis"})
    assert (answer.status, answer.code) == (400, "LocationNotAvailableForResourceType")
    assert "eastus2" in answer.message


def test_the_display_name_of_a_region_is_the_region(arm: ArmClient) -> None:
    answer = arm.put(GROUP, "2024-03-01", {"location": "East US 2"})
    assert answer.body["location"] == "eastus2"


def test_a_resource_cannot_move_to_another_region(arm: ArmClient, subnet: object) -> None:
    assert subnet
    path = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnetwest"
    body = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    answer = arm.put(path, "2024-05-01", body)
    assert (answer.status, answer.code) == (409, "InvalidResourceLocation")


def test_ids_are_found_without_regard_to_case_and_shown_as_they_were_written(arm: ArmClient, pool: object) -> None:
    assert pool
    found = arm.get(
        POOL.replace("resourceGroups/Contoso", "RESOURCEGROUPS/contoso").replace("MHSM", "mhsm"), "2024-11-01"
    )
    assert found.body["id"] == POOL


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({f"t{number}": "" for number in range(51)}, "TooManyTags"),
        ({"a<b": ""}, "InvalidTagNameCharacters"),
        ({"a": "x" * 257}, "InvalidTagValueLength"),
        ({"a": "", "A": ""}, "DuplicateTagName"),
    ],
)
def test_tags_have_limits(arm: ArmClient, tags: dict[str, str], code: str) -> None:
    answer = arm.put(GROUP, "2024-03-01", {"location": "eastus2", "tags": tags})
    assert (answer.status, answer.code) == (400, code)


def test_the_metadata_need_no_token_and_have_the_suffix_of_managed_hsm(arm: ArmClient) -> None:
    arm.token = None
    answer = arm.get("/metadata/endpoints", "2022-09-01")
    assert answer.body["suffixes"]["mhsmDns"] == "managedhsm.azure.net"
    assert arm.get("/metadata/endpoints", "2019-05-01").body[0]["name"] == "AzureCloud"
    assert arm.get("/metadata/endpoints", "2015-01-01").body["authentication"]["audiences"]


def test_a_request_that_fails_changes_nothing(arm: ArmClient, group: str) -> None:
    path = f"{group}/providers/Microsoft.Network/virtualNetworks/one"
    good, bad = (
        {"name": name, "properties": {"addressPrefix": prefix}}
        for name, prefix in (("good", "10.0.0.0/24"), ("bad", "10.0.0.128/25"))
    )
    properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [good, bad]}
    assert arm.put(path, "2024-05-01", {"location": "westus", "properties": properties}).status == 400
    assert arm.get(path, "2024-05-01").status == 404
    assert arm.get(f"{path}/subnets/good", "2024-05-01").status == 404


def test_arm_plays_its_own_host_only(world: World) -> None:
    service = ArmClient(world).service
    assert service.plays("management.azure.com")
    assert not service.plays("az400popmhsm.managedhsm.azure.net")


def test_every_answer_has_a_request_id(arm: ArmClient) -> None:
    assert arm.get("/subscriptions", "2022-12-01").headers["x-ms-request-id"]


def test_a_body_that_is_no_json_is_refused(arm: ArmClient) -> None:
    request = Request(
        "PUT",
        "management.azure.com",
        GROUP,
        {"api-version": "2024-03-01"},
        {"authorization": f"Bearer {arm.token}"},
        b"{",
    )
    with pytest.raises(Exception, match="not valid JSON"):
        arm.service.handle(request)
