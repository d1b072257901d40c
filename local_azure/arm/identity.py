"""The ``identity`` of a resource: system-assigned, user-assigned, or both ("What are managed identities")."""

from __future__ import annotations

from local_azure.arm import ids, rbac
from local_azure.arm.errors import bad_request
from local_azure.arm.resource_type import Arm, Change
from local_azure.arm.resources import Stored
from local_azure.arm.schema import Field, choice
from local_azure.core.http import JsonObject
from local_azure.core.world import TENANT_ID
from local_azure.entra import directory

USER_ASSIGNED = "Microsoft.ManagedIdentity/userAssignedIdentities"
_SYSTEM, _USER, _BOTH, _NONE = "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"

IDENTITY = Field(
    "object",
    fields={
        "type": choice(_NONE, _SYSTEM, _USER, _BOTH, "SystemAssigned,UserAssigned", required=True),
        "userAssignedIdentities": Field("map", items=Field("any")),
        "principalId": Field(read_only=True),
        "tenantId": Field(read_only=True),
    },
)


def prepare(change: Change, *, system_assigned: bool = True) -> None:
    """Checks the identities that a resource is given; makes and removes its system-assigned one."""
    wanted: JsonObject = change.stored.resource.get("identity", {"type": _NONE})
    kind = wanted["type"].replace(",", ", ").replace("  ", " ")
    if _SYSTEM in kind and not system_assigned:
        raise bad_request("BadRequest", "A system-assigned identity is not supported for this resource.")
    assigned: JsonObject = wanted.get("userAssignedIdentities") or {}
    if (_USER in kind) != bool(assigned):
        raise bad_request(
            "InvalidRequestContent",
            f"An identity of type '{kind}' does not go with {len(assigned)} userAssignedIdentities.",
        )
    identity: JsonObject = {"type": kind}
    identity |= _system_assigned(change, _SYSTEM in kind)
    if assigned:
        identity["userAssignedIdentities"] = {each: _described(change, each) for each in assigned}
    if kind == _NONE:
        change.stored.resource.pop("identity", None)
    else:
        change.stored.resource["identity"] = identity


def remove(arm: Arm, stored: Stored) -> None:
    """The system-assigned identity goes with its resource; user-assigned ones stay."""
    principal = stored.hidden.pop("principal_id", None)
    if principal is not None:
        directory.delete_principal(arm.world, principal)


def _system_assigned(change: Change, wanted: bool) -> JsonObject:
    hidden = change.stored.hidden
    if not wanted:
        remove(change.arm, change.stored)
        return {}
    if "principal_id" not in hidden:
        made = directory.create_managed_identity(
            change.arm.world, display_name=change.id.name, resource_id=change.stored.id
        )
        hidden["principal_id"] = made.object_id
    return {"principalId": hidden["principal_id"], "tenantId": TENANT_ID}


def _described(change: Change, identity_id: str) -> JsonObject:
    found = change.arm.find(identity_id) if _is_user_assigned(identity_id) else None
    if found is None:
        raise bad_request(
            "FailedIdentityOperation",
            f"Identity operation for resource '{change.stored.id}' failed with error 'The resource {identity_id} was "
            "not found.'",
        )
    rbac.require_linked(
        change.arm.resources, change.caller, f"{USER_ASSIGNED}/assign/action", change.stored.id, found.id
    )
    return {"principalId": found.properties["principalId"], "clientId": found.properties["clientId"]}


def _is_user_assigned(identity_id: str) -> bool:
    parsed = ids.parse(identity_id)
    return parsed is not None and not parsed.is_collection and parsed.type.lower() == USER_ASSIGNED.lower()
