"""A full backup and a full restore from beginning to end, whatever interrupts them.

What was begun is noted in a file, so that whoever runs next waits for it instead of beginning again. Rules of "Full
backup and restore and selective key restore": a full restore takes away everything in the pool, role assignments too,
and needs a backup of the target itself that is at least 30 minutes old, also where the target is empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from data_plane import durable_files
from data_plane import pool as pools
from data_plane.errors import ForbiddenError, RequestError
from data_plane.pool_operations import Kind, Operation, PoolOperations, split_folder
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, silent

OWN_BACKUP_AGE: Final = timedelta(minutes=30)
_OWN_BACKUP_FRESH: Final = timedelta(hours=2)
"""For how long an interrupted run's own backup is taken: nothing could bring back what came to the pool after it."""
_MARGIN: Final = timedelta(seconds=5)
"""The service tells whole seconds."""
_AGEING_SECONDS: Final = 3600.0


@dataclass(frozen=True)
class Target:
    """The very pool that is backed up or restored."""

    hsm_id: str
    hsm_uri: str
    hsm_created_at: str

    @property
    def name(self) -> str:
        """The pool's name."""
        return pools.name_of(self.hsm_id)


class Journal:
    """Which operations were begun in a pool, and for what, in a file that only its owner reads."""

    def __init__(self, path: Path, target: Target) -> None:
        self._path, self._target = path, target

    def job(self, purpose: str) -> str | None:
        """The id of the job that was begun for it in this very pool."""
        entry = self._entries().get(purpose)
        return entry if isinstance(entry, str) and entry else None

    def note(self, purpose: str, job_id: str) -> None:
        """Remembers it before it is waited for. Raises CustodyError where the file cannot be written."""
        self._write({**self._entries(), purpose: job_id})

    def forget(self, *purposes: str) -> None:
        """Takes out what was begun for them in this very pool. Raises CustodyError."""
        entries = self._entries()
        if entries.keys() & set(purposes):
            self._write({name: job for name, job in entries.items() if name not in purposes})

    def _write(self, entries: dict[str, object]) -> None:
        document = {"hsm_id": self._target.hsm_id, "hsm_created_at": self._target.hsm_created_at, "jobs": entries}
        durable_files.write(self._path, (json.dumps(document, indent=2) + "\n").encode())

    def _entries(self) -> dict[str, object]:
        try:
            document = json.loads(durable_files.content_of(self._path) or b"{}")
            whose = str(document["hsm_id"]), str(document["hsm_created_at"])
            jobs = document["jobs"]
        except (ValueError, KeyError, TypeError):
            return {}
        same = pools.is_same(*whose, self._target.hsm_id, self._target.hsm_created_at)
        return jobs if same and isinstance(jobs, dict) else {}


@dataclass(frozen=True)
class Recent:
    """Which operations of the journal an interrupted run has left, and which are done with."""

    after: datetime | None = None
    """When the last one ended that is known to be done with."""
    within: timedelta | None = None
    """How long ago it may have ended."""

    def has(self, found: Operation) -> bool:
        """Whether it is to be taken up."""
        if found.in_progress or found.ended is None:
            return found.in_progress or found.succeeded
        late = self.after is None or found.ended > self.after
        return found.succeeded and late and (self.within is None or found.told_at - found.ended <= self.within)


