"""Microsoft.Authorization/roleAssignments, and what a caller may do.

Rules and codes: "Troubleshoot Azure RBAC", "Assign Azure roles using the REST API".
"""

from __future__ import annotations

from local_azure.arm import api_versions, errors, ids, lists, rbac
from local_azure.arm.authentication import Caller
from local_azure.arm.providers.authorization_scopes import AUTHORIZATION, GUID, scope_of, without_function
from local_azure.arm.providers.role_definitions import definition
from local_azure.arm.rbac import ROLE_ASSIGNMENTS
from local_azure.arm.resource_type import ArmRequest, ArmRoute, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, Field, choice
from local_azure.core.clock import iso
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response
from local_azure.entra import directory


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
    if definition(change.arm, role_id) is None:
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
    scope = scope_of(arm_request, "roleAssignments")
    arm = arm_request.arm
    rbac.require(arm.resources, arm_request.caller, f"{ROLE_ASSIGNMENTS}/read", scope)
    expression = arm_request.request.query.get("$filter", "")
    at_scope, rest = without_function(expression, "atScope()")
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


def _permissions(arm_request: ArmRequest) -> Response:
    """What the caller may do at the scope."""
    scope = scope_of(arm_request, "permissions")
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


TYPES = (
    ResourceType(
        name=ROLE_ASSIGNMENTS,
        api_versions=api_versions.ROLE_ASSIGNMENTS,
        properties={
            "roleDefinitionId": Field(required=True),
            "principalId": Field(required=True, pattern=GUID),
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
        name_pattern=GUID,
        name_error="InvalidRoleAssignmentId",
        name_advice="The role assignment ID must be a GUID.",
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=70,
        delete_shows=True,
        prepare=_prepare_assignment,
        missing_read=lambda resource: errors.not_found(
            "RoleAssignmentNotFound", f"The role assignment '{resource.name}' is not found."
        ),
        invalid_code="InvalidRequestContent",
    ),
)
ROUTES = (
    ArmRoute("GET", f"{AUTHORIZATION}/roleAssignments", _list_assignments, api_versions.ROLE_ASSIGNMENTS),
    ArmRoute("GET", f"{AUTHORIZATION}/permissions", _permissions, api_versions.ROLE_DEFINITIONS),
)
