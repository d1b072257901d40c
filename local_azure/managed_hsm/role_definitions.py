"""Role definitions of the local RBAC: the built-in roles, which nobody changes, and the pool's own.

Shapes, status codes and messages are those recorded by azure-cli (``test_keyvault_role_definition.yaml``) and
azure-sdk-for-js (``keyvault-admin/recordings``). Custom roles belong to ``/`` only (the description of the SDK's
``set_role_definition``). Seen nowhere: the refusals of an unknown data action and of deleting a role that is assigned,
the latter as ARM words it.
"""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm import role_store
from local_azure.managed_hsm.built_in_roles import ACTIONS, DATA_ACTIONS, ROLE_DEFINITION_PREFIX
from local_azure.managed_hsm.context import ACTION_PREFIX, HsmRequest, HsmRoute
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.role_assignments import is_guid
from local_azure.managed_hsm.role_store import BUILT_IN_DEFINITIONS, CUSTOM, RoleDefinition
from local_azure.managed_hsm.scopes import GLOBAL, ROUTE_PREFIXES, of_path

_TYPE = "Microsoft.Authorization/roleDefinitions"
_READ = f"{ACTION_PREFIX}/roleDefinitions/read/action"
_WRITE = f"{ACTION_PREFIX}/roleDefinitions/write/action"
_DELETE = f"{ACTION_PREFIX}/roleDefinitions/delete/action"
_PERMISSION_FIELDS = {
    "actions": ACTIONS,
    "dataActions": DATA_ACTIONS,
    "notActions": ACTIONS,
    "notDataActions": DATA_ACTIONS,
}


def role_definition_routes() -> list[HsmRoute]:
    """At each kind of scope: list, get, create or update, delete."""
    routes = []
    for scope, prefix in ROUTE_PREFIXES.items():
        path = f"{prefix}/providers/{_TYPE}"
        routes += [
            HsmRoute("GET", path, _READ, scope, _list),
            HsmRoute("GET", path + "/{name}", _READ, scope, _get),
            HsmRoute("PUT", path + "/{name}", _WRITE, scope, _create_or_update),
            HsmRoute("DELETE", path + "/{name}", _DELETE, scope, _delete),
        ]
    return routes


def _list(context: HsmRequest) -> Response:
    """All of them: every role is assignable at ``/``, so applies at each scope."""
    wanted = context.request.query.get("$filter", "").strip()
    if wanted and wanted.lower() != "atscopeandbelow()":
        raise bad_parameter(f"The filter '{wanted}' is not supported.")
    found = role_store.definitions(context.world, context.pool.instance_id)
    return json_response({"value": [_body(each) for each in found]})


def _get(context: HsmRequest) -> Response:
    return json_response(_body(_named(context)))


def _create_or_update(context: HsmRequest) -> Response:
    wanted = _wanted(context)
    role_store.put_definition(context.world, context.pool.instance_id, wanted)
    return json_response(_body(wanted), 201)


def _delete(context: HsmRequest) -> Response:
    world, instance_id = context.world, context.pool.instance_id
    _refuse_built_in(context.request.parameters["name"])
    with world.store.transaction():
        gone = _named(context)
        if any(each.role == gone.name for each in role_store.assignments(world, instance_id)):
            raise ServiceError(
                409, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role"
            )
        role_store.delete_definition(world, instance_id, gone.name)
    return json_response(_body(gone))


def _named(context: HsmRequest) -> RoleDefinition:
    found = role_store.definition(context.world, context.pool.instance_id, context.request.parameters["name"])
    if found is None:
        raise ServiceError(404, "RoleDefinitionNotFound", "Requested role definition not found")
    return found


def _wanted(context: HsmRequest) -> RoleDefinition:
    name = context.request.parameters["name"]
    properties = context.request.json().get("properties")
    if not is_guid(name):
        raise bad_parameter("Role definition name must be a GUID")
    _refuse_built_in(name)
    if of_path(context.request.path) != GLOBAL:
        raise bad_parameter("Custom role definitions are supported at scope '/' only")
    if not isinstance(properties, dict):
        raise bad_parameter("Property 'properties' is required.")
    if (properties.get("assignableScopes") or [GLOBAL]) != [GLOBAL]:
        raise bad_parameter("Property 'assignableScopes' must be ['/']")
    if properties.get("type") not in (None, "", CUSTOM):
        raise bad_parameter(f"Property 'type' must be '{CUSTOM}'")
    role_name = _text(properties, "roleName")
    if role_name.lower() in {each.role_name.lower() for each in BUILT_IN_DEFINITIONS.values()}:
        raise _built_in_refusal()
    return RoleDefinition(name.lower(), role_name, _text(properties, "description"), _permissions(properties))


def _refuse_built_in(name: str) -> None:
    if name.lower() in BUILT_IN_DEFINITIONS:
        raise _built_in_refusal()


def _built_in_refusal() -> ServiceError:
    return bad_parameter("Cannot re-use the name/GUID matching that of a built-in role. Please use a unique role ID.")


def _text(properties: JsonObject, field: str) -> str:
    value = properties.get(field)
    if value is not None and not isinstance(value, str):
        raise bad_parameter(f"Property '{field}' must be a string")
    return value or ""


def _permissions(properties: JsonObject) -> list[dict[str, list[str]]]:
    given = properties.get("permissions") or []
    if not isinstance(given, list) or not all(isinstance(permission, dict) for permission in given):
        raise bad_parameter("Property 'permissions' must be a list of objects")
    return [
        {field: _known(permission.get(field) or [], known, field) for field, known in _PERMISSION_FIELDS.items()}
        for permission in given
    ]


def _known(values: object, known: frozenset[str], field: str) -> list[str]:
    if not isinstance(values, list):
        raise bad_parameter(f"Property '{field}' must be a list")
    for value in values:
        if not isinstance(value, str) or value not in known:
            raise bad_parameter(f"Property '{field}' has an unknown action '{value}'")
    return values


def _body(definition: RoleDefinition) -> JsonObject:
    return {
        "id": ROLE_DEFINITION_PREFIX + definition.name,
        "name": definition.name,
        "properties": {
            "assignableScopes": [GLOBAL],
            "description": definition.description,
            "permissions": definition.permissions,
            "roleName": definition.role_name,
            "type": definition.role_type,
        },
        "type": _TYPE,
    }