class FullBackups:
    """Full backups and restores of one pool."""

    def __init__(
        self,
        session: Session,
        target: Target,
        journal: Path,
        *,
        role_is_new: bool = False,
        say: Say = silent,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """``role_is_new``: the role of the pool's identity at the container may have been given a moment ago."""
        self._target, self._say, self._clock, self._role_is_new = target, say, clock, role_is_new
        self._journal = Journal(journal, target)
        self._operations = PoolOperations(session, target.hsm_uri, say=say, clock=clock)

    def back_up(self, container_url: str, trigger: str, *, after: datetime | None = None) -> Operation:
        """A backup that was made for this trigger, by an interrupted run or now. Raises DataPlaneError.

        Where the last one that is known ended at ``after``, an interrupted run's has ended later.
        """
        return self._back_up(container_url, trigger, Recent(after))

    def restore(self, folder_url: str, purpose: str, *, after: datetime | None = None) -> Operation:
        """Puts a backup in place of everything in the pool.

        Before that the pool itself is backed up, its own backup becomes old enough, and the service says that the
        restore will succeed; until then nothing is changed. An interrupted run's restore for the same ``purpose``
        is enough; where the last one that is known ended at ``after``, it has ended later. Raises DataPlaneError.
        """
        subject, noted, recent = f"full restore from {folder_url}", _restore_purpose(folder_url, purpose), Recent(after)
        if self._earlier(noted, "restore", recent) is None:
            container, _ = split_folder(folder_url)
            own = self._back_up(container, _own_trigger(folder_url, purpose), Recent(after, _OWN_BACKUP_FRESH))
            self._say(f"{self._target.name}: its own backup, to come back to: {own.folder_url}")
            self._await_age(own)
            self._operations.done(f"check of {folder_url}", lambda: self._operations.begin_restore_check(folder_url))
        try:
            return self._once(noted, subject, "restore", lambda: self._operations.begin_restore(folder_url), recent)
        except ForbiddenError as error:
            if self._journal.job(noted) is None:
                raise
            raise ForbiddenError(
                f"{error.refusal} — the restore has begun and brought the roles of the pool that was backed up: have "
                f"one of that pool's administrators give this principal Managed HSM Administrator at /, and run again",
                status=error.status,
                code=error.code,
            ) from None

    def forget_backup(self, container_url: str, trigger: str) -> None:
        """The backup is nobody's any more: whoever asks for one again gets another. Raises CustodyError."""
        self._journal.forget(_backup_purpose(container_url, trigger))

    def forget_restore(self, folder_url: str, purpose: str) -> None:
        """As :meth:`forget_backup`, of a restore and the backup before it. Raises CustodyError."""
        own = _backup_purpose(split_folder(folder_url)[0], _own_trigger(folder_url, purpose))
        self._journal.forget(_restore_purpose(folder_url, purpose), own)

    def _back_up(self, container_url: str, trigger: str, recent: Recent) -> Operation:
        purpose, subject = _backup_purpose(container_url, trigger), f"full backup into {container_url}"
        return self._once(purpose, subject, "backup", lambda: self._operations.begin_backup(container_url), recent)

    def _once(
        self, purpose: str, subject: str, kind: Kind, begin: Callable[[], Operation], recent: Recent
    ) -> Operation:
        earlier = self._earlier(purpose, kind, recent)
        if earlier is not None:
            self._say(f"{self._target.name}: {subject}: begun by an earlier run; taken up")
            return self._operations.finished(earlier, subject)

        # Found out before anything is begun that nobody could find again.
        self._journal.note(purpose, "")

        def begin_and_note() -> Operation:
            begun = begin()
            self._journal.note(purpose, begun.job_id)
            return begun

        return self._operations.done(subject, begin_and_note, role_is_new=self._role_is_new)

    def _earlier(self, purpose: str, kind: Kind, recent: Recent) -> Operation | None:
        """What an interrupted run began for the purpose and did not see fail."""
        job_id = self._journal.job(purpose)
        found = None if job_id is None else self._operations.find(kind, job_id)
        return found if found is not None and recent.has(found) else None

    def _await_age(self, own: Operation) -> None:
        """Returns once the pool's own backup is old enough by the service's clock. Raises DataPlaneError."""
        patience = Patience(
            _AGEING_SECONDS, f"{self._target.name}: the age of its own backup", clock=self._clock, longest=5
        )
        said, found = False, own
        while not _is_old_enough(found):
            if not said:
                self._say(
                    f"{self._target.name}: the service takes a full restore {_minutes()} minutes after the "
                    f"pool's own backup: waiting until {_clock_time(found)} UTC"
                )
            said = True
            patience.pause()
            again = self._operations.find("backup", own.job_id)
            if again is None:
                raise RequestError(f"{self._target.name}: does not know its own backup any more — run again")
            found = again


def _backup_purpose(container_url: str, trigger: str) -> str:
    return f"full backup into {container_url} for {trigger}"


def _restore_purpose(folder_url: str, purpose: str) -> str:
    return f"full restore from {folder_url} for {purpose}"


def _own_trigger(folder_url: str, purpose: str) -> str:
    return f"the full restore from {folder_url} ({purpose})"


def _is_old_enough(own: Operation) -> bool:
    return own.ended is not None and own.told_at >= _due(own.ended)


def _due(ended: datetime) -> datetime:
    return ended + OWN_BACKUP_AGE + _MARGIN


def _clock_time(own: Operation) -> str:
    return "half an hour from now" if own.ended is None else f"{_due(own.ended):%H:%M:%S}"


def _minutes() -> int:
    return int(OWN_BACKUP_AGE.total_seconds()) // 60
