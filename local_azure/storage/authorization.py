"""What somebody with an access token may do: Azure RBAC ("Authorize access to blobs using Microsoft Entra ID").

Blobs are reached by data actions of a role, containers as such by its actions: the built-in roles for blob data have
both. Roles are given at the container or above it.
"""

from __future__ import annotations

from datetime import timedelta

from local_azure.arm import rbac
from local_azure.arm.authentication import Caller
from local_azure.arm.resources import Resources
from local_azure.core.clock import iso
from local_azure.core.http import OUTSIDE
from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.entra.tokens import Claims
from local_azure.storage.errors import no_permission

_SERVICES = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS = f"{_SERVICES}/containers"
READ_BLOB = f"{_CONTAINERS}/blobs/read"
WRITE_BLOB = f"{_CONTAINERS}/blobs/write"
ADD_BLOB = f"{_CONTAINERS}/blobs/add/action"
DELETE_BLOB = f"{_CONTAINERS}/blobs/delete"
DELETE_VERSION = f"{_CONTAINERS}/blobs/deleteBlobVersion/action"
READ_CONTAINER = f"{_CONTAINERS}/read"
WRITE_CONTAINER = f"{_CONTAINERS}/write"
DELETE_CONTAINER = f"{_CONTAINERS}/delete"
DELEGATE = f"{_SERVICES}/generateUserDelegationKey/action"
READ_SERVICE = f"{_SERVICES}/read"
WRITE_SERVICE = f"{_SERVICES}/write"


def require_role(world: World, claims: Claims, action: str, scope: str) -> None:
    """Raises StorageError 403 where no role of the bearer allows it at the scope."""
    require_principal(world, claims.object_id, (action,), scope)


def require_principal(world: World, object_id: str, actions: tuple[str, ...], scope: str) -> None:
    """The same for whoever it is, where any one of the actions will do."""
    if not any(_allows(world, object_id, action, scope) for action in actions):
        raise no_permission()


def _allows(world: World, object_id: str, action: str, scope: str) -> bool:
    principals = frozenset(each.lower() for each in (object_id, *directory.groups_of(world, object_id)))
    resources = Resources(world)
    if not action.startswith(f"{_CONTAINERS}/blobs/"):
        return rbac.allowed(resources, Caller(object_id, object_id, "User", principals, OUTSIDE), action, scope)
    made_by = iso(world.clock.now() - timedelta(seconds=world.latency.seconds("role_assignment.propagate")))
    return rbac.allows_data(resources, principals, action, scope, made_by)
