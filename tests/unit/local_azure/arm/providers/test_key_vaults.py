"""Vaults and the secrets that come through ARM."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID, USER_OBJECT_ID
from tests.unit.local_azure.arm.support import GROUP, KEY_VAULT, SUBSCRIPTION, ArmClient

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contosomivault"
DELETED = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedVaults/contosomivault"
SECRET = f"{VAULT}/secrets/greeting"


def policy(object_id: str, *secrets: str) -> dict[str, Any]:
    return {"tenantId": TENANT_ID, "objectId": object_id, "permissions": {"secrets": list(secrets)}}


def vault_body(**properties: Any) -> dict[str, Any]:
    wanted = {
        "tenantId": TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [policy(DEPLOYER_OBJECT_ID, "get", "list")],
        **properties,
    }
    return {
        "location": "eastus2",
        "properties": {name: value for name, value in wanted.items() if value is not None},
    }


@pytest.fixture
def vault(arm: ArmClient, group: str) -> Any:
    """A vault with an access policy."""
    del group
    return arm.made(VAULT, KEY_VAULT, vault_body())


def test_a_vault_has_a_uri_and_the_defaults_of_the_service(vault: Any) -> None:
    properties = vault["properties"]
    assert properties["vaultUri"] == "https://contosomivault.vault.azure.net/"
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties["enableSoftDelete"] is True
    assert "enablePurgeProtection" not in properties
    assert properties["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    "properties",
    [
        {"accessPolicies": None},
        {"tenantId": None},
        {"sku": None},
        {"sku": {"family": "A", "name": "gold"}},
        {"enableSoftDelete": False},
        {"enablePurgeProtection": False},
        {"softDeleteRetentionInDays": 5},
        {"accessPolicies": [policy(USER_OBJECT_ID, "get"), policy(USER_OBJECT_ID, "list")]},
        {"accessPolicies": [policy(USER_OBJECT_ID, "whisper")]},
        {"networkAcls": {"ipRules": [{"value": "192.168.0.1"}]}},
    ],
)
def test_a_wrong_property_is_refused(arm: ArmClient, group: str, properties: dict[str, Any]) -> None:
    assert group
    answer = arm.put(VAULT, KEY_VAULT, vault_body(**properties))
    assert (answer.status, answer.code) == (400, "BadRequest")


@pytest.mark.parametrize("name", ["ab", "1vault", "vault-", "va--ult", "a" * 25])
def test_a_wrong_name_is_refused(arm: ArmClient, group: str, name: str) -> None:
    path = f"{group}/providers/Microsoft.KeyVault/vaults/{name}"
    assert arm.put(path, KEY_VAULT, vault_body()).code == "VaultNameNotValid"


def test_a_vault_with_rbac_needs_no_policies(arm: ArmClient, group: str) -> None:
    assert group
    made = arm.made(VAULT, KEY_VAULT, vault_body(accessPolicies=None, enableRbacAuthorization=True))
    assert made["properties"]["accessPolicies"] == []


def test_policies_are_added_replaced_and_removed_one_by_one(arm: ArmClient, vault: Any) -> None:
    assert vault

    def change(operation: str, *policies: dict[str, Any]) -> Any:
        body = {"properties": {"accessPolicies": list(policies)}}
        answer = arm.put(f"{VAULT}/accessPolicies/{operation}", KEY_VAULT, body)
        return {
            each["objectId"]: each["permissions"]["secrets"] for each in answer.body["properties"]["accessPolicies"]
        }

    assert change("add", policy(USER_OBJECT_ID, "get"))[USER_OBJECT_ID] == ["get"]
    assert change("add", policy(USER_OBJECT_ID, "list"))[USER_OBJECT_ID] == ["get", "list"]
    assert change("replace", policy(USER_OBJECT_ID, "set"))[USER_OBJECT_ID] == ["set"]
    assert set(change("remove", policy(USER_OBJECT_ID))) == {DEPLOYER_OBJECT_ID}


def test_a_deleted_vault_holds_its_name_and_comes_back(arm: ArmClient, vault: Any) -> None:
    assert arm.delete(VAULT, KEY_VAULT).status == 200
    assert arm.get(DELETED, KEY_VAULT).body["properties"]["vaultId"] == VAULT
    assert arm.put(VAULT, KEY_VAULT, vault_body()).code == "ConflictError"
    back = arm.made(VAULT, KEY_VAULT, vault_body(createMode="recover"))
    assert back["properties"] == vault["properties"]


def test_a_purged_vault_frees_its_name_and_forgets_its_secrets(arm: ArmClient, vault: Any) -> None:
    assert vault
    arm.put(SECRET, KEY_VAULT, {"properties": {"value": "hello"}})
    arm.delete(VAULT, KEY_VAULT)
    assert arm.finish(arm.post(f"{DELETED}/purge", KEY_VAULT)).status == 200
    path = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkNameAvailability"
    body = {"name": "contosomivault", "type": "Microsoft.KeyVault/vaults"}
    assert arm.post(path, KEY_VAULT, body).body == {"nameAvailable": True}
    arm.made(VAULT, KEY_VAULT, vault_body())
    assert arm.get(SECRET, KEY_VAULT).status == 404


def test_purge_protection_stays_and_forbids_the_purge(arm: ArmClient, vault: Any) -> None:
    assert vault
    arm.made(VAULT, KEY_VAULT, vault_body(enablePurgeProtection=True))
    assert arm.put(VAULT, KEY_VAULT, vault_body(enablePurgeProtection=False)).status == 400
    arm.delete(VAULT, KEY_VAULT)
    assert arm.post(f"{DELETED}/purge", KEY_VAULT).status == 405


def test_a_secret_is_written_and_its_value_never_shown(arm: ArmClient, vault: Any) -> None:
    assert vault
    made = arm.put(SECRET, KEY_VAULT, {"properties": {"value": "hello", "contentType": "text/plain"}})
    assert made.status == 201
    assert "value" not in made.body["properties"]
    assert made.body["properties"]["secretUri"] == "https://contosomivault.vault.azure.net/secrets/greeting"
    assert "hello" not in str(arm.get(SECRET, KEY_VAULT).body)


def test_a_secret_needs_a_value_and_is_not_deleted_through_arm(arm: ArmClient, vault: Any) -> None:
    assert vault
    assert arm.put(SECRET, KEY_VAULT, {"properties": {}}).status == 400
    arm.put(SECRET, KEY_VAULT, {"properties": {"value": "hello"}})
    assert arm.delete(SECRET, KEY_VAULT).status == 405


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": {}},
        {"properties": {"accessPolicies": [{"objectId": USER_OBJECT_ID}]}},
        {"properties": {"accessPolicies": [policy(USER_OBJECT_ID, "everything")]}},
        {"properties": {"accessPolicies": [{**policy(USER_OBJECT_ID), "tenantId": USER_OBJECT_ID}]}},
        {"properties": {"accessPolicies": [policy(USER_OBJECT_ID), policy(USER_OBJECT_ID)]}},
    ],
)
def test_policies_that_no_vault_takes_are_refused_one_by_one_too(arm: ArmClient, vault: Any, body: Any) -> None:
    assert vault
    for operation in ("add", "replace", "remove"):
        answer = arm.put(f"{VAULT}/accessPolicies/{operation}", KEY_VAULT, body)
        assert (answer.status, answer.code) == (400, "BadRequest")
    assert arm.get(VAULT, KEY_VAULT).body["properties"]["accessPolicies"] == [policy(DEPLOYER_OBJECT_ID, "get", "list")]
