"""Each pool's security domain, and how far its activation has come.

A pool is born with a domain of its own. Taking in another pool's makes it that one's twin: :func:`domain_id` and
:func:`backup_key` follow from the content alone, so that backups of keys go from one to the other.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

from local_azure.core.world import World
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.pools import ACTIVE, FAILED, Pool
from local_azure.managed_hsm.security_domain.domain import new_content
from local_azure.managed_hsm.security_domain.key_derivation import derive

_ACTIVATION, _OPERATIONS, _OUTCOME = "hsm.data.activation", "hsm.data.operations", "hsm.activation_outcome"
Operation = Literal["download", "upload"]
Status = Literal["InProgress", "Success", "Failed"]


def content(world: World, pool: Pool) -> dict[str, bytes]:
    """The pool's domain by tag."""
    with world.store.transaction():
        document = world.store.get(_ACTIVATION, _key(pool, "domain"))
        if document is None:
            made = new_content()
            _put_content(world, pool, made)
            return made
    return {tag: base64.b64decode(text) for tag, text in document.items()}


def domain_id(world: World, pool: Pool) -> str:
    """A name for the pool's domain, the same for all pools that share it and for no other; hexadecimal."""
    return _digest(content(world, pool)).hex()[:32]


def backup_key(world: World, pool: Pool) -> bytes:
    """The 32 octets that seal backups of keys, the same for all pools that share the domain and for no other."""
    return derive(_digest(content(world, pool)), "key_backup", bits=256)


def begin(world: World, pool: Pool, operation: Operation) -> None:
    """Starts what ends in an active pool, after Azure's time for it; nothing starts twice, or in an active pool.

    Where :func:`fail_activations` says so it ends in a failed one, from where a new attempt is possible.
    """
    with world.store.transaction():
        pool = pools.by_name(world, pool.name) or pool
        now = world.clock.timestamp()
        outcome = str((world.store.get(_OUTCOME, "") or {}).get("status", ACTIVE))
        if pool.activation_status == ACTIVE:
            _record(world, pool, operation, now, ACTIVE)
        elif pool.activation_ends_at is not None:
            _record(world, pool, operation, pool.activation_ends_at, pool.activation_outcome)
        else:
            ends_at = now + world.latency.seconds("security_domain.activate")
            pools.update(world, pool, activation_ends_at=ends_at, activation_outcome=outcome)
            _record(world, pool, operation, ends_at, outcome)


def restore(world: World, pool: Pool, new: dict[str, bytes]) -> bool:
    """Puts another domain in place of the pool's own and starts its activation.

    Whether the pool took it: one that is active, or about to be, does not.
    """
    with world.store.transaction():
        current = pools.by_name(world, pool.name) or pool
        if current.activation_status == ACTIVE or current.activation_ends_at is not None:
            return False
        _put_content(world, pool, new)
        begin(world, pool, "upload")
        return True


def status(world: World, pool: Pool, operation: Operation) -> Status | None:
    """How the operation stands; None where there was none."""
    document = world.store.get(_OPERATIONS, _key(pool, f"security-domain-{operation}"))
    if document is None:
        return None
    if world.clock.timestamp() < document["ends_at"]:
        return "InProgress"
    return "Success" if document["outcome"] == ACTIVE else "Failed"


def fail_activations(world: World, failing: bool) -> None:
    """Whether activations that begin from now on end in failure: for tests of what comes then."""
    if failing:
        world.store.put(_OUTCOME, "", {"status": FAILED})
    else:
        world.store.delete(_OUTCOME, "")


def _put_content(world: World, pool: Pool, new: dict[str, bytes]) -> None:
    document = {tag: base64.b64encode(data).decode() for tag, data in new.items()}
    world.store.put(_ACTIVATION, _key(pool, "domain"), document)


def _record(world: World, pool: Pool, operation: Operation, ends_at: float, outcome: str) -> None:
    document = {"ends_at": ends_at, "outcome": outcome}
    world.store.put(_OPERATIONS, _key(pool, f"security-domain-{operation}"), document)


def _digest(pieces: dict[str, bytes]) -> bytes:
    digest = hashlib.sha256()
    for tag, data in sorted(pieces.items()):
        digest.update(tag.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.digest()


def _key(pool: Pool, name: str) -> str:
    return f"{pool.instance_id}/{name}"
