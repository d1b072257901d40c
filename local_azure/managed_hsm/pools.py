"""Pools as the data plane knows them.

ARM makes, deletes, recovers and purges them through these functions; everything that the data plane keeps
(roles, keys, the security domain) hangs on :attr:`Pool.instance_id`, which a new pool of the same name does not get.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local_azure.core.clock import iso
from local_azure.core.world import World
from local_azure.managed_hsm import role_store

_LIVE, _DELETED = "hsm.pools", "hsm.deleted_pools"
DATA_COLLECTION_PREFIX = "hsm.data."
"""Collections whose documents' keys begin with ``<instance_id>/``: they go with the pool when it is purged."""
DATA_COLLECTIONS = tuple(
    DATA_COLLECTION_PREFIX + name
    for name in (
        "activation",
        "role_assignments",
        "role_definitions",
        "keys",
        "key_versions",
        "deleted_keys",
        "rotation_policies",
        "settings",
        "operations",
    )
)

NOT_ACTIVATED, ACTIVE, FAILED = "NotActivated", "Active", "Failed"


@dataclass(frozen=True)
class Pool:
    """One Managed HSM, seen from its data plane."""

    instance_id: str
    name: str
    arm_id: str
    location: str
    tenant_id: str
    initial_administrators: list[str]
    """Object ids that are Administrator at ``/`` from birth."""
    created_at: str
    retention_days: int
    purge_protection: bool
    activation_status: str = NOT_ACTIVATED
    """As it is now: every look-up of a pool settles an activation whose time has come."""
    network: dict[str, Any] = field(default_factory=dict)
    """``publicNetworkAccess`` and ``networkAcls`` as ARM holds them."""
    network_before: dict[str, Any] | None = None
    """What of them is still in force while a change spreads; None where nothing spreads."""
    network_changes_at: float = 0.0
    """When it ends, in seconds since 1970."""
    activation_ends_at: float | None = None
    """When the activation that is under way ends, in seconds since 1970."""
    activation_outcome: str = ACTIVE
    """What :attr:`activation_status` becomes then."""

    @property
    def network_in_force(self) -> dict[str, Any]:
        """What the firewall goes by now: every look-up of a pool settles a change whose time has come."""
        return self.network if self.network_before is None else self.network_before

    @property
    def host(self) -> str:
        """The host name of its data plane."""
        return f"{self.name.lower()}.managedhsm.azure.net"


def create(world: World, pool: Pool) -> None:
    """Takes up a new pool, whose name must be free, with its initial administrators."""
    with world.store.transaction():
        world.store.put(_LIVE, pool.name.lower(), asdict(pool))
        role_store.put_initial_administrators(world, pool.instance_id, pool.initial_administrators)


def new_pool(
    world: World,
    *,
    name: str,
    arm_id: str,
    location: str,
    tenant_id: str,
    initial_administrators: list[str],
    retention_days: int,
    purge_protection: bool,
    network: dict[str, Any],
) -> Pool:
    """A pool with a fresh instance id, not activated, not yet taken up."""
    return Pool(
        instance_id=str(uuid.uuid4()),
        name=name,
        arm_id=arm_id,
        location=location,
        tenant_id=tenant_id,
        initial_administrators=initial_administrators,
        created_at=iso(world.clock.now()),
        retention_days=retention_days,
        purge_protection=purge_protection,
        network=network,
    )


def by_name(world: World, name: str) -> Pool | None:
    """The live pool of that name."""
    document = world.store.get(_LIVE, name.lower())
    return None if document is None else _settled(world, document)


def by_host(world: World, host: str) -> Pool | None:
    """The live pool that a data-plane host name belongs to, ``privatelink`` and regional names included."""
    name, _, rest = host.lower().partition(".")
    return by_name(world, name) if f".{rest}".endswith(".managedhsm.azure.net") else None


def update(world: World, pool: Pool, **changes: Any) -> Pool:
    """Changes these fields of the live pool, and no others that have changed since ``pool`` was read.

    A change of ``network`` takes effect after a while. Raises LookupError where that very pool is gone.
    """
    with world.store.transaction():
        current = by_name(world, pool.name)
        if current is None or current.instance_id != pool.instance_id:
            raise LookupError(f"the pool {pool.name} is gone")
        changed = replace(current, **changes)
        if changed.network != current.network:
            changed = replace(
                changed,
                network_before=current.network_in_force,
                network_changes_at=world.clock.timestamp() + world.latency.seconds("managed_hsm.firewall"),
            )
        world.store.put(_LIVE, pool.name.lower(), asdict(changed))
    return _settled(world, asdict(changed))


def soft_delete(world: World, name: str) -> None:
    """Takes the pool out of service and keeps everything in it."""
    with world.store.transaction():
        document = world.store.get(_LIVE, name.lower())
        if document is not None:
            world.store.put(_DELETED, name.lower(), document)
            world.store.delete(_LIVE, name.lower())


def recover(world: World, name: str) -> Pool | None:
    """Puts a soft-deleted pool back into service as it was."""
    with world.store.transaction():
        document = world.store.get(_DELETED, name.lower())
        if document is None:
            return None
        world.store.put(_LIVE, name.lower(), document)
        world.store.delete(_DELETED, name.lower())
    return _settled(world, document)


def purge(world: World, name: str) -> None:
    """Forgets a soft-deleted pool and all that was in it."""
    with world.store.transaction():
        document = world.store.get(_DELETED, name.lower())
        if document is None:
            return
        for collection in DATA_COLLECTIONS:
            world.store.delete_prefix(collection, document["instance_id"] + "/")
        world.store.delete(_DELETED, name.lower())


def _settled(world: World, document: dict[str, Any]) -> Pool:
    pool = Pool(**document)
    if pool.network_before is not None and world.clock.timestamp() >= pool.network_changes_at:
        pool = replace(pool, network_before=None)
    if pool.activation_ends_at is None or world.clock.timestamp() < pool.activation_ends_at:
        return pool
    return replace(pool, activation_status=pool.activation_outcome, activation_ends_at=None)
