"""The steps of a drill, each timed, and what each of them found."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from ceremony import recovery as offline
from ceremony import transfer_key
from ceremony.errors import DrillError
from ceremony.opening import OpenedDatum, unlock
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.shares import OpenedShare, TriedKey
from data_plane import key_use, pool, recovery, role_assignments
from data_plane.built_in_roles import CRYPTO_USER, guid_of, role_definition_id
from data_plane.errors import DataPlaneError
from data_plane.key_model import Key
from data_plane.pool import Pool
from data_plane.session import Session
from data_plane.waiting import Patience, Say, retried

_ROLE_SECONDS: Final = 180.0


@dataclass(frozen=True)
class Earlier:
    """What the real key left, to compare with; all of it optional."""

    public_key: object | None = None
    """Its public half, as the ``cryptography`` package has it."""
    ciphertext: bytes | None = None
    """What it encrypted or wrapped."""
    algorithm: str = "RSA-OAEP-256"
    plaintext_sha256: str | None = None
    """Of what was encrypted, lower-case hex."""


@dataclass(frozen=True)
class Given:
    """What is rehearsed with."""

    file: SecurityDomainFile
    name: str
    """The file's name, for messages."""
    opened: Sequence[OpenedShare]
    tried: Sequence[TriedKey]
    backup: bytes
    earlier: Earlier
    real_pool: tuple[str, str] | None
    """ARM id and creation time of the pool that the file belongs to, where that is known: never touched."""


@dataclass(frozen=True)
class Step:
    """One step."""

    name: str
    seconds: float
    found: str
    passed: bool


class Drill:
    """One drill, in one pool."""

    def __init__(self, session: Session, target: Callable[[], Pool], given: Given, say: Say) -> None:
        """``target`` provides the pool to drill in, which may take a while."""
        self._session, self._target, self._given, self._say = session, target, given, say
        self._steps: list[Step] = []

    def run(self) -> list[Step]:
        """All steps up to the first that fails. Raises nothing of DataPlaneError: a failure is a result."""
        try:
            data = self._step("quorum", self._open)
            target = self._step("pool", self._find_pool)
            blob = self._step("recover", lambda: self._recover(target, data))
            self._step("upload", lambda: self._upload(target, blob))
            self._step("role", lambda: self._take_role(target))
            key = self._step("key", lambda: self._restore(target))
            self._step("use", lambda: (key, key_use.exercise(self._session, key)))
            self._step("compare", lambda: self._compare(key))
        except DataPlaneError:
            return self._steps
        return self._steps

    def _step(self, name: str, work: Callable[[], tuple[Any, str]]) -> Any:
        self._say(f"{name} …")
        began = time.monotonic()
        try:
            result, found = work()
        except DataPlaneError as error:
            self._steps.append(Step(name, time.monotonic() - began, str(error), passed=False))
            raise
        self._steps.append(Step(name, time.monotonic() - began, found, passed=True))
        return result

    def _open(self) -> tuple[Sequence[OpenedDatum], str]:
        given = self._given
        data = unlock(given.file, given.opened, given.tried, given.name)
        return data, f"opened by {', '.join(each.holder for each in given.opened)}"

    def _find_pool(self) -> tuple[Pool, str]:
        target = self._target()
        real = self._given.real_pool
        if real is not None and pool.is_same(target.id, target.created_at, *real):
            raise DrillError(f"{target.name}: is the real pool that the security domain belongs to; take another one")
        if target.activation_status != pool.NOT_ACTIVATED:
            raise DrillError(
                f"{target.name}: is {target.activation_status}; a drill needs a pool that was never activated"
            )
        return target, f"{target.id}, not activated"

    def _recover(self, target: Pool, data: Sequence[OpenedDatum]) -> tuple[bytes, str]:
        found = transfer_key.parse(recovery.transfer_key(self._session, target.uri).encode(), target.uri)
        return offline.restore_blob(data, found), f"for {found.pool}, transfer key {found.thumbprint}"

    def _upload(self, target: Pool, blob: bytes) -> tuple[None, str]:
        recovery.restore(self._session, target.uri, blob, say=self._say)
        return None, "active"

    def _take_role(self, target: Pool) -> tuple[None, str]:
        guid, who = guid_of(CRYPTO_USER), self._session.principal()
        if guid is None:
            raise DrillError(f"{CRYPTO_USER}: is no built-in role")
        name = role_assignments.assignment_name(target.id, target.created_at, guid, who.object_id, "/keys")
        wanted = role_assignments.Assignment(name, role_definition_id(guid), who.object_id, "/keys")
        role_assignments.ensure(self._session, target.uri, wanted, say=self._say)
        return None, f"{CRYPTO_USER} at /keys for {who}, in the drill's pool"

    def _restore(self, target: Pool) -> tuple[Key, str]:
        from data_plane import propagation

        key = retried(
            lambda: key_use.restore(self._session, target.uri, self._given.backup),
            passing=propagation.is_passing,
            patience=Patience(_ROLE_SECONDS, "restore of the key backup", first=0.5, longest=5.0),
        )
        return key, f"{key.key_id}, {key.key_type}"

    def _compare(self, key: Key) -> tuple[None, str]:
        earlier, found = self._given.earlier, list[str]()
        if earlier.public_key is not None:
            if key_use.public_key(self._session, key) != earlier.public_key:
                raise DrillError(f"{key.name}: its public half is not the one of the real key")
            found.append("its public half is the real key's")
        if earlier.ciphertext is not None:
            plain = key_use.open_ciphertext(self._session, key, earlier.algorithm, earlier.ciphertext)
            digest = sha256(plain).hexdigest()
            if not hmac.compare_digest(digest, earlier.plaintext_sha256 or ""):
                raise DrillError(f"{key.name}: opened the earlier ciphertext to another content")
            found.append("it opened what the real key encrypted")
        return None, "; ".join(found) or "nothing of the real key was given to compare with"


def result(given: Given, steps: Sequence[Step], began: datetime) -> dict[str, Any]:
    """The record of a drill as plain JSON data."""
    passed = all(step.passed for step in steps)
    return {
        "kind": "security-domain-drill",
        "version": 1,
        "began_at": _text(began),
        "ended_at": _text(datetime.now(UTC)),
        "passed": passed,
        "security_domain_sha256": given.file.sha256,
        "backup_sha256": sha256(given.backup).hexdigest(),
        "real_pool": given.real_pool[0] if given.real_pool else None,
        "custodians": [each.holder for each in given.opened],
        "steps": [
            {"step": each.name, "seconds": round(each.seconds, 3), "passed": each.passed, "found": each.found}
            for each in steps
        ],
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
