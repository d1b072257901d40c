"""Microsoft.KeyVault/managedHSMs.

Fields and limits: the REST description ``managedHsm.json`` (2024-11-01) and the page "Managed HSM overview"; the course
of a creation: exchanges with the real service that are recorded in azure-cli's tests.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from local_azure.arm import api_versions, errors, identity, ids
from local_azure.arm.ip_rules import network as ip_network
from local_azure.arm.providers import managed_hsm_regions
from local_azure.arm.providers.managed_hsm_life import DELETED, RESULTS
from local_azure.arm.providers.private_link import connections_of, disconnect_all
from local_azure.arm.resource_type import Arm, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRINGS, Field, Invalid, array, choice, obj
from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import JsonObject
from local_azure.core.world import TENANT_ID
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.backups.jobs import is_restoring

TYPE = "Microsoft.KeyVault/managedHSMs"
MAXIMUM_IP_RULES = 10
PURGE_PROTECTION_WHERE_NOTHING_IS_SAID = False
"""The REST description says true; the live service answers false (azure-cli's recordings of 2021 and of 2025 with
api-version 2024-11-01), and the walkthrough's pool, made without the property, let keys be purged."""
_FAMILIES = {
    "Standard_B1": "B",
    "Custom_B32": "B",
    "Custom_B6": "B",
    "Custom_C42": "C",
    "Custom_C10": "C",
}
_ACTIVATION = {
    pools.NOT_ACTIVATED: "Your HSM has been provisioned, but cannot be used for cryptographic operations until it is "
    "activated. To activate the HSM, download the security domain.",
    pools.ACTIVE: "Your HSM is active and can be used for cryptographic operations.",
    pools.FAILED: "The activation of your HSM has failed.",
}
_CREATING = "Resource creation in progress. Allocating hardware..."
_READY = "The Managed HSM is provisioned and ready to use."

_NETWORK_ACLS = obj(
    default={},
    bypass=choice("AzureServices", "None", default="AzureServices"),
    defaultAction=choice("Allow", "Deny", default="Allow"),
    ipRules=array(obj(value=Field(required=True)), default=[]),
    serviceTags=array(obj(tag=Field(required=True))),
    virtualNetworkRules=array(obj(id=Field(required=True)), default=[]),
)
_PROPERTIES = {
    "tenantId": Field(immutable=True),
    "initialAdminObjectIds": STRINGS,
    "hsmUri": READ_ONLY,
    "enableSoftDelete": Field("boolean", default=True),
    "softDeleteRetentionInDays": Field("integer", default=90, minimum=7, maximum=90, immutable=True),
    "enablePurgeProtection": Field("boolean", default=PURGE_PROTECTION_WHERE_NOTHING_IS_SAID),
    "createMode": choice("default", "recover"),
    "statusMessage": READ_ONLY,
    "provisioningState": READ_ONLY,
    "networkAcls": _NETWORK_ACLS,
    "regions": managed_hsm_regions.REGIONS,
    "privateEndpointConnections": READ_ONLY,
    "publicNetworkAccess": choice("Enabled", "Disabled", default="Enabled"),
    "scheduledPurgeDate": READ_ONLY,
    "securityDomainProperties": READ_ONLY,
}


def _prepare(change: Change) -> None:
    """Everything that the schema cannot tell."""
    recovering = change.properties.pop("createMode", None) == "recover"
    if change.existing is None and recovering:
        _recover(change)
    elif change.existing is None:
        _prepare_new(change)
    else:
        _prepare_update(change, change.existing)
    try:
        _check_sku(change.stored.resource.get("sku"))
        _check_network(change.properties)
    except Invalid as problem:
        raise errors.bad_request("BadRequest", problem.message) from None
    identity.prepare(change, system_assigned=False)
    change.properties["hsmUri"] = f"https://{change.id.name.lower()}.managedhsm.azure.net/"
    managed_hsm_regions.prepare(change)


def _prepare_new(change: Change) -> None:
    taken = pools.by_name(change.arm.world, change.id.name) is not None or any(
        each.name.lower() == change.id.name.lower() for each in change.arm.resources.of_type(TYPE)
    )
    if taken:
        raise errors.conflict(
            "Conflict",
            f"The managed HSM name '{change.id.name}' is already in use: names are unique in the world.",
        )
    if DELETED.by_name(change.arm, change.id.name) is not None:
        raise errors.conflict(
            "Conflict",
            f"A managed HSM with the name '{change.id.name}' exists in deleted state. Recover it or purge it before "
            "you use the name again.",
        )
    administrators = change.properties.get("initialAdminObjectIds", [])
    if not administrators:
        raise _bad("The property 'initialAdminObjectIds' must name at least one administrator.")
    for administrator in administrators:
        if not _is_guid(administrator):
            raise _bad(f"The value '{administrator}' in 'initialAdminObjectIds' is not an object id.")
    if "sku" not in change.stored.resource:
        raise _bad("The property 'sku' is required.")
    if change.properties.get("tenantId", "").lower() != TENANT_ID:
        raise _bad("The property 'tenantId' must be the id of the subscription's tenant.")
    if not change.properties["enableSoftDelete"]:
        raise _bad("The property 'enableSoftDelete' cannot be set to false: soft delete is always on.")
    change.properties["statusMessage"] = _CREATING


