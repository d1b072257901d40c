"""Local RBAC: what a caller may do in a pool.

An assignment counts at its scope and below, for the principal and for everybody in it where it is a group ("Access
control for Managed HSM"). What no assignment permits is refused; there are no deny assignments.
"""

from __future__ import annotations

from local_azure.managed_hsm import role_store
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.errors import access_denied
from local_azure.managed_hsm.scopes import covers


def require(context: HsmRequest, data_action: str, scope: str) -> None:
    """Raises ServiceError 403 unless the caller may do the data action at the scope."""
    if not permits(context, data_action, scope):
        raise access_denied(data_action, scope)


def permits(context: HsmRequest, data_action: str, scope: str) -> bool:
    """Whether the caller may do the data action at the scope, now."""
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
