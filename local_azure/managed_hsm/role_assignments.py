"""Role assignments of the local RBAC.

Shapes, status codes and messages are those recorded by azure-cli (``test_keyvault_hsm_role.yaml``) and azure-sdk-for-js
(``keyvault-admin/recordings``); the refusal of a second assignment is in Azure/azure-powershell issue 22463. Seen
nowhere: the answer to an existing name with other content, which follows ARM's role assignments.
"""

from __future__ import annotations

import re
import uuid

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm import role_store
from local_azure.managed_hsm.authorization import require_assignable
from local_azure.managed_hsm.context import ACTION_PREFIX, HsmRequest, HsmRoute
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.role_store import RoleAssignment
from local_azure.managed_hsm.scopes import ROUTE_PREFIXES, covers, is_single_key, of_path

_TYPE = "Microsoft.Authorization/roleAssignments"
_READ = f"{ACTION_PREFIX}/roleAssignments/read/action"
_WRITE = f"{ACTION_PREFIX}/roleAssignments/write/action"
_DELETE = f"{ACTION_PREFIX}/roleAssignments/delete/action"
_PRINCIPAL_FILTER = re.compile(r"principalId\s+eq\s+'?([0-9a-f-]{36})'?", re.IGNORECASE)


def role_assignment_routes() -> list[HsmRoute]:
    """At each kind of scope: list, get, create, delete."""
    routes = []
    for scope, prefix in ROUTE_PREFIXES.items():
        path = f"{prefix}/providers/{_TYPE}"
        routes += [
            HsmRoute("GET", path, _READ, scope, _list),
            HsmRoute("GET", path + "/{name}", _READ, scope, _get),
            HsmRoute("PUT", path + "/{name}", _WRITE, scope, _create),
            HsmRoute("DELETE", path + "/{name}", _DELETE, scope, _delete),
        ]
    return routes


def _list(context: HsmRequest) -> Response:
    """At, above and below the scope; those at single keys only where the scope is that key."""
    scope = of_path(context.request.path)
    found = [
        each
        for each in role_store.assignments(context.world, context.pool.instance_id)
        if covers(each.scope, scope) or (covers(scope, each.scope) and not is_single_key(each.scope))
    ]
    wanted = context.request.query.get("$filter", "").strip()
    if match := _PRINCIPAL_FILTER.fullmatch(wanted):
        found = [each for each in found if each.principal_id.lower() == match[1].lower()]
    elif wanted.lower() == "atscope()":
        found = [each for each in found if covers(each.scope, scope)]
    elif wanted:
        raise bad_parameter(f"The filter '{wanted}' is not supported.")
    return json_response({"value": [_body(each) for each in found]})


def _get(context: HsmRequest) -> Response:
    return json_response(_body(_named(context)))


def _create(context: HsmRequest) -> Response:
    world, instance_id = context.world, context.pool.instance_id
    wanted = _wanted(context)
    require_assignable(context, wanted.role, wanted.scope)
    with world.store.transaction():
        if role_store.definition(world, instance_id, wanted.role) is None:
            raise bad_parameter("Unknown role definition")
        for existing in role_store.assignments(world, instance_id):
            if _grants_the_same(existing, wanted):
                raise ServiceError(
                    400,
                    "MatchingRoleAssignmentExists",
                    f"Role assignment '{existing.name}' already adds role '{existing.role_definition_id}'"
                    f" to principal '{existing.principal_id}' in scope '{existing.scope}'.",
                )
        if role_store.assignment(world, instance_id, wanted.name) is not None:
            raise ServiceError(409, "RoleAssignmentExists", "The role assignment already exists.")
        role_store.put_assignment(world, instance_id, wanted)
    return json_response(_body(wanted), 201)


def _delete(context: HsmRequest) -> Response:
    with context.world.store.transaction():
        gone = _named(context)
        role_store.delete_assignment(context.world, context.pool.instance_id, gone.name)
    return json_response(_body(gone))


def _named(context: HsmRequest) -> RoleAssignment:
    """The assignment of the path's name, if it lies at the path's scope or below it."""
    name = context.request.parameters["name"]
    found = role_store.assignment(context.world, context.pool.instance_id, name)
    if found is None or not covers(of_path(context.request.path), found.scope):
        raise ServiceError(404, "RoleAssignmentNotFound", "Requested role assignment not found")
    return found


def _wanted(context: HsmRequest) -> RoleAssignment:
    name = context.request.parameters["name"]
    properties = context.request.json().get("properties")
    if not is_guid(name):
        raise bad_parameter("Role assignment name must be a GUID")
    if not isinstance(properties, dict):
        raise bad_parameter("Property 'properties' is required.")
    principal_id, role_definition_id = properties.get("principalId"), properties.get("roleDefinitionId")
    if not isinstance(principal_id, str) or not is_guid(principal_id):
        raise bad_parameter("Property 'principalId' must be a GUID")
    if not isinstance(role_definition_id, str):
        raise bad_parameter("Property 'roleDefinitionId' is required.")
    seconds = context.world.latency.seconds("role_assignment.propagate")
    return RoleAssignment(
        name.lower(),
        principal_id,
        role_definition_id.rsplit("/", 1)[-1].lower(),
        of_path(context.request.path),
        context.world.clock.timestamp() + seconds if seconds else 0.0,
    )


def is_guid(text: str) -> bool:
    """Whether the text is a GUID with its hyphens."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _grants_the_same(one: RoleAssignment, other: RoleAssignment) -> bool:
    return (one.principal_id.lower(), one.role, one.scope.lower()) == (
        other.principal_id.lower(),
        other.role,
        other.scope.lower(),
    )


def _body(assignment: RoleAssignment) -> JsonObject:
    return {
        "id": f"/providers/{_TYPE}/{assignment.name}",
        "name": assignment.name,
        "properties": {
            "principalId": assignment.principal_id,
            "roleDefinitionId": assignment.role_definition_id,
            "scope": assignment.scope,
        },
        "type": _TYPE,
    }
