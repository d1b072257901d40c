"""Keys of a pool: make, import, find, change, delete, recover, purge.

Source: azure-keyvault-keys 4.11, ``KeyClient``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeVar

from data_plane import (
    key_adoption,
    key_attestation,
    key_backups,
    key_making,
    key_material,
    key_release,
    key_rotation,
    propagation,
)
from data_plane.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    mapped,
)
from data_plane.key_model import Key, KeySpec, key_of
from data_plane.key_rotation import KeyVersion, RotationPolicy
from data_plane.pool_operations import PoolOperations
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, confirmed, retried, silent, until_gone, when_not_busy

T = TypeVar("T")

_DELETE_SECONDS: Final = 300.0
_CONFLICT_SECONDS: Final = 30.0
"""For how long a purge is repeated while the deletion is still under way."""


class Keys:
    """The keys of one pool."""

    def __init__(self, session: Session, hsm_uri: str, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> None:
        self._session, self._hsm_uri, self._say, self._clock = session, hsm_uri.rstrip("/"), say, clock

    def ensure(self, spec: KeySpec) -> Key:
        """Makes or imports the key, or adopts the identical one that exists, recovering it where it was deleted.

        Raises ConflictError where the name belongs to another key, and the other DataPlaneErrors.
        """
        existing = self._when_allowed(spec.name, lambda: self._get(spec.name))
        if existing is not None:
            return self._adopt(existing, spec, "exists")
        try:
            return self._when_allowed(spec.name, lambda: self._make(spec))
        except ConflictError as conflict:
            return self._recover(spec, conflict)

    def find(self, name: str, version: str | None = None) -> Key | None:
        """The key's current version, or the one named; None once several answers said that there is none."""
        return confirmed(lambda: self._when_allowed(name, lambda: self._get(name, version)), clock=self._clock)

    def has_version(self, name: str, version: str) -> bool:
        """Whether the key has this version, among older ones too."""
        return self.find(name, version) is not None

    def bring_back(self, name: str, versions: Collection[str]) -> bool:
        """Recovers the soft-deleted key as it was; False where there is none that ends with one of these versions.

        Raises ForbiddenError for a caller who may not see deleted keys, and the other DataPlaneErrors.
        """
        deleted = self.deleted(name)
        if deleted is None or deleted.version not in versions:
            return False
        self._recovered(name)
        return True

    def update(self, spec: KeySpec) -> Key:
        """Changes in place what can be changed: operations, enabled, dates, tags. Raises DataPlaneError."""
        try:
            return self._when_allowed(spec.name, lambda: self._update(spec))
        except NotFoundError as error:
            raise NotFoundError(
                f"{error} — it was deleted outside of this stack: run pulumi refresh, then up", status=404
            ) from None

    def back_up(self, key: Key, path: Path) -> None:
        """Backs the key up into the file unless the backup of this very version lies there. Raises DataPlaneError."""
        if self._when_allowed(key.name, lambda: key_backups.keep(self._session, key, path)):
            self._say(f"{self._subject(key.name)}: backed up to {path}")

    def attest(self, key: Key, path: Path) -> None:
        """Keeps the HSM's attestation of this version in the file, unless it lies there. Raises DataPlaneError."""
        if self._when_allowed(key.name, lambda: key_attestation.keep(self._session, key, path)):
            self._say(f"{self._subject(key.name)}: its attestation is in {path}")

    def rotation_policy(self, name: str) -> RotationPolicy:
        """What the service does with the key by itself. Raises DataPlaneError."""
        return self._when_allowed(name, lambda: key_rotation.read_policy(self._session, self._hsm_uri, name))

    def set_rotation_policy(self, name: str, policy: RotationPolicy) -> None:
        """Says what the service shall do with the key by itself; an empty policy: nothing. Raises DataPlaneError."""
        self._when_allowed(name, lambda: key_rotation.write_policy(self._session, self._hsm_uri, name, policy))

    def versions(self, name: str) -> list[KeyVersion]:
        """All versions of the key, the oldest first. Raises DataPlaneError."""
        return self._when_allowed(name, lambda: key_rotation.versions(self._session, self._hsm_uri, name))

    def rotate(self, spec: KeySpec, *, by_policy: bool) -> Key:
        """Makes a new version: as the key's rotation policy says, or as ``spec`` says. Raises DataPlaneError."""
        make = key_making.rotate if by_policy else key_making.make_version
        return self._when_allowed(spec.name, lambda: make(self._session, self._hsm_uri, spec))

    def soft_delete(self, name: str) -> None:
        """Deletes the key so that it can be recovered; one that is gone is fine."""
        try:
            self._when_allowed(name, lambda: self._begin_delete(name))
        except NotFoundError:
            return

    def purge(self, name: str) -> None:
        """Destroys a deleted key for good, and returns when its name is free; one that is gone is fine.

        Raises ForbiddenError for a caller who may not purge (Crypto Officer may), DeadlineError.
        """
        subject = f"{self._subject(name)}: purge"
        self._when_allowed(
            name,
            lambda: retried(
                lambda: self._purge(name),
                passing=lambda error: isinstance(error, ConflictError),
                patience=Patience(_CONFLICT_SECONDS, subject, first=0.5, clock=self._clock),
            ),
        )
        until_gone(lambda: self.deleted(name), Patience(_DELETE_SECONDS, subject, first=0.1, clock=self._clock))

    def await_deleted(self, name: str) -> None:
        """Returns once a key that was deleted shows among the deleted ones, which can take a moment."""
        patience = Patience(_DELETE_SECONDS, f"{self._subject(name)}: deletion", first=0.1, clock=self._clock)
        while self._when_allowed(name, lambda: self._get_deleted(name)) is None:
            patience.pause()

    def deleted(self, name: str) -> Key | None:
        """The soft-deleted key of that name."""
        return self._when_not_busy(name, lambda: self._get_deleted(name))

    def _subject(self, name: str) -> str:
        return f"key {name} in {self._hsm_uri}"

    def _when_allowed(self, name: str, operation: Callable[[], T]) -> T:
        """The operation, repeated while a role may still be spreading, or while the pool is busy."""
        subject = self._subject(name)
        left = propagation.seconds_left(self._hsm_uri, self._clock)

        def when_spread() -> T:
            return retried(
                operation,
                passing=propagation.is_passing,
                patience=Patience(left, subject, first=0.5, longest=5.0, clock=self._clock),
                say=self._say,
                explain=f"{subject}: refused; a role was assigned a moment ago and may still be spreading: waiting",
            )

        return self._when_not_busy(name, when_spread if left else operation)

    def _when_not_busy(self, name: str, operation: Callable[[], T]) -> T:
        """The operation, repeated while the pool is busy."""
        return when_not_busy(self._subject(name), operation, say=self._say, clock=self._clock)

    def _get(self, name: str, version: str | None = None) -> Key | None:
        try:
            with mapped(self._subject(name)):
                return key_of(self._session.keys(self._hsm_uri).get_key(name, version))
        except NotFoundError:
            return None

    def _get_deleted(self, name: str) -> Key | None:
        try:
            with mapped(f"deleted {self._subject(name)}"):
                return key_of(self._session.keys(self._hsm_uri).get_deleted_key(name))
        except NotFoundError:
            return None

    def _make(self, spec: KeySpec) -> Key:
        if spec.restore_from_backup is not None:
            return self._restore(spec, spec.restore_from_backup)
        if spec.restore_from is None:
            return key_making.make(self._session, self._hsm_uri, spec)
        restored = key_making.restore(self._session, self._hsm_uri, spec, spec.restore_from)
        self._say(f"{self._subject(spec.name)}: restored from {spec.restore_from}")
        return self._adopt(restored, spec, "was restored")

    def _restore(self, spec: KeySpec, folder_url: str) -> Key:
        """Brings back all versions of the key from a full backup. Raises ConflictError where its name is not free."""
        operations = PoolOperations(self._session, self._hsm_uri, say=self._say, clock=self._clock)
        operations.done(
            f"key {spec.name} from {folder_url}",
            lambda: operations.begin_key_restore(folder_url, spec.name),
            role_is_new=spec.backup_right_is_new,
        )
        restored = self.find(spec.name)
        if restored is None:
            raise NotFoundError(
                f"{self._subject(spec.name)}: was restored from {folder_url} and is not there", status=404
            )
        self._say(f"{self._subject(spec.name)}: restored from {folder_url}")
        return self._adopt(restored, spec, "was restored")

    def _adopt(self, existing: Key, spec: KeySpec, how: str) -> Key:
        spec = key_adoption.since_rotated(
            existing,
            spec,
            versions=lambda: [each.version for each in self.versions(spec.name)],
            find=lambda version: self.find(spec.name, version),
        )
        if differences := existing.differences(spec):
            raise ConflictError(
                f"{self._subject(spec.name)}: {how} with {', '.join(differences)} — "
                "give the new key another name, or describe the one that exists"
            )
        unseen = spec.size is not None and existing.size is None
        note = " (the pool does not tell its size: taken as configured)" if unseen else ""
        if spec.fingerprint is not None and key_material.public_thumbprint(spec.fingerprint) is None:
            note = " (the pool does not tell its material: taken as configured)"
        if how == "exists" or note:
            self._say(f"{self._subject(spec.name)}: {how}; adopted{note}")
        return existing if existing.fits(spec) else self.update(spec)

    def _recover(self, spec: KeySpec, conflict: ConflictError) -> Key:
        """A name that is taken although there is no such key: the key was deleted, or made a moment ago."""
        subject = self._subject(spec.name)
        try:
            deleted = self.deleted(spec.name)
        except ForbiddenError:
            raise ConflictError(
                f"{conflict} — a deleted key holds the name; whoever may read deleted keys (Crypto Officer) has to "
                "recover or purge it, or give the new key another name"
            ) from None
        if deleted is None:
            existing = self.find(spec.name)
            if existing is None:
                raise conflict from None
            return self._adopt(existing, spec, "exists")
        if differences := deleted.differences(spec):
            raise ConflictError(
                f"{subject}: a deleted key holds the name, with {', '.join(differences)} — give the new key another "
                "name, or purge the deleted one (az keyvault key purge), or wait until its retention has passed"
            )
        return self._adopt(self._recovered(spec.name), spec, "recovered")

    def _recovered(self, name: str) -> Key:
        """Recovers the deleted key, and returns when it is there."""
        subject = f"{self._subject(name)}: recovery"
        self._say(f"{self._subject(name)}: recovering the identical key that was deleted")

        def begin() -> None:
            with mapped(subject):
                self._session.keys(self._hsm_uri).begin_recover_deleted_key(name)

        self._when_allowed(name, begin)
        patience = Patience(_DELETE_SECONDS, subject, clock=self._clock)
        while (recovered := self._when_not_busy(name, lambda: self._get(name))) is None:
            patience.pause()
        return recovered

    def _update(self, spec: KeySpec) -> Key:
        with mapped(self._subject(spec.name)):
            changed = self._session.keys(self._hsm_uri).update_key_properties(
                spec.name,
                key_operations=None if spec.operations is None else list(spec.operations),
                enabled=spec.enabled,
                expires_on=spec.expires,
                not_before=spec.not_before,
                tags=dict(spec.tags),
                release_policy=key_release.for_request(spec.release),
            )
        return key_of(changed)

    def _begin_delete(self, name: str) -> None:
        with mapped(f"{self._subject(name)}: deletion"):
            self._session.keys(self._hsm_uri).begin_delete_key(name)

    def _purge(self, name: str) -> None:
        try:
            with mapped(f"{self._subject(name)}: purge"):
                self._session.keys(self._hsm_uri).purge_deleted_key(name)
        except NotFoundError:
            return
