"""Management locks ("Lock your Azure resources"): what they hold up."""

from __future__ import annotations

from local_azure.arm.errors import conflict
from local_azure.arm.ids import within
from local_azure.arm.resources import Resources

LOCKS = "Microsoft.Authorization/locks"


def scope_of(lock_id: str) -> str:
    """What the lock lies on."""
    return lock_id[: lock_id.lower().rindex("/providers/microsoft.authorization/locks/")]


def refuse_delete(resources: Resources, resource_id: str) -> None:
    """Raises ScopeLocked, 409, where a lock lies on the resource, above it, or on anything that would go with it."""
    scopes = [scope_of(lock.id) for lock in resources.of_type(LOCKS)]
    _refuse(resource_id, "delete", [s for s in scopes if within(resource_id, s) or within(s, resource_id)])


def refuse_write(resources: Resources, resource_id: str) -> None:
    """Raises ScopeLocked, 409, where a read-only lock lies on the resource or above it."""
    scopes = [scope_of(lock.id) for lock in resources.of_type(LOCKS) if lock.properties["level"].lower() == "readonly"]
    _refuse(resource_id, "write", [scope for scope in scopes if within(resource_id, scope)])


def _refuse(resource_id: str, verb: str, scopes: list[str]) -> None:
    if scopes:
        listed = ",".join(sorted(set(scopes)))
        raise conflict(
            "ScopeLocked",
            f"The scope '{resource_id}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{listed}'. Please remove the lock and try again.",
        )
