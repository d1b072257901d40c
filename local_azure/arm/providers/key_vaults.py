"""Microsoft.KeyVault/vaults: access policies or RBAC, soft delete, firewall.

Fields and rules: the REST description ``keyvault.json`` (2024-11-01) and "Azure Key Vault soft-delete overview".
"""

from __future__ import annotations

from local_azure.arm import api_versions, errors
from local_azure.arm.ip_rules import network as ip_network
from local_azure.arm.providers.access_policies import ACCESS_POLICY, check_policies
from local_azure.arm.providers.private_link import connections_of, disconnect_all
from local_azure.arm.providers.vault_life import DELETED, VAULT
from local_azure.arm.resource_type import Arm, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, Field, Invalid, array, choice, obj
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject
from local_azure.core.world import TENANT_ID
from local_azure.key_vault.state import SecretStore

_PROPERTIES = {
    "tenantId": Field(required=True),
    "sku": obj(required=True, family=choice("A", required=True), name=choice("standard", "premium", required=True)),
    "accessPolicies": array(ACCESS_POLICY),
    "vaultUri": STRING,
    "hsmPoolResourceId": READ_ONLY,
    "enabledForDeployment": Field("boolean", default=False),
    "enabledForDiskEncryption": Field("boolean"),
    "enabledForTemplateDeployment": Field("boolean"),
    "enableSoftDelete": Field("boolean", default=True),
    "softDeleteRetentionInDays": Field("integer", default=90, minimum=7, maximum=90, immutable=True),
    "enableRbacAuthorization": Field("boolean", default=False),
    "createMode": choice("default", "recover"),
    "enablePurgeProtection": Field("boolean"),
    "networkAcls": obj(
        bypass=choice("AzureServices", "None", default="AzureServices"),
        defaultAction=choice("Allow", "Deny", default="Allow"),
        ipRules=array(obj(value=Field(required=True)), default=[]),
        virtualNetworkRules=array(
            obj(id=Field(required=True), ignoreMissingVnetServiceEndpoint=Field("boolean")), default=[]
        ),
    ),
    "provisioningState": READ_ONLY,
    "privateEndpointConnections": READ_ONLY,
    "publicNetworkAccess": Field(default="Enabled"),
}


def _prepare(change: Change) -> None:
    recovering = change.properties.pop("createMode", None) == "recover"
    if change.existing is None and recovering:
        _recover(change)
    elif change.existing is None:
        _refuse_taken_name(change)
    if change.properties["tenantId"].lower() != TENANT_ID:
        raise _bad("The property 'tenantId' must be the id of the subscription's tenant.")
    if not change.properties["enableSoftDelete"]:
        raise _bad("The property 'enableSoftDelete' cannot be set to false: soft delete is always on.")
    _check_purge_protection(change)
    if not change.properties["enableRbacAuthorization"] and "accessPolicies" not in change.properties:
        raise _bad("The property 'accessPolicies' is required unless 'enableRbacAuthorization' is true.")
    change.properties.setdefault("accessPolicies", [])
    check_policies(change.properties["accessPolicies"])
    for rule in change.properties.get("networkAcls", {}).get("ipRules", []):
        try:
            rule["value"] = str(ip_network(rule["value"], "networkAcls.ipRules"))
        except Invalid as problem:
            raise _bad(problem.message) from None
    change.properties["vaultUri"] = f"https://{change.id.name.lower()}.vault.azure.net/"


def _refuse_taken_name(change: Change) -> None:
    if any(each.name.lower() == change.id.name.lower() for each in change.arm.resources.of_type(VAULT)):
        raise errors.conflict(
            "VaultAlreadyExists",
            f"The vault name '{change.id.name}' is already in use. Vault names are globally unique.",
        )
    if DELETED.by_name(change.arm, change.id.name) is not None:
        raise errors.conflict(
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing "
            "key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft "
            "delete.",
        )


def _recover(change: Change) -> None:
    deleted = DELETED.by_name(change.arm, change.id.name)
    if deleted is None or deleted.properties["vaultId"].lower() != change.stored.id.lower():
        raise errors.not_found("VaultNotFound", f"There is no deleted vault '{change.id.name}' to recover.")
    found = DELETED.dig_up(change.arm, deleted)
    change.stored.resource = {**found.resource, "systemData": change.stored.resource["systemData"]}
    change.stored.hidden = found.hidden


def _check_purge_protection(change: Change) -> None:
    before = change.existing is not None and change.existing.properties.get("enablePurgeProtection", False)
    if before and not change.properties.get("enablePurgeProtection", True):
        raise _bad(
            "The property 'enablePurgeProtection' cannot be set to false. Enabling the purge protection for a vault is "
            "an irreversible action."
        )
    if before:
        change.properties["enablePurgeProtection"] = True
    elif change.properties.get("enablePurgeProtection") is False and change.existing is None:
        raise _bad(
            "The property 'enablePurgeProtection' cannot be set to false. Leave it out where the vault shall not be "
            "protected."
        )


def _written(arm: Arm, stored: Stored) -> None:
    SecretStore(arm.world, stored.id).show_all()


def _deleted(arm: Arm, stored: Stored) -> None:
    disconnect_all(arm, stored.id)
    DELETED.bury(arm, stored)


def _present(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del api_version
    connections = connections_of(arm, stored.id)
    if not connections:
        return stored.resource
    return {**stored.resource, "properties": {**stored.properties, "privateEndpointConnections": connections}}


def _bad(message: str) -> ServiceError:
    return errors.bad_request("BadRequest", message)


TYPES = (
    ResourceType(
        name=VAULT,
        api_versions=api_versions.KEY_VAULT,
        properties=_PROPERTIES,
        name_pattern=r"(?!.*--)[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]",
        name_advice="It has 3 to 24 letters, digits and single hyphens, begins with a letter and ends with a letter or "
        "digit.",
        name_error="VaultNameNotValid",
        write=LongRunning(
            figure="vault.create",
            update_figure="resource.create",
            poll=Poll.BODY,
            status=200,
            state="RegisteringDns",
            update_state="Succeeded",
        ),
        system_data=True,
        delete_rank=41,
        prepare=_prepare,
        written=_written,
        deleted=_deleted,
        present=_present,
        invalid_code="BadRequest",
        changed_error=lambda path: _bad(f"The property '{path.removeprefix('properties.')}' cannot be changed."),
    ),
)
