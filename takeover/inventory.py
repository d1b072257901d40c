"""What there is: the pool as ARM has it, its keys, roles, assignments and settings as its data plane has them.

Nothing is written. Reading takes Managed HSM Crypto Auditor at ``/`` (keys, roles), and Administrator for the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from data_plane import pool as pools
from data_plane import pool_settings, role_assignments, role_definitions
from data_plane.errors import ForbiddenError, NotFoundError, mapped
from data_plane.key_model import Key
from data_plane.key_rotation import RotationPolicy
from data_plane.keys import Keys
from data_plane.pool import Pool
from data_plane.role_assignments import Assignment
from data_plane.role_definitions import Definition
from data_plane.session import Session
from takeover.errors import TakeoverError

T = TypeVar("T")

_LOCKS: Final = "2020-05-01"


@dataclass(frozen=True)
class Inventory:
    """Everything that a configuration says of a pool."""

    pool: Pool
    resource: dict[str, Any]
    """The pool as ARM answers it."""
    locks: tuple[str, ...] = ()
    """Names of the locks that lie on the pool itself."""
    keys: tuple[Key, ...] = ()
    rotation: dict[str, RotationPolicy] = field(default_factory=dict)
    """By key, where there is any."""
    definitions: tuple[Definition, ...] = ()
    """Roles of the pool's own."""
    assignments: tuple[Assignment, ...] = ()
    settings: dict[str, bool] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    """What could not be read, a sentence each."""


def find(session: Session, subscription: str, name: str, resource_group: str | None) -> str:
    """The ARM id of the pool of that name. Raises TakeoverError where there is none, and DataPlaneError."""
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{resource_group}" if resource_group else "")
    path = f"{scope}/providers/Microsoft.KeyVault/managedHSMs"
    listed = session.resource_manager_list(path, pools.API_VERSION)
    found = [str(each["id"]) for each in listed if str(each["name"]).lower() == name.lower()]
    if not found:
        names = ", ".join(sorted(str(each["name"]) for each in listed)) or "none"
        raise TakeoverError(f"{scope}: there is no pool {name} that whoever is signed in may read; there is: {names}")
    return found[0]


def read(session: Session, hsm_id: str) -> Inventory:
    """The whole inventory. Raises DataPlaneError where the pool, its keys or its roles cannot be read."""
    pool = pools.read(session, hsm_id)
    if pool is None:
        raise TakeoverError(f"{hsm_id}: there is no such pool that whoever is signed in may read")
    resource: dict[str, Any] = session.resource_manager_get(hsm_id, pools.API_VERSION)
    unseen: list[str] = []
    locks = _permitted(lambda: _locks(session, pool.id), tuple[str, ...](), "the locks on the pool", unseen)
    if pool.activation_status != pools.ACTIVE:
        return Inventory(pool, resource, locks)
    keys = _keys(session, pool.uri)
    settings = _permitted(
        lambda: _settings(session, pool.uri), dict[str, bool](), "the settings of the data plane", unseen
    )
    return Inventory(
        pool=pool,
        resource=resource,
        locks=locks,
        keys=keys,
        rotation=_rotation(session, pool.uri, keys),
        definitions=tuple(each for each in role_definitions.every(session, pool.uri) if each.custom),
        assignments=_assignments(session, pool.uri, keys),
        settings=settings,
        unseen=tuple(unseen),
    )


def _permitted(look: Callable[[], T], otherwise: T, what: str, unseen: list[str]) -> T:
    try:
        return look()
    except ForbiddenError:
        unseen.append(f"{what} may not be read by whoever ran this")
        return otherwise


def _locks(session: Session, hsm_id: str) -> tuple[str, ...]:
    """Those on the pool itself; ARM lists those above it too."""
    path = f"{hsm_id}/providers/Microsoft.Authorization/locks"
    listed = session.resource_manager_list(path, _LOCKS)
    own = f"{hsm_id}/providers/".lower()
    return tuple(str(each["name"]) for each in listed if str(each["id"]).lower().startswith(own))


def _keys(session: Session, uri: str) -> tuple[Key, ...]:
    with mapped(f"{uri}: keys"):
        names = sorted(str(each.name) for each in session.keys(uri).list_properties_of_keys())
    keys = Keys(session, uri)
    return tuple(found for name in names if (found := keys.find(name)) is not None)


def _rotation(session: Session, uri: str, keys: tuple[Key, ...]) -> dict[str, RotationPolicy]:
    policies: dict[str, RotationPolicy] = {}
    for key in keys:
        try:
            policy = Keys(session, uri).rotation_policy(key.name)
        except NotFoundError:
            continue
        if policy != RotationPolicy():
            policies[key.name] = policy
    return policies


def _assignments(session: Session, uri: str, keys: tuple[Key, ...]) -> tuple[Assignment, ...]:
    """Each once: those at single keys are listed at their own scope only."""
    scopes = ["/", "/keys", *(f"/keys/{key.name}" for key in keys)]
    found = {each.name: each for scope in scopes for each in role_assignments.at_scope(session, uri, scope)}
    return tuple(sorted(found.values(), key=lambda each: (each.scope, each.role_definition_id, each.principal_id)))


def _settings(session: Session, uri: str) -> dict[str, bool]:
    return {name: pool_settings.read(session, uri, name) for name in pool_settings.DEFAULTS}
