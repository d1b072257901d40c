"""Managed HSMs as ARM has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.arm.ip_rules import network
from local_azure.arm.schema import Invalid
from local_azure.entra.directory import DEPLOYER_OBJECT_ID, USER_OBJECT_ID
from local_azure.managed_hsm import pools
from tests.unit.local_azure.arm.support import GROUP, KEY_VAULT, POOL, SUBSCRIPTION, ArmClient, pool_body

DELETED = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedManagedHSMs/az400popMHSM"


def test_a_pool_is_there_as_the_service_describes_it(pool: Any) -> None:
    properties = pool["properties"]
    assert properties["hsmUri"] == "https://az400popmhsm.managedhsm.azure.net/"
    assert properties["provisioningState"] == "Succeeded"
    assert properties["statusMessage"] == "The Managed HSM is provisioned and ready to use."
    assert properties["networkAcls"] == {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [],
        "virtualNetworkRules": [],
    }
    assert properties["regions"] == []
    assert properties["securityDomainProperties"]["activationStatus"] == "NotActivated"
    assert pool["systemData"]["createdByType"] == "Application"


def test_the_data_plane_has_the_pool_once_it_is_provisioned(arm: ArmClient, group: str) -> None:
    assert group
    arm.world.latency.set_scale(1)
    arm.put(POOL, KEY_VAULT, pool_body())
    assert pools.by_name(arm.world, "az400popMHSM") is None
    arm.world.clock.move(timedelta(hours=1) - timedelta(seconds=1))
    stored = arm.get(POOL, KEY_VAULT).body
    pool = pools.by_name(arm.world, "az400popMHSM")
    assert pool is not None
    assert pool.created_at == stored["systemData"]["createdAt"]
    assert pool.initial_administrators == [DEPLOYER_OBJECT_ID]
    assert (pool.retention_days, pool.purge_protection) == (28, False)


def test_the_activation_is_read_from_the_pool(arm: ArmClient, pool: Any) -> None:
    assert pool
    found = pools.by_name(arm.world, "az400popMHSM")
    assert found is not None
    pools.update(arm.world, found, activation_status=pools.ACTIVE)
    status = arm.get(POOL, KEY_VAULT).body["properties"]
    assert status["securityDomainProperties"]["activationStatus"] == "Active"
    assert status["provisioningState"] == "Succeeded"


def test_what_is_left_out_takes_the_defaults_of_the_service(arm: ArmClient, group: str) -> None:
    assert group
    body = pool_body(
        softDeleteRetentionInDays=None,
        enablePurgeProtection=None,
        enableSoftDelete=None,
        publicNetworkAccess=None,
        networkAcls=None,
    )
    properties = arm.made(POOL, KEY_VAULT, body)["properties"]
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties["enablePurgeProtection"] is False
    assert properties["enableSoftDelete"] is True
    assert properties["publicNetworkAccess"] == "Enabled"
    assert properties["networkAcls"]["defaultAction"] == "Allow"


@pytest.mark.parametrize(
    "properties",
    [
        {"initialAdminObjectIds": None},
        {"initialAdminObjectIds": []},
        {"initialAdminObjectIds": ["nobody"]},
        {"tenantId": None},
        {"tenantId": "00000000-0000-0000-0000-000000000000"},
        {"softDeleteRetentionInDays": 6},
        {"softDeleteRetentionInDays": 91},
        {"enableSoftDelete": False},
        {"publicNetworkAccess": "Sometimes"},
        {"networkAcls": {"defaultAction": "Perhaps"}},
        {"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "203.0.113.10"}]}},
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.1"}]}},
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "2001:db8::1"}]}},
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": f"203.0.113.{n}"} for n in range(11)]}},
        {"networkAcls": {"defaultAction": "Deny", "virtualNetworkRules": [{"id": "/x"}]}},
    ],
)
def test_a_wrong_property_is_refused(arm: ArmClient, group: str, properties: dict[str, Any]) -> None:
    assert group
    answer = arm.put(POOL, KEY_VAULT, pool_body(**properties))
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert arm.get(POOL, KEY_VAULT).status == 404


@pytest.mark.parametrize("name", ["ab", "1pool", "pool-", "a" * 25, "po_ol", "pool.one"])
def test_a_wrong_name_is_refused(arm: ArmClient, group: str, name: str) -> None:
    path = f"{group}/providers/Microsoft.KeyVault/managedHSMs/{name}"
    assert arm.put(path, KEY_VAULT, pool_body()).status == 400
    answer = arm.post(
        f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkMhsmNameAvailability", KEY_VAULT, {"name": name}
    )
    assert (answer.body["nameAvailable"], answer.body["reason"]) == (False, "AccountNameInvalid")


@pytest.mark.parametrize("sku", [{"family": "C", "name": "Standard_B1"}, {"family": "B", "name": "Standard_B9"}])
def test_a_sku_has_its_own_family(arm: ArmClient, group: str, sku: dict[str, str]) -> None:
    assert group
    assert arm.put(POOL, KEY_VAULT, {**pool_body(), "sku": sku}).status == 400


def test_a_name_is_unique_in_the_world_whatever_its_case(arm: ArmClient, pool: Any) -> None:
    assert pool
    other = f"{SUBSCRIPTION}/resourceGroups/Other"
    arm.put(other, "2024-03-01", {"location": "westus"})
    path = f"{other}/providers/Microsoft.KeyVault/managedHSMs/AZ400POPMHSM"
    answer = arm.put(path, KEY_VAULT, pool_body())
    assert (answer.status, answer.code) == (409, "Conflict")


def test_a_firewall_changes_in_place_and_the_data_plane_hears_of_it(arm: ArmClient, pool: Any) -> None:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    answer = arm.patch(POOL, KEY_VAULT, {"properties": {"networkAcls": acls}})
    assert (answer.status, answer.body) == (202, None)
    arm.finish(answer)
    found = pools.by_name(arm.world, "az400popMHSM")
    assert found is not None
    assert found.network["networkAcls"]["defaultAction"] == "Deny"
    assert found.network["networkAcls"]["ipRules"] == [{"value": "203.0.113.10"}]
    assert pool["systemData"]["createdAt"] == arm.get(POOL, KEY_VAULT).body["systemData"]["createdAt"]


def test_a_change_of_tags_touches_nothing_else(arm: ArmClient, pool: Any) -> None:
    arm.finish(arm.patch(POOL, KEY_VAULT, {"tags": {"a": "b"}}))
    after = arm.get(POOL, KEY_VAULT).body
    assert after["tags"] == {"a": "b"}
    assert after["properties"] == pool["properties"]


def test_purge_protection_goes_on_and_never_off(arm: ArmClient, pool: Any) -> None:
    assert pool
    arm.finish(arm.patch(POOL, KEY_VAULT, {"properties": {"enablePurgeProtection": True}}))
    answer = arm.patch(POOL, KEY_VAULT, {"properties": {"enablePurgeProtection": False}})
    assert (answer.status, answer.code) == (400, "BadRequest")


def test_retention_never_changes_and_saying_nothing_is_no_change(arm: ArmClient, pool: Any) -> None:
    assert pool
    assert arm.put(POOL, KEY_VAULT, pool_body(softDeleteRetentionInDays=30)).status == 400
    arm.finish(arm.put(POOL, KEY_VAULT, pool_body(softDeleteRetentionInDays=None)))
    assert arm.get(POOL, KEY_VAULT).body["properties"]["softDeleteRetentionInDays"] == 28


def test_administrators_count_at_creation_only(arm: ArmClient, pool: Any) -> None:
    assert pool
    arm.finish(arm.put(POOL, KEY_VAULT, pool_body(initialAdminObjectIds=[USER_OBJECT_ID])))
    properties = arm.get(POOL, KEY_VAULT).body["properties"]
    assert properties["initialAdminObjectIds"] == [DEPLOYER_OBJECT_ID]


def test_a_deleted_pool_holds_its_name_and_comes_back_as_it_was(arm: ArmClient, pool: Any) -> None:
    instance = pools.by_name(arm.world, "az400popMHSM")
    arm.gone(POOL, KEY_VAULT)
    assert pools.by_name(arm.world, "az400popMHSM") is None
    deleted = arm.get(DELETED, KEY_VAULT).body
    assert deleted["properties"]["mhsmId"] == POOL
    assert deleted["properties"]["purgeProtectionEnabled"] is False
    answer = arm.put(POOL, KEY_VAULT, pool_body())
    assert (answer.status, answer.code) == (409, "Conflict")
    back = arm.made(POOL, KEY_VAULT, {"location": "eastus2", "properties": {"createMode": "recover"}})
    assert back["properties"] == pool["properties"]
    assert back["sku"] == pool["sku"]
    again = pools.by_name(arm.world, "az400popMHSM")
    assert instance is not None
    assert again is not None
    assert again.instance_id == instance.instance_id
    assert arm.get(DELETED, KEY_VAULT).status == 404


def test_a_purged_pool_frees_its_name(arm: ArmClient, pool: Any) -> None:
    assert pool
    arm.gone(POOL, KEY_VAULT)
    answer = arm.post(f"{DELETED}/purge", KEY_VAULT)
    assert answer.status == 202
    assert arm.finish(answer).status == 200
    assert arm.get(DELETED, KEY_VAULT).status == 404
    path = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkMhsmNameAvailability"
    assert arm.post(path, KEY_VAULT, {"name": "az400popMHSM"}).body == {"nameAvailable": True}
    assert arm.made(POOL, KEY_VAULT, pool_body())


def test_a_protected_pool_is_not_purged_before_its_time(arm: ArmClient, group: str) -> None:
    assert group
    arm.made(POOL, KEY_VAULT, pool_body(enablePurgeProtection=True))
    arm.gone(POOL, KEY_VAULT)
    answer = arm.post(f"{DELETED}/purge", KEY_VAULT)
    assert (answer.status, answer.code) == (405, "MethodNotAllowed")
    arm.world.clock.move(timedelta(days=28, minutes=1))
    arm = ArmClient(arm.world)
    assert arm.get(DELETED, KEY_VAULT).status == 404


def test_deleting_the_group_soft_deletes_the_pool(arm: ArmClient, pool: Any) -> None:
    assert pool
    assert arm.finish(arm.delete(GROUP, "2024-03-01")).status == 200
    listed = arm.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedManagedHSMs", KEY_VAULT).body["value"]
    assert [each["name"] for each in listed] == ["az400popMHSM"]


def test_what_recovers_must_have_been_deleted(arm: ArmClient, group: str) -> None:
    assert group
    answer = arm.put(POOL, KEY_VAULT, {"location": "eastus2", "properties": {"createMode": "recover"}})
    assert answer.status == 404


def test_pools_are_listed_by_group_and_by_subscription(arm: ArmClient, pool: Any) -> None:
    assert pool
    for scope in (GROUP, SUBSCRIPTION):
        answer = arm.get(f"{scope}/providers/Microsoft.KeyVault/managedHSMs", KEY_VAULT)
        assert [each["name"] for each in answer.body["value"]] == ["az400popMHSM"]


def test_a_provider_that_is_not_registered_makes_nothing(arm: ArmClient, group: str) -> None:
    provider = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault"
    arm.post(f"{provider}/unregister", "2022-09-01")
    answer = arm.put(POOL, KEY_VAULT, pool_body())
    assert (answer.status, answer.code) == (409, "MissingSubscriptionRegistration")
    registered = arm.post(f"{provider}/register", "2022-09-01").body
    assert registered["registrationState"] == "Registered"
    assert arm.made(POOL, KEY_VAULT, pool_body())
    assert group


@given(st.ip_addresses(v=4))
def test_an_address_is_public_or_refused(address: Any) -> None:
    try:
        found = network(str(address), "rule")
    except Invalid:
        assert not address.is_global or address.is_multicast
    else:
        assert address in found