def _prepare_update(change: Change, existing: Stored) -> None:
    old = existing.properties
    if old["enablePurgeProtection"] and not change.properties["enablePurgeProtection"]:
        raise _bad(
            "The property 'enablePurgeProtection' cannot be set to false. Enabling purge protection is irreversible."
        )
    if not change.properties["enableSoftDelete"]:
        raise _bad("The property 'enableSoftDelete' cannot be set to false: soft delete is always on.")
    sku = change.stored.resource.setdefault("sku", existing.resource["sku"])
    if sku != existing.resource["sku"]:
        raise _bad("The property 'sku' cannot be changed.")
    # They count at creation only: whatever an update says of them, the pool keeps those it was born with.
    change.properties["initialAdminObjectIds"] = old["initialAdminObjectIds"]


def _recover(change: Change) -> None:
    deleted = DELETED.by_name(change.arm, change.id.name)
    if deleted is None or not ids.same(deleted.properties["mhsmId"], change.stored.id):
        raise errors.not_found("ResourceNotFound", f"There is no deleted managed HSM '{change.stored.id}' to recover.")
    found = DELETED.dig_up(change.arm, deleted)
    change.stored.resource = {**found.resource, "systemData": change.stored.resource["systemData"]}
    change.stored.hidden = {**found.hidden, "recovering": True}


def _check_sku(sku: JsonObject | None) -> None:
    if sku is not None and _FAMILIES[sku["name"]] != sku["family"]:
        raise Invalid("sku", f"The SKU '{sku['name']}' is of family {_FAMILIES[sku['name']]}, not {sku['family']}.")


def _check_network(properties: JsonObject) -> None:
    acls = properties["networkAcls"]
    rules = acls["ipRules"]
    if acls["virtualNetworkRules"]:
        raise Invalid("networkAcls", "Virtual network rules are not supported for managed HSMs.")
    if acls.get("serviceTags"):
        raise NotPlayed("service tags in the firewall of a managed HSM (properties.networkAcls.serviceTags)")
    if len(rules) > MAXIMUM_IP_RULES:
        raise Invalid("networkAcls", f"At most {MAXIMUM_IP_RULES} IP rules are allowed, not {len(rules)}.")
    if rules and acls["defaultAction"] != "Deny":
        raise Invalid("networkAcls", "IP rules are allowed only where 'defaultAction' is 'Deny'.")
    for rule in rules:
        ip_network(rule["value"], "networkAcls.ipRules")


def _finished(arm: Arm, stored: Stored) -> None:
    """The data plane follows: a new pool, a recovered one, or new settings."""
    stored.properties["statusMessage"] = _READY
    if stored.hidden.pop("recovering", False):
        pools.recover(arm.world, stored.name)
    network = {name: stored.properties[name] for name in ("publicNetworkAccess", "networkAcls")}
    pool = pools.by_name(arm.world, stored.name)
    if pool is not None:
        protected = bool(stored.properties["enablePurgeProtection"])
        pools.update(arm.world, pool, network=network, purge_protection=protected)
        return
    made = pools.new_pool(
        arm.world,
        name=stored.name,
        arm_id=stored.id,
        location=stored.location,
        tenant_id=TENANT_ID,
        initial_administrators=list(stored.properties["initialAdminObjectIds"]),
        retention_days=int(stored.properties["softDeleteRetentionInDays"]),
        purge_protection=bool(stored.properties["enablePurgeProtection"]),
        network=network,
    )
    pools.create(arm.world, replace(made, created_at=stored.resource["systemData"]["createdAt"]))


def _deleted(arm: Arm, stored: Stored) -> None:
    disconnect_all(arm, stored.id)
    if pools.by_name(arm.world, stored.name) is None:
        return
    pools.soft_delete(arm.world, stored.name)
    DELETED.bury(arm, stored)


def _present(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del api_version
    pool = pools.by_name(arm.world, stored.name)
    status = pools.NOT_ACTIVATED if pool is None else pool.activation_status
    properties = {
        **stored.properties,
        "securityDomainProperties": {
            "activationStatus": status,
            "activationStatusMessage": _ACTIVATION.get(status, ""),
        },
    }
    if pool is not None and is_restoring(arm.world, pool):
        properties["provisioningState"] = "Restoring"
    connections = connections_of(arm, stored.id)
    if connections:
        properties["privateEndpointConnections"] = connections
    return {**stored.resource, "properties": properties}


def _bad(message: str) -> ServiceError:
    return errors.bad_request("BadRequest", message)


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


_WRITE = LongRunning(
    figure="managed_hsm.create",
    update_figure="managed_hsm.update",
    poll=Poll.LOCATION,
    status=202,
    update_status=202,
    body="none",
    state="Provisioning",
    update_state="Updating",
    results=RESULTS,
)
TYPES = (
    ResourceType(
        name=TYPE,
        api_versions=api_versions.KEY_VAULT,
        properties=_PROPERTIES,
        envelope={
            "sku": obj(
                family=choice("B", "C", required=True),
                name=choice(*_FAMILIES, required=True),
            ),
            "identity": identity.IDENTITY,
        },
        name_pattern=r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]",
        name_advice="It has 3 to 24 letters, digits and hyphens, begins with a letter and ends with a letter or digit.",
        name_error="BadRequest",
        write=_WRITE,
        delete=replace(_WRITE, figure="managed_hsm.delete"),
        system_data=True,
        delete_rank=40,
        prepare=_prepare,
        finished=_finished,
        check_delete=managed_hsm_regions.check_delete,
        deleted=_deleted,
        present=_present,
        invalid_code="BadRequest",
        changed_error=lambda path: _bad(f"The property '{path.removeprefix('properties.')}' cannot be changed."),
    ),
)
