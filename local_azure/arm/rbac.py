"""Azure RBAC: what a caller may do at a scope.

Evaluated as in "How Azure RBAC determines if a user has access to a resource": the actions of every role that is
assigned to the caller or to one of its groups, at the scope or above it, less each role's own exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from local_azure.arm.authentication import Caller
from local_azure.arm.builtin_roles import BUILT_IN_ROLES
from local_azure.arm.errors import forbidden
from local_azure.arm.ids import within
from local_azure.arm.resources import Resources, Stored
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject

ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
ROLE_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"

_BUILT_IN = {
    role.guid: [
        {
            "actions": list(role.actions),
            "notActions": list(role.not_actions),
            "dataActions": list(role.data_actions),
            "notDataActions": list(role.not_data_actions),
        }
    ]
    for role in BUILT_IN_ROLES
}


def allowed(resources: Resources, caller: Caller, action: str, scope: str) -> bool:
    """Whether the caller may do the action at the scope."""
    return any(
        _permits(permission, action)
        for assignment in _assignments(resources, caller)
        if within(scope, assignment.properties["scope"])
        for permission in permissions(resources, assignment.properties["roleDefinitionId"])
    )


def allows_data(
    resources: Resources, principal_ids: Collection[str], data_action: str, scope: str, made_by: str
) -> bool:
    """Whether the principals may do the data action at the scope, by assignments that have had time to propagate.

    ``made_by``: until when an assignment must have been made, in ARM's notation of times.
    """
    return any(
        _any_matches(permission["dataActions"], data_action)
        and not _any_matches(permission["notDataActions"], data_action)
        for assignment in resources.of_type(ROLE_ASSIGNMENTS)
        if assignment.properties["principalId"].lower() in principal_ids
        and within(scope, assignment.properties["scope"])
        and assignment.properties.get("createdOn", "") <= made_by
        for permission in permissions(resources, assignment.properties["roleDefinitionId"])
    )


def allowed_below(resources: Resources, caller: Caller, action: str, scope: str) -> bool:
    """Whether the caller may do the action at the scope or anywhere in it: then lists are filtered, not refused."""
    return allowed(resources, caller, action, scope) or any(
        _permits(permission, action)
        for assignment in _assignments(resources, caller)
        if within(assignment.properties["scope"], scope)
        for permission in permissions(resources, assignment.properties["roleDefinitionId"])
    )


def require(resources: Resources, caller: Caller, action: str, scope: str) -> None:
    """Raises AuthorizationFailed, 403, where the caller may not do the action at the scope."""
    if not allowed(resources, caller, action, scope):
        raise refusal(caller, action, scope)


def require_linked(resources: Resources, caller: Caller, action: str, scope: str, linked: str) -> None:
    """The same for a resource that a request refers to: LinkedAuthorizationFailed, 403."""
    if not allowed(resources, caller, action, linked):
        raise forbidden(
            "LinkedAuthorizationFailed",
            f"The client '{caller.name}' with object id '{caller.object_id}' has permission to perform the request on "
            f"scope '{scope}'; however, it does not have permission to perform action(s) '{action}' on the linked "
            f"scope(s) '{linked}' (respectively) or the linked scope(s) are invalid.",
        )


def refusal(caller: Caller, action: str, scope: str) -> ServiceError:
    """AuthorizationFailed, as ARM words it."""
    return forbidden(
        "AuthorizationFailed",
        f"The client '{caller.name}' with object id '{caller.object_id}' does not have authorization to perform "
        f"action '{action}' over scope '{scope or '/'}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials.",
    )


def permissions(resources: Resources, role_definition_id: str) -> list[JsonObject]:
    """The permissions of a role, built in or custom; none where there is no such role."""
    guid = role_definition_id.rpartition("/")[2].lower()
    if guid in _BUILT_IN:
        return list(_BUILT_IN[guid])
    custom = resources.find(role_definition_id)
    return [] if custom is None else list(custom.properties["permissions"])


def _assignments(resources: Resources, caller: Caller) -> Iterator[Stored]:
    for assignment in resources.of_type(ROLE_ASSIGNMENTS):
        if assignment.properties["principalId"].lower() in caller.principal_ids:
            yield assignment


def _permits(permission: JsonObject, action: str) -> bool:
    return _any_matches(permission["actions"], action) and not _any_matches(permission["notActions"], action)


def _any_matches(patterns: list[str], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=512)
def _pattern(wildcard: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in wildcard.split("*")), re.IGNORECASE)
