"""Microsoft.Authorization: role assignments, role definitions, locks.

Rules and codes: "Azure RBAC, limits and troubleshooting", "Lock your Azure resources", the REST descriptions.
"""

from __future__ import annotations

from local_azure.arm import errors, ids, lists, rbac
from local_azure.arm.authentication import Caller
from local_azure.arm.builtin_roles import BUILT_IN_ROLES
from local_azure.arm.locks import LOCKS
from local_azure.arm.rbac import ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, STRINGS, Field, array, choice, obj
from local_azure.core.clock import iso
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.entra import directory

_GUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
ASSIGNMENT_VERSIONS = (
    "2015-07-01",
    "2018-01-01-preview",
    "2018-09-01-preview",
    "2020-03-01-preview",
    "2020-04-01-preview",
    "2020-08-01-preview",
    "2020-10-01-preview",
    "2022-04-01",
)
DEFINITION_VERSIONS = ("2015-07-01", "2018-01-01-preview", "2022-04-01", "2022-05-01-preview", "2023-07-01-preview")
LOCK_VERSIONS = ("2016-09-01", "2017-04-01", "2020-05-01")


def _prepare_assignment(change: Change) -> None:
    if change.existing is not None:
        if not _same_assignment(change.existing.properties, change.properties):
            raise errors.bad_request(
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        change.properties["updatedOn"] = iso(change.arm.world.clock.now())
        return
    role_id = change.properties["roleDefinitionId"]
    if _definition(change.arm, role_id) is None:
        guid = role_id.rpartition("/")[2]
        raise errors.not_found(
            "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
        )
    principal_id = change.properties["principalId"]
    principal = directory.principal(change.arm.world, principal_id)
    # With a principal type ARM does not look the principal up: it may not have spread through the directory yet.
    if principal is None and "principalType" not in change.properties:
        raise errors.bad_request(
            "PrincipalNotFound",
            f"Principal {principal_id.replace('-', '')} does not exist in the directory. Check that you have the "
            "correct principal ID. A principal that has just been created may not have spread yet: set the property "
            "principalType to ServicePrincipal, User or Group.",
        )
    if principal is not None:
        wanted = change.properties.setdefault("principalType", principal.kind)
        if wanted != principal.kind:
            raise errors.bad_request(
                "UnmatchedPrincipalType",
                f"The PrincipalId '{principal_id}' has type '{principal.kind}', which is different from specified "
                f"PrinciaplType '{wanted}'.",
            )
    change.properties["scope"] = change.id.scope or "/"
    for other in change.arm.resources.of_type(ROLE_ASSIGNMENTS):
        if _same_assignment(other.properties, change.properties):
            raise _exists(other)
    now = iso(change.arm.world.clock.now())
    change.properties.update(
        {
            "createdOn": now,
            "updatedOn": now,
            "createdBy": change.caller.object_id,
            "updatedBy": change.caller.object_id,
        }
    )
    for name in ("condition", "conditionVersion", "delegatedManagedIdentityResourceId", "description"):
        change.properties.setdefault(name, None)


def _same_assignment(one: JsonObject, other: JsonObject) -> bool:
    guids = [each["roleDefinitionId"].rpartition("/")[2].lower() for each in (one, other)]
    principals = [each["principalId"].lower() for each in (one, other)]
    scopes = [each.get("scope", one["scope"]) for each in (one, other)]
    return guids[0] == guids[1] and principals[0] == principals[1] and ids.same(scopes[0], scopes[1])


def _exists(stored: Stored) -> ServiceError:
    return errors.conflict(
        "RoleAssignmentExists",
        f"The role assignment already exists. The ID of the conflicting role assignment is "
        f"{stored.name.replace('-', '')}.",
    )


def _list_assignments(arm_request: ArmRequest) -> Response:
    """Those at the scope and above it, and below it unless ``atScope()`` is asked for."""
    scope = _scope(arm_request, "roleAssignments")
    arm = arm_request.arm
    rbac.require(arm.resources, arm_request.caller, f"{ROLE_ASSIGNMENTS}/read", scope)
    expression = arm_request.request.query.get("$filter", "")
    at_scope, rest = _without_function(expression, "atScope()")
    assigned_to = ""
    if rest.startswith("assignedTo("):
        assigned_to, rest = rest.removeprefix("assignedTo(").rstrip(")").strip("'"), ""
    found = []
    for stored in arm.resources.of_type(ROLE_ASSIGNMENTS):
        at = stored.properties["scope"]
        above = ids.within(scope, at)
        if above or (ids.within(at, scope) and not at_scope):
            found.append(stored.resource)
    if assigned_to:
        principals = {assigned_to.lower(), *directory.groups_of(arm.world, assigned_to)}
        found = [each for each in found if each["properties"]["principalId"].lower() in principals]
    readers: dict[str, lists.Reader] = {
        "principalid": lambda item: [item["properties"]["principalId"]],
        "roledefinitionid": lambda item: [item["properties"]["roleDefinitionId"]],
    }
    return lists.page(arm_request.request, lists.filtered(found, rest, readers))


def _list_definitions(arm_request: ArmRequest) -> Response:
    scope = _scope(arm_request, "roleDefinitions")
    expression = arm_request.request.query.get("$filter", "")
    for function in ("atScopeAndBelow()", "atScope()"):
        _, expression = _without_function(expression, function)
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
    found = _definition(arm_request.arm, path)
    if found is None:
        guid = path.rpartition("/")[2]
        raise errors.not_found(
            "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
        )
    return json_response(found)


def _permissions(arm_request: ArmRequest) -> Response:
    """What the caller may do at the scope."""
    scope = _scope(arm_request, "permissions")
    arm, caller = arm_request.arm, arm_request.caller
    found = [
        permission
        for stored in arm.resources.of_type(ROLE_ASSIGNMENTS)
        if ids.within(scope, stored.properties["scope"]) and _is_for(caller, stored)
        for permission in rbac.permissions(arm.resources, stored.properties["roleDefinitionId"])
    ]
    return lists.page(arm_request.request, found)


def _is_for(caller: Caller, stored: Stored) -> bool:
    return stored.properties["principalId"].lower() in caller.principal_ids


def _scope(arm_request: ArmRequest, collection: str) -> str:
    path = arm_request.request.path
    return path[: path.lower().rindex(f"/providers/microsoft.authorization/{collection}".lower())]


def _without_function(expression: str, function: str) -> tuple[bool, str]:
    """Whether the OData filter calls the function, and the filter without it."""
    position = expression.lower().find(function.lower())
    if position < 0:
        return False, expression
    rest = expression[:position] + expression[position + len(function) :]
    rest = rest.strip()
    for joint in ("and ", "AND "):
        rest = rest.removeprefix(joint)
    for joint in (" and", " AND"):
        rest = rest.removesuffix(joint)
    return True, rest.strip()


def _definition(arm: Arm, role_id: str) -> JsonObject | None:
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
    change.properties["updatedOn"] = now


def _check_delete_definition(arm: Arm, stored: Stored) -> None:
    for assignment in arm.resources.of_type(ROLE_ASSIGNMENTS):
        if ids.same(assignment.properties["roleDefinitionId"].rpartition("/")[2], stored.name):
            raise errors.bad_request(
                "RoleDefinitionHasAssignments", "There are existing role assignments referencing role."
            )


def _prepare_lock(change: Change) -> None:
    if change.properties["level"] == "NotSpecified":
        raise errors.bad_request("LockLevelNotSpecified", "The level of the lock must be CanNotDelete or ReadOnly.")


TYPES = (
    ResourceType(
        name=ROLE_ASSIGNMENTS,
        api_versions=ASSIGNMENT_VERSIONS,
        properties={
            "roleDefinitionId": Field(required=True),
            "principalId": Field(required=True, pattern=_GUID),
            "principalType": choice("User", "Group", "ServicePrincipal", "ForeignGroup", "Device"),
            "description": STRING,
            "condition": STRING,
            "conditionVersion": STRING,
            "delegatedManagedIdentityResourceId": STRING,
            "scope": READ_ONLY,
            "createdOn": READ_ONLY,
            "updatedOn": READ_ONLY,
            "createdBy": READ_ONLY,
            "updatedBy": READ_ONLY,
        },
        tracked=False,
        extension=True,
        name_pattern=_GUID,
        name_error="InvalidRoleAssignmentId",
        name_advice="The role assignment ID must be a GUID.",
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=70,
        prepare=_prepare_assignment,
        missing_read=lambda resource: errors.not_found(
            "RoleAssignmentNotFound", f"The role assignment '{resource.name}' is not found."
        ),
        invalid_code="InvalidRequestContent",
    ),
    ResourceType(
        name=ROLE_DEFINITIONS,
        api_versions=DEFINITION_VERSIONS,
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
        name_pattern=_GUID,
        name_error="InvalidRoleDefinitionId",
        name_advice="The role definition ID must be a GUID.",
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=71,
        prepare=_prepare_definition,
        check_delete=_check_delete_definition,
    ),
    ResourceType(
        name=LOCKS,
        api_versions=LOCK_VERSIONS,
        properties={
            "level": choice("NotSpecified", "CanNotDelete", "ReadOnly", required=True),
            "notes": STRING,
            "owners": array(obj(applicationId=STRING)),
        },
        tracked=False,
        extension=True,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        system_data=True,
        delete_rank=70,
        prepare=_prepare_lock,
        missing_read=lambda resource: errors.not_found(
            "LockNotFound", f"The lock '{resource.name}' could not be found."
        ),
    ),
)

_AUTHORIZATION = "{scope:path}/providers/Microsoft.Authorization"
ROUTES = (
    ArmRoute("GET", f"{_AUTHORIZATION}/roleAssignments", _list_assignments, ASSIGNMENT_VERSIONS),
    ArmRoute("GET", f"{_AUTHORIZATION}/roleDefinitions", _list_definitions, DEFINITION_VERSIONS),
    ArmRoute("GET", f"{_AUTHORIZATION}/roleDefinitions/{{role}}", _get_definition, DEFINITION_VERSIONS),
    ArmRoute("GET", f"{_AUTHORIZATION}/permissions", _permissions, DEFINITION_VERSIONS),
)
