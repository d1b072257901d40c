"""Delete, the same for every resource type; what differs is in its declaration."""

from __future__ import annotations

from local_azure.arm import errors, ids, locks, operations, rbac
from local_azure.arm.ids import ResourceId
from local_azure.arm.reading import check_conditions, require_group
from local_azure.arm.resource_type import Arm, ArmRequest, ResourceType
from local_azure.arm.resources import Stored
from local_azure.core.http import JsonObject, Response, json_response


def delete(arm_request: ArmRequest, kind: ResourceType, resource: ResourceId) -> Response:
    """DELETE: 204 where there is nothing to delete."""
    arm, request = arm_request.arm, arm_request.request
    rbac.require(arm.resources, arm_request.caller, f"{kind.name}/delete", str(resource))
    stored = arm.find(str(resource))
    if stored is None:
        require_group(arm, resource)
        return Response(204)
    if ids.type_of(stored.id).lower() != locks.LOCKS.lower():
        locks.refuse_delete(arm.resources, stored.id)
    check_conditions(kind, request, stored)
    under_way = operations.pending(arm.world, stored.id)
    if under_way is not None and kind.delete is not None and under_way["kind"] == operations.DELETE:
        return Response(kind.delete.status, operations.headers(arm.world, request, under_way))
    if under_way is not None:
        raise errors.operation_in_progress(stored.id)
    kind.check_delete(arm, stored)
    if kind.delete is None:
        shown = (
            json_response(kind.present(arm, stored, arm_request.api_version)) if kind.delete_shows else Response(200)
        )
        remove(arm, kind, stored)
        return shown
    document = operations.start(arm, operations.DELETE, stored.id, kind.delete, api_version=arm_request.api_version)
    if kind.has_state:
        stored.properties["provisioningState"] = "Deleting"
        arm.resources.put(stored)
    headers = operations.headers(arm.world, request, document)
    if kind.delete.body == "object":
        return json_response({}, kind.delete.status, headers)
    return Response(kind.delete.status, headers)


def finish_delete(arm: Arm, document: JsonObject) -> None:
    """The end of a long-running delete."""
    stored = arm.find(document["resource_id"])
    if stored is not None:
        remove(arm, arm.types[ids.type_of(stored.id).lower()], stored)


def remove(arm: Arm, kind: ResourceType, stored: Stored) -> None:
    """Removes the resource with everything that lies in it or upon it."""
    remove_contents(arm, stored.id)
    arm.resources.remove(stored.id)
    kind.deleted(arm, stored)


def remove_contents(arm: Arm, scope: str) -> None:
    """Removes everything within a scope, in an order in which nothing that is still needed goes first."""
    for kind in sorted(arm.types.values(), key=lambda each: each.delete_rank):
        for stored in arm.resources.of_type(kind.name, scope):
            if arm.find(stored.id) is not None:
                arm.resources.remove(stored.id)
                kind.deleted(arm, stored)
