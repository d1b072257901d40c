"""Long operations on a whole pool: full backup, full restore, restore of one key; begun, found again, waited for.

As the pool's own user-assigned identity, which has to be Storage Blob Data Contributor at the container: no shared
access signature is ever used, so none can be told. Source: the description of the data plane (``backuprestore.json``,
2025-07-01); "Full backup and restore and selective key restore". The SDK's own pollers hide the service's explanation
and the job's id, so its client only carries the requests here.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from data_plane.errors import (
    WAY_OUT,
    ConflictError,
    DataPlaneError,
    NotFoundError,
    RequestError,
    mapped,
)
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, retried, silent

Kind = Literal["backup", "restore"]

OPERATION_SECONDS: Final = 4 * 3600.0
"""How long one operation, and what is under way before it, may take."""
_ROLE_SECONDS: Final = 600.0
"""For how long a role that was given a moment ago may be unknown to storage ("Troubleshoot Azure RBAC": 10 minutes)."""
_NO_ROLE: Final = "AuthorizationPermissionMismatch"
_IDENTITY: Final = "the pool's identity (managed-hsm:hsm.identities)"
_WAYS_OUT: Final[Mapping[str, str]] = {
    _NO_ROLE: f"give {_IDENTITY} the role Storage Blob Data Contributor at the container, or name the storage account "
    "(managed-hsm:backup.account) so that the program gives it",
    "AuthorizationFailure": "let trusted Azure services in at the storage account's firewall (bypass: AzureServices)",
    "ContainerNotFound": "make the container first",
    "ResourceNotFound": "check the address of the container, and that it is there",
    "AccountNotFound": "check the address of the container: there is no such storage account",
    "BlobImmutableDueToPolicy": "take a container and an account without a retention policy",
    "BlobImmutableDueToLegalHold": "take a container without a legal hold",
    "Invalid backup provided": "the folder holds no backup, a damaged one, or one of another security domain",
}


@dataclass(frozen=True)
class Operation:
    """One operation as the service tells of it."""

    kind: Kind
    job_id: str
    status: str
    """``InProgress``, ``Succeeded``, ``Failed`` or ``Canceled``."""
    details: str
    began: datetime | None
    ended: datetime | None
    folder_url: str | None
    """Of a backup that has succeeded."""
    told_at: datetime
    """The service's own time when it told this; this machine's where it does not say."""

    @property
    def in_progress(self) -> bool:
        """Whether it has not ended."""
        return self.status == "InProgress"

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.status == "Succeeded"


def split_folder(folder_url: str) -> tuple[str, str]:
    """The container's URL, and the folder in it."""
    container, _, folder = folder_url.rstrip("/").rpartition("/")
    return container, folder


