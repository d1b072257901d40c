"""What a caller may do: by the vault's access policies, or by Azure RBAC where the vault is set to it; never by both.

"Azure role-based access control vs. access policies" and "Assign a Key Vault access policy". The permission ``all`` of
a policy does not contain ``purge``.
"""

from __future__ import annotations

from datetime import timedelta

from local_azure.arm import rbac
from local_azure.arm.resources import Resources
from local_azure.core.clock import iso
from local_azure.core.http import JsonObject
from local_azure.key_vault.context import Caller, VaultRequest
from local_azure.key_vault.errors import no_permission, no_role

_PROVIDER = "Microsoft.KeyVault/vaults"


def require(context: VaultRequest, permission: str, data_action: str) -> None:
    """Raises ServiceError 403 unless the caller may do it."""
    if context.vault.rbac:
        _require_role(context, f"{_PROVIDER}/{data_action}")
    elif not any(_gives(policy, context.caller, permission) for policy in context.vault.access_policies):
        raise no_permission(context.caller, permission, context.vault)


def _gives(policy: JsonObject, caller: Caller, permission: str) -> bool:
    if policy["objectId"].lower() not in caller.principal_ids:
        return False
    application = policy.get("applicationId")
    if application and application.lower() != caller.application_id.lower():
        # Such a policy is for the application acting on behalf of the principal.
        return False
    given = {each.lower() for each in policy["permissions"].get("secrets", [])}
    return permission in given or ("all" in given and permission != "purge")


def _require_role(context: VaultRequest, data_action: str) -> None:
    vault, world = context.vault, context.world
    name = context.request.parameters.get("secret_name")
    scope = f"{vault.arm_id}/secrets/{name}" if name else vault.arm_id
    propagation = timedelta(seconds=world.latency.seconds("role_assignment.propagate"))
    made_by = iso(world.clock.now() - propagation)
    if not rbac.allows_data(Resources(world), context.caller.principal_ids, data_action, scope, made_by):
        raise no_role(context.caller, data_action, _as_told(scope), vault)


def _as_told(scope: str) -> str:
    return scope.replace("/resourceGroups/", "/resourcegroups/").replace(_PROVIDER, _PROVIDER.lower())
