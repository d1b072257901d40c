"""Local RBAC: what a caller may do in a pool.

An assignment counts at its scope and below, for the principal and for everybody in it where it is a group ("Access
control for Managed HSM"). What no assignment permits is refused; there are no deny assignments.

The same page has one exception: who is Global Administrator of the tenant "can always add users to the Managed HSM
Administrator role for recovery purposes". That this goes for groups and applications too, and that roles and
assignments can be read for it, is inferred: azure-cli looks the role up by its name first.
"""

from __future__ import annotations

from local_azure.managed_hsm import role_store
from local_azure.managed_hsm.built_in_roles import ADMINISTRATOR
from local_azure.managed_hsm.context import ACTION_PREFIX, HsmRequest
from local_azure.managed_hsm.errors import access_denied
from local_azure.managed_hsm.scopes import GLOBAL, covers

_ASSIGN = f"{ACTION_PREFIX}/roleAssignments/write/action"
_BREAK_GLASS = frozenset(
    {_ASSIGN, f"{ACTION_PREFIX}/roleAssignments/read/action", f"{ACTION_PREFIX}/roleDefinitions/read/action"}
)


def require(context: HsmRequest, data_action: str, scope: str) -> None:
    """Raises ServiceError 403 unless the caller may do the data action at the scope."""
    if not permits(context, data_action, scope):
        raise access_denied(data_action, scope)


def permits(context: HsmRequest, data_action: str, scope: str) -> bool:
    """Whether the caller may do the data action at the scope, now.

    Of a Global Administrator it is :func:`require_assignable` that says which roles it may give.
    """
    if context.caller.is_global_administrator and data_action in _BREAK_GLASS:
        return True
    return _has_role_for(context, data_action, scope)


def require_assignable(context: HsmRequest, role: str, scope: str) -> None:
    """Raises ServiceError 403 where only a Global Administrator's exception let the caller assign roles at all.

    ``role``: GUID. The exception is for Administrator of the whole pool.
    """
    if (role, scope) != (ADMINISTRATOR, GLOBAL) and not _has_role_for(context, _ASSIGN, scope):
        raise access_denied(_ASSIGN, scope)


def _has_role_for(context: HsmRequest, data_action: str, scope: str) -> bool:
    world, instance_id = context.world, context.pool.instance_id
    now = world.clock.timestamp()
    principals = context.caller.principal_ids
    for assignment in role_store.assignments(world, instance_id):
        if assignment.principal_id.lower() not in principals or not covers(assignment.scope, scope):
            continue
        definition = role_store.definition(world, instance_id, assignment.role)
        if definition is not None and definition.permits(data_action) and assignment.effective_at <= now:
            return True
    return False