class PoolOperations:
    """The long operations of one pool."""

    def __init__(self, session: Session, hsm_uri: str, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> None:
        self._session, self._hsm_uri, self._say, self._clock = session, hsm_uri.rstrip("/"), say, clock

    def begin_backup(self, container_url: str) -> Operation:
        """Begins a backup of everything in the pool. Raises DataPlaneError."""
        body = _storage(container_url)
        return self._ask("POST", "/backup", body, f"full backup into {container_url}", "backup")

    def begin_restore(self, folder_url: str) -> Operation:
        """Begins to put the backup in place of everything in the pool. Raises DataPlaneError."""
        container, folder = split_folder(folder_url)
        body = {"sasTokenParameters": _storage(container), "folderToRestore": folder}
        return self._ask("PUT", "/restore", body, f"full restore from {folder_url}", "restore")

    def begin_restore_check(self, folder_url: str) -> Operation:
        """Begins to find out whether the backup could be restored; changes nothing. Raises DataPlaneError."""
        container, folder = split_folder(folder_url)
        body = {"sasTokenParameters": _storage(container), "folderToRestore": folder}
        return self._ask("PUT", "/prerestore", body, f"check of {folder_url}", "restore")

    def begin_key_restore(self, folder_url: str, key: str) -> Operation:
        """Begins to bring back one key with all its versions. Raises ConflictError where its name is not free."""
        container, folder = split_folder(folder_url)
        body = {"sasTokenParameters": _storage(container), "folder": folder}
        return self._ask("PUT", f"/keys/{key}/restore", body, f"key {key} from {folder_url}", "restore")

    def find(self, kind: Kind, job_id: str) -> Operation | None:
        """How an operation stands; None where the pool knows no such one. Raises DataPlaneError."""
        try:
            return self._ask("GET", f"/{kind}/{job_id}/pending", None, f"state of the {kind}", kind)
        except NotFoundError:
            return None

    def finished(self, begun: Operation, subject: str) -> Operation:
        """The operation once it has ended well.

        Raises RequestError with the service's explanation and the way out where it failed, DeadlineError.
        """
        patience = Patience(OPERATION_SECONDS, f"{self._hsm_uri}: {subject}", clock=self._clock)
        found: Operation | None = begun
        while found is not None and found.in_progress:
            patience.pause()
            found = retried(
                lambda: self.find(begun.kind, begun.job_id), passing=lambda error: error.transient, patience=patience
            )
        if found is None or not found.succeeded:
            raise self._failure(subject, found)
        return found

    def when_idle(self, subject: str, begin: Callable[[], Operation]) -> Operation:
        """What ``begin`` begins, as soon as no other operation is under way in the pool. Raises DataPlaneError."""
        return retried(
            begin,
            passing=_is_busy,
            patience=Patience(OPERATION_SECONDS, f"{self._hsm_uri}: {subject}", first=1.0, clock=self._clock),
            say=self._say,
            explain=f"{self._hsm_uri}: {subject}: another operation is under way in the pool: waiting",
        )

    def done(self, subject: str, begin: Callable[[], Operation], *, role_is_new: bool = False) -> Operation:
        """Begins and finishes an operation.

        ``role_is_new``: the identity's role may not have spread, so storage's refusal for want of it may pass.
        """
        patience = Patience(_ROLE_SECONDS if role_is_new else 0.0, subject, first=2.0, clock=self._clock)
        return retried(
            lambda: self.finished(self.when_idle(subject, begin), subject),
            passing=lambda error: role_is_new and _NO_ROLE in str(error),
            patience=patience,
            say=self._say,
            explain="storage does not know the role of the pool's identity yet: waiting",
        )

    def _ask(self, method: str, path: str, body: object, subject: str, kind: Kind) -> Operation:
        from azure.core.rest import HttpRequest

        # A repeated start would find its own first try under way.
        once: dict[str, Any] = {} if method == "GET" else {"retry_total": 0}
        with mapped(f"{self._hsm_uri}: {subject}"):
            request = HttpRequest(method, path, json=body) if body is not None else HttpRequest(method, path)
            response = self._session.backup(self._hsm_uri).send_request(request, **once)
            response.raise_for_status()
            answer: Mapping[str, Any] = response.json()
        return _operation(kind, answer, response.headers.get("Date"))

    def _failure(self, subject: str, found: Operation | None) -> DataPlaneError:
        if found is None:
            return RequestError(
                f"{self._hsm_uri}: {subject}: the pool does not know this operation any more — run again"
            )
        details = found.details or found.status
        way_out = _WAYS_OUT.get(found.details)
        line = f"{self._hsm_uri}: {subject}: failed: {details}"
        return RequestError(f"{line}{WAY_OUT}{way_out}" if way_out else line, code=found.details)


def _storage(container_url: str) -> dict[str, object]:
    return {"storageResourceUri": container_url, "useManagedIdentity": True}


def _is_busy(error: DataPlaneError) -> bool:
    """Another operation, or a restore, is under way (Azure/azure-cli 33783); a name that is taken is another 409."""
    return isinstance(error, ConflictError) and "in progress" in str(error).lower()


def _operation(kind: Kind, answer: Mapping[str, Any], date: str | None) -> Operation:
    error = answer.get("error") or {}
    return Operation(
        kind=kind,
        job_id=str(answer.get("jobId") or ""),
        status=str(answer.get("status") or ""),
        details=str(answer.get("statusDetails") or error.get("message") or ""),
        began=_moment(answer.get("startTime")),
        ended=_moment(answer.get("endTime")),
        folder_url=answer.get("azureStorageBlobContainerUri") or None,
        told_at=email.utils.parsedate_to_datetime(date) if date else datetime.now(UTC),
    )


def _moment(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)
