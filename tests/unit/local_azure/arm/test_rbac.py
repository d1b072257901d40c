"""Azure RBAC: who may do what, and what those see who may not."""

from __future__ import annotations

import uuid

import pytest

from local_azure.entra.directory import GROUP_OBJECT_ID, USER_OBJECT_ID
from tests.unit.local_azure.arm.support import (
    GROUP,
    KEY_VAULT,
    POOL,
    SUBSCRIPTION,
    ArmClient,
    endpoint_body,
    pool_body,
)

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
HSM_CONTRIBUTOR = "18500a29-7fe2-46b2-a342-b16a415e101d"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"


def assign(arm: ArmClient, role: str, scope: str, principal: str = USER_OBJECT_ID) -> None:
    body = {
        "properties": {
            "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
        }
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    answer = arm.put(path, "2022-04-01", body)
    assert answer.status == 201, answer


@pytest.fixture
def user(arm: ArmClient) -> ArmClient:
    """ARM as a user calls it who has no rights at all."""
    return ArmClient(arm.world, USER_OBJECT_ID)


def test_nobody_without_a_role_sees_a_subscription(user: ArmClient) -> None:
    assert user.get("/subscriptions", "2022-12-01").body["value"] == []
    assert len(user.get("/tenants", "2022-12-01").body["value"]) == 1


def test_nobody_without_a_role_reads_or_writes(user: ArmClient, group: str) -> None:
    for answer in (
        user.get(group, "2024-03-01"),
        user.get(SUBSCRIPTION, "2022-12-01"),
        user.get(f"{SUBSCRIPTION}/resourceGroups", "2024-03-01"),
        user.get(f"{SUBSCRIPTION}/resources", "2021-04-01"),
        user.put(POOL, KEY_VAULT, pool_body()),
        user.delete(POOL, KEY_VAULT),
    ):
        assert (answer.status, answer.code) == (403, "AuthorizationFailed")


def test_the_refusal_names_the_client_the_action_and_the_scope(user: ArmClient, group: str) -> None:
    message = user.get(group, "2024-03-01").message
    assert "kim.akers@contoso.com" in message
    assert USER_OBJECT_ID in message
    assert "Microsoft.Resources/subscriptions/resourceGroups/read" in message
    assert group in message


def test_rights_are_asked_for_before_existence_is_told(user: ArmClient) -> None:
    assert user.get(f"{SUBSCRIPTION}/resourceGroups/none", "2024-03-01").code == "AuthorizationFailed"


def test_a_reader_reads_and_does_not_write(arm: ArmClient, user: ArmClient, pool: object) -> None:
    assert pool
    assign(arm, READER, GROUP)
    assert user.get(POOL, KEY_VAULT).status == 200
    assert user.patch(POOL, KEY_VAULT, {"tags": {}}).code == "AuthorizationFailed"
    assert user.get("/subscriptions", "2022-12-01").body["value"] != []


def test_a_role_of_a_group_is_its_members(arm: ArmClient, user: ArmClient, pool: object) -> None:
    assert pool
    assign(arm, READER, GROUP, GROUP_OBJECT_ID)
    assert user.get(POOL, KEY_VAULT).status == 200


def test_lists_show_what_may_be_read(arm: ArmClient, user: ArmClient, pool: object) -> None:
    assert pool
    other = f"{SUBSCRIPTION}/resourceGroups/Other"
    arm.put(other, "2024-03-01", {"location": "westus"})
    assign(arm, READER, GROUP)
    groups = user.get(f"{SUBSCRIPTION}/resourceGroups", "2024-03-01").body["value"]
    assert [each["name"] for each in groups] == ["ContosoResourceGroup"]
    resources = user.get(f"{SUBSCRIPTION}/resources", "2021-04-01").body["value"]
    assert [each["name"] for each in resources] == ["az400popMHSM"]


def test_a_contributor_does_not_assign_roles(arm: ArmClient, user: ArmClient, group: str) -> None:
    assign(arm, CONTRIBUTOR, group)
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    assert user.put(path, "2022-04-01", {"properties": {}}).code == "AuthorizationFailed"


def test_managed_hsm_contributor_makes_deletes_and_purges_pools(arm: ArmClient, user: ArmClient, group: str) -> None:
    assign(arm, HSM_CONTRIBUTOR, SUBSCRIPTION)
    user.made(POOL, KEY_VAULT, pool_body())
    user.gone(POOL, KEY_VAULT)
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedManagedHSMs/az400popMHSM"
    assert user.finish(user.post(f"{deleted}/purge", KEY_VAULT)).status == 200
    assert group


def test_an_endpoint_is_approved_by_those_only_who_may_approve(
    arm: ArmClient, user: ArmClient, pool: object, subnet: object
) -> None:
    assert pool
    assert subnet
    assign(arm, NETWORK_CONTRIBUTOR, GROUP)
    path = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/one"
    answer = user.put(path, "2024-05-01", endpoint_body())
    assert (answer.status, answer.code) == (403, "LinkedAuthorizationFailed")
    assert user.put(path, "2024-05-01", endpoint_body(manual=True)).status == 201


def test_deleting_a_grant_answers_what_it_was_and_nothing_the_second_time(arm: ArmClient, group: str) -> None:
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    arm.put(path, "2022-04-01", {"properties": {"roleDefinitionId": definition, "principalId": USER_OBJECT_ID}})
    deleted = arm.delete(path, "2022-04-01")
    assert (deleted.status, deleted.body["properties"]["principalId"]) == (200, USER_OBJECT_ID)
    again = arm.delete(path, "2022-04-01")
    assert (again.status, again.body) == (204, None)


def test_the_role_goes_with_its_assignment(arm: ArmClient, user: ArmClient, group: str) -> None:
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    arm.put(path, "2022-04-01", {"properties": {"roleDefinitionId": definition, "principalId": USER_OBJECT_ID}})
    assert user.get(group, "2024-03-01").status == 200
    arm.delete(path, "2022-04-01")
    assert user.get(group, "2024-03-01").status == 403
