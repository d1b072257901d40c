"""Private endpoint connections, as the resource at the other end sees them: managed HSMs and vaults.

Shapes: the REST description of Microsoft.KeyVault, and an exchange with the real service recorded in azure-cli's tests
(``test_hsm_private_endpoint_connection``): lists inside of a pool have no names, ETags are 32 hexadecimal digits.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from local_azure.arm import api_versions, errors, ids, lists
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, choice, obj
from local_azure.core.http import JsonObject, Response

PENDING, APPROVED, REJECTED, DISCONNECTED = "Pending", "Approved", "Rejected", "Disconnected"
HSM_CONNECTIONS = "Microsoft.KeyVault/managedHSMs/privateEndpointConnections"
VAULT_CONNECTIONS = "Microsoft.KeyVault/vaults/privateEndpointConnections"
_TARGETS = {
    "microsoft.keyvault/managedhsms": (
        "managedhsm",
        "privatelink.managedhsm.azure.net",
        "Microsoft.KeyVault/managedHSMs",
    ),
    "microsoft.keyvault/vaults": ("vault", "privatelink.vaultcore.azure.net", "Microsoft.KeyVault/vaults"),
}
"""Group id, zone name and type by type in lower case."""


def group_of_target(target_id: str) -> tuple[str, str] | None:
    """Group id and zone name of a resource that private endpoints can lead to; None for any other."""
    parsed = ids.parse(target_id)
    found = _TARGETS.get(parsed.type.lower()) if parsed is not None else None
    return None if found is None else (found[0], found[1])


def connect(arm: Arm, target: Stored, endpoint_id: str, name: str, state: JsonObject) -> str:
    """Registers a connection with the target and answers the connection's id."""
    connection_id = f"{target.id}/privateEndpointConnections/{name}"
    stored = Stored(
        {
            "id": connection_id,
            "name": name,
            "type": f"{target.resource['type']}/privateEndpointConnections",
            "location": target.location,
            "etag": uuid.uuid4().hex,
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": {"id": endpoint_id},
                "privateLinkServiceConnectionState": state,
            },
        }
    )
    arm.resources.put(stored)
    return connection_id


def connections_of(arm: Arm, target_id: str) -> list[JsonObject]:
    """The connections of a target as the target itself shows them."""
    return [
        {name: stored.resource[name] for name in ("id", "etag", "properties")}
        for type_name in (HSM_CONNECTIONS, VAULT_CONNECTIONS)
        for stored in arm.resources.of_type(type_name, target_id)
    ]


def disconnect_all(arm: Arm, target_id: str) -> None:
    """The target has gone: its private endpoints stay, disconnected."""
    for endpoint in arm.resources.of_type("Microsoft.Network/privateEndpoints"):
        _set_state(arm, endpoint, lambda connection: ids.same(connection.get("privateLinkServiceId"), target_id))


def _set_state(arm: Arm, endpoint: Stored, concerns: Callable[[JsonObject], bool]) -> None:
    for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in endpoint.properties.get(kind, []):
            if concerns(connection["properties"]):
                connection["properties"]["privateLinkServiceConnectionState"] = {
                    "status": DISCONNECTED,
                    "description": "The resource at the other end has been deleted.",
                    "actionsRequired": "None",
                }
    arm.resources.put(endpoint)


def _prepare(change: Change) -> None:
    """Approval and rejection by the owner of the target."""
    if change.existing is None:
        raise errors.not_found(
            "PrivateEndpointConnectionNotFound", f"The private endpoint connection '{change.id.name}' was not found."
        )
    old = change.existing.properties["privateLinkServiceConnectionState"]
    new = change.properties.get("privateLinkServiceConnectionState", {})
    state = {"actionsRequired": "None", "description": "", **old, **new}
    if old["status"] == DISCONNECTED or (old["status"] == REJECTED and state["status"] == APPROVED):
        raise errors.conflict(
            "Conflict", f"A connection that is {old['status']} cannot become {state['status']}; make the endpoint anew."
        )
    change.properties["privateLinkServiceConnectionState"] = state
    change.properties["privateEndpoint"] = change.existing.properties["privateEndpoint"]
    change.stored.resource["location"] = change.existing.location
    change.stored.resource["etag"] = uuid.uuid4().hex


def _written(arm: Arm, stored: Stored) -> None:
    """The endpoint shows the new state."""
    endpoint = arm.find(stored.properties["privateEndpoint"]["id"])
    if endpoint is None:
        return
    target = str(stored.id).rpartition("/privateEndpointConnections/")[0]
    for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in endpoint.properties.get(kind, []):
            if ids.same(connection["properties"]["privateLinkServiceId"], target):
                state = stored.properties["privateLinkServiceConnectionState"]
                connection["properties"]["privateLinkServiceConnectionState"] = state
    arm.resources.put(endpoint)


def _deleted(arm: Arm, stored: Stored) -> None:
    endpoint = arm.find(stored.properties["privateEndpoint"]["id"])
    if endpoint is not None:
        target = str(stored.id).rpartition("/privateEndpointConnections/")[0]
        _set_state(arm, endpoint, lambda connection: ids.same(connection["privateLinkServiceId"], target))


def _list_resources(arm_request: ArmRequest) -> Response:
    """``privateLinkResources``: the group ids that an endpoint can ask for."""
    target_id = arm_request.request.path.rpartition("/")[0]
    target = arm_request.arm.find(target_id)
    found = group_of_target(target_id)
    if target is None or found is None:
        raise errors.not_found("ResourceNotFound", f"The resource '{target_id}' was not found.")
    group, zone = found
    return lists.page(
        arm_request.request,
        [
            {
                "id": f"{target.id}/privateLinkResources/{group}",
                "name": group,
                "type": f"{target.resource['type']}/privateLinkResources",
                "properties": {"groupId": group, "requiredMembers": ["default"], "requiredZoneNames": [zone]},
            }
        ],
    )


def _connection_type(name: str) -> ResourceType:
    return ResourceType(
        name=name,
        api_versions=api_versions.KEY_VAULT,
        properties={
            "provisioningState": READ_ONLY,
            "privateEndpoint": READ_ONLY,
            "groupIds": READ_ONLY,
            "privateLinkServiceConnectionState": obj(
                status=choice(PENDING, APPROVED, REJECTED, DISCONNECTED, required=True),
                description=STRING,
                actionsRequired=STRING,
            ),
        },
        envelope={"location": READ_ONLY, "tags": READ_ONLY, "sku": READ_ONLY},
        tracked=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete=LongRunning(
            figure="resource.delete",
            poll=Poll.LOCATION,
            status=202,
            body="none",
            results="/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/operationResults/{operation}",
        ),
        delete_rank=30,
        prepare=_prepare,
        written=_written,
        deleted=_deleted,
        invalid_code="BadRequest",
    )


TYPES = (_connection_type(HSM_CONNECTIONS), _connection_type(VAULT_CONNECTIONS))

_IN_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers"
ROUTES = tuple(
    ArmRoute(
        "GET",
        f"{_IN_GROUP}/{type_name}/{{name}}/privateLinkResources",
        _list_resources,
        api_versions.KEY_VAULT,
        f"{type_name}/privateLinkResources/read",
        f"{_IN_GROUP}/{type_name}/{{name}}",
    )
    for _, _, type_name in _TARGETS.values()
)
