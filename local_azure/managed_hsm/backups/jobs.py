"""What is under way, and what has been: one document a job.

A job has its effect when it begins; only its end is waited for. Nobody can tell while a whole pool is restored, as it
answers nothing else meanwhile.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Literal

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.managed_hsm.pools import DATA_COLLECTION_PREFIX, Pool

Kind = Literal["backup", "restore", "key restore", "backup check", "restore check"]

_COLLECTION = DATA_COLLECTION_PREFIX + "operations"
_OWN_BACKUP_AGE = 30 * 60
"""Seconds ("Full restore": a full backup at least 30 minutes before)."""
_FIGURES: dict[Kind, str] = {
    "backup": "managed_hsm.backup",
    "restore": "managed_hsm.restore",
    "key restore": "managed_hsm.restore",
    "backup check": "request",
    "restore check": "request",
}
_BACKING_UP: tuple[Kind, ...] = ("backup", "backup check")


@dataclass(frozen=True)
class Job:
    """One operation. Times are seconds since 1970."""

    id: str
    kind: Kind
    began: float
    ends: float
    failure: str | None
    """The details of its status if it fails."""
    folder_url: str | None = None
    """Of a backup that succeeds."""

    def body(self, now: float) -> JsonObject:
        """``FullBackupOperation`` or ``RestoreOperation`` of the description."""
        done, failed = now >= self.ends, self.failure is not None
        body: JsonObject = {
            "status": ("Failed" if failed else "Succeeded") if done else "InProgress",
            "statusDetails": self.failure if done else None,
            "error": {"code": None, "message": None, "innererror": None} if done and failed else None,
            "startTime": int(self.began),
            "endTime": int(self.ends) if done else None,
            "jobId": self.id,
        }
        if self.kind in _BACKING_UP:
            body["azureStorageBlobContainerUri"] = self.folder_url if done else None
        return body


def begin(world: World, pool: Pool, kind: Kind, failure: str | None, folder_url: str | None = None) -> Job:
    """Records a job that ends after Azure's time for it."""
    now = world.clock.timestamp()
    ends = now + world.latency.seconds(_FIGURES[kind])
    job = Job(uuid.uuid4().hex, kind, now, ends, failure, folder_url)
    world.store.put(_COLLECTION, _prefix(pool) + job.id, asdict(job))
    return job


def find(world: World, pool: Pool, job_id: str) -> Job | None:
    """The job of that id."""
    document = world.store.get(_COLLECTION, _prefix(pool) + job_id.lower())
    return None if document is None else Job(**document)


def require_idle(world: World, pool: Pool) -> None:
    """Raises ServiceError 409 while another operation is under way; the words are those of Azure/azure-cli 33783."""
    for job in _all(world, pool):
        if world.clock.timestamp() < job.ends:
            what = "backup" if job.kind in _BACKING_UP else "restore"
            raise ServiceError(409, "Conflict", f"Another {what} operation is in progress")


def is_restoring(world: World, pool: Pool) -> bool:
    """Whether the whole pool is being restored: then it answers nothing but how that stands."""
    now = world.clock.timestamp()
    return any(job.kind == "restore" and now < job.ends for job in _all(world, pool))


def has_own_backup(world: World, pool: Pool) -> bool:
    """Whether the pool has been backed up long enough ago for a restore of all of it."""
    latest = world.clock.timestamp() - _OWN_BACKUP_AGE
    return any(job.kind == "backup" and job.failure is None and job.ends <= latest for job in _all(world, pool))


def _all(world: World, pool: Pool) -> list[Job]:
    return [Job(**document) for _, document in world.store.scan(_COLLECTION, _prefix(pool))]


def _prefix(pool: Pool) -> str:
    return f"{pool.instance_id}/job-"
