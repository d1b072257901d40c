"""Microsoft.Authorization/roleDefinitions: built-in roles and custom ones."""

from __future__ import annotations

from local_azure.arm import api_versions, errors, ids, lists
from local_azure.arm.builtin_roles import BUILT_IN_ROLES
from local_azure.arm.providers.authorization_scopes import AUTHORIZATION, GUID, scope_of, without_function
from local_azure.arm.rbac import ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, STRINGS, Field, array, obj
from local_azure.core.clock import iso
from local_azure.core.http import JsonObject, Response, json_response


def _list_definitions(arm_request: ArmRequest) -> Response:
    scope = scope_of(arm_request, "roleDefinitions")
    expression = arm_request.request.query.get("$filter", "")
    for function in ("atScopeAndBelow()", "atScope()"):
        _, expression = without_function(expression, function)
    found = [_built_in(scope, role.guid) for role in BUILT_IN_ROLES]
    found += [
        stored.resource
        for stored in arm_request.arm.resources.of_type(ROLE_DEFINITIONS)
        if any(ids.within(scope, at) or ids.within(at, scope) for at in stored.properties["assignableScopes"])
    ]
    readers: dict[str, lists.Reader] = {
        "rolename": lambda item: [item["properties"]["roleName"]],
        "type": lambda item: [item["properties"]["type"]],
    }
    return lists.page(
        arm_request.request, lists.filtered([each for each in found if each is not None], expression, readers)
    )


def _get_definition(arm_request: ArmRequest) -> Response:
    path = arm_request.request.path
    found = definition(arm_request.arm, path)
    if found is None:
        guid = path.rpartition("/")[2]
        raise errors.not_found(
            "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
        )
    return json_response(found)


def definition(arm: Arm, role_id: str) -> JsonObject | None:
    """The role of that id, built in or custom."""
    built_in = _built_in("", role_id.rpartition("/")[2].lower())
    if built_in is not None:
        return built_in
    parsed = ids.parse(role_id)
    custom = arm.find(role_id) if parsed and parsed.type.lower() == ROLE_DEFINITIONS.lower() else None
    return None if custom is None else custom.resource


def _built_in(scope: str, guid: str) -> JsonObject | None:
    for role in BUILT_IN_ROLES:
        if role.guid == guid:
            subscription = ids.subscription_of(scope)
            prefix = f"/subscriptions/{subscription}" if subscription else ""
            return {
                "id": f"{prefix}/providers/{ROLE_DEFINITIONS}/{guid}",
                "type": ROLE_DEFINITIONS,
                "name": guid,
                "properties": {
                    "roleName": role.name,
                    "type": "BuiltInRole",
                    "description": role.description,
                    "assignableScopes": ["/"],
                    "permissions": [
                        {
                            "actions": list(role.actions),
                            "notActions": list(role.not_actions),
                            "dataActions": list(role.data_actions),
                            "notDataActions": list(role.not_data_actions),
                        }
                    ],
                    "createdOn": "2015-02-02T21:55:09.8806423Z",
                    "updatedOn": "2021-11-11T20:13:30.2490550Z",
                    "createdBy": None,
                    "updatedBy": None,
                },
            }
    return None


def _prepare_definition(change: Change) -> None:
    for permission in change.properties["permissions"]:
        for name in ("actions", "notActions", "dataActions", "notDataActions"):
            permission.setdefault(name, [])
    if _built_in("", change.id.name.lower()) is not None:
        raise errors.conflict("RoleDefinitionCannotBeChanged", "A built-in role cannot be changed.")
    name = change.properties["roleName"].lower()
    taken = {role.name.lower() for role in BUILT_IN_ROLES} | {
        stored.properties["roleName"].lower()
        for stored in change.arm.resources.of_type(ROLE_DEFINITIONS)
        if not ids.same(stored.id, change.stored.id)
    }
    if name in taken:
        raise errors.conflict(
            "RoleDefinitionWithSameNameExists",
            f"A custom role with the name '{name}' exists already in this directory.",
        )
    change.properties["type"] = "CustomRole"
    now = iso(change.arm.world.clock.now())
    change.properties.setdefault("createdOn", now)
    change.properties.setdefault("createdBy", change.caller.object_id)
    change.properties.update({"updatedOn": now, "updatedBy": change.caller.object_id})


def _check_delete_definition(arm: Arm, stored: Stored) -> None:
    for assignment in arm.resources.of_type(ROLE_ASSIGNMENTS):
        if ids.same(assignment.properties["roleDefinitionId"].rpartition("/")[2], stored.name):
            raise errors.bad_request(
                "RoleDefinitionHasAssignments", "There are existing role assignments referencing role."
            )


TYPES = (
    ResourceType(
        name=ROLE_DEFINITIONS,
        api_versions=api_versions.ROLE_DEFINITIONS,
        properties={
            "roleName": Field(required=True),
            "description": STRING,
            "type": STRING,
            "assignableScopes": array(STRING, required=True),
            "permissions": array(
                obj(actions=STRINGS, notActions=STRINGS, dataActions=STRINGS, notDataActions=STRINGS), required=True
            ),
            "createdOn": READ_ONLY,
            "updatedOn": READ_ONLY,
            "createdBy": READ_ONLY,
            "updatedBy": READ_ONLY,
        },
        tracked=False,
        extension=True,
        name_pattern=GUID,
        name_error="InvalidRoleDefinitionId",
        name_advice="The role definition ID must be a GUID.",
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=71,
        delete_shows=True,
        prepare=_prepare_definition,
        check_delete=_check_delete_definition,
    ),
)
ROUTES = (
    ArmRoute("GET", f"{AUTHORIZATION}/roleDefinitions", _list_definitions, api_versions.ROLE_DEFINITIONS),
    ArmRoute("GET", f"{AUTHORIZATION}/roleDefinitions/{{role}}", _get_definition, api_versions.ROLE_DEFINITIONS),
)
