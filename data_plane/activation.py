"""Activates a pool, and finds its way again after any crash.

The security domain is at every destination before the activation is waited for: the service hands it out once, the
activation cannot be undone, and nobody else has a copy. See docs/adr/0006-activation-that-cannot-be-lost.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Final

from data_plane import durable_files, security_domain
from data_plane import pool as pools
from data_plane.custody import Attempt, Custody, Manifest, custody_of
from data_plane.errors import (
    ConflictError,
    CustodyError,
    DataPlaneError,
    DeadlineError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
)
from data_plane.pool import Pool
from data_plane.security_domain import Progress
from data_plane.security_domain_file import Destination, Finding, keep, look, mark_attempt, unmark_attempt, whole_copy
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, retry_after_of, silent

ACTIVATION_SECONDS: Final = 30 * 60.0
"""How long an activation may take. Recorded ones took about a minute."""
LOCK_SECONDS: Final = ACTIVATION_SECONDS + 5 * 60.0
"""How long another process that writes the same files is waited for."""


@dataclass(frozen=True)
class Wanted:
    """What shall stand at the end."""

    hsm_id: str
    hsm_uri: str
    custodians: tuple[tuple[str, bytes], ...]
    """Name and DER certificate of each."""
    quorum: int
    destinations: tuple[Destination, ...]
    reissue: bool = False
    """Whether the security domain may be downloaded again although the pool is active already."""
    sources: tuple[Path, ...] = ()
    """Further places where a copy may lie: destinations of an earlier run."""


@dataclass(frozen=True)
class Result:
    """What stands."""

    manifest: Manifest
    files: tuple[Path, ...]
    """Where the security domain lies, read back and compared."""


class Step(Enum):
    """What to do next."""

    ADOPT = auto()
    """A file is proved to be this pool's: use it."""
    WAIT = auto()
    """As ADOPT, but the activation that it came from is still under way."""
    DOWNLOAD = auto()


def decide(
    pool: Pool,
    custody: Custody,
    findings: Sequence[Finding],
    *,
    reissue: bool,
    progress: Callable[[], Progress | None],
) -> Step:
    """The next step, from the pool's state and what lies on disk. Asks ``progress`` only where it matters.

    Raises CustodyError where a person has to decide.
    """
    copy = whole_copy(findings, pool, custody)
    if pool.activation_status != pools.ACTIVE:
        under_way = copy is not None and (state := progress()) is not None and (state.in_progress or state.done)
        return Step.WAIT if under_way else Step.DOWNLOAD
    if copy is not None:
        return Step.ADOPT
    cut_off = any(finding.attempt is not None and finding.attempt.is_for(pool, custody) for finding in findings)
    if reissue or cut_off:
        return Step.DOWNLOAD
    raise CustodyError(
        f"{pool.name} is active, but {_why_not(pool, custody, findings)} — put the right file and its manifest back, "
        f"or set managed-hsm:securityDomain.reissue to {pool.name} to download it again for the configured custodians"
    )


def _why_not(pool: Pool, custody: Custody, findings: Sequence[Finding]) -> str:
    own = [finding for finding in findings if finding.manifest is not None and finding.manifest.is_of(pool)]
    for finding in own:
        if finding.whole and finding.manifest is not None:
            return (
                f"{finding.path} was made for other custodians or another quorum ({finding.manifest.custody}) than "
                f"configured ({custody})"
            )
    for finding in own:
        return f"{finding.path} is {'missing' if finding.content is None else 'not the file of its manifest'}"
    for finding in findings:
        if finding.manifest is not None:
            return (
                f"{finding.path} belongs to {pools.name_of(finding.manifest.hsm_id)} of "
                f"{finding.manifest.hsm_created_at}, and this pool was created at {pool.created_at}"
            )
    for finding in findings:
        if finding.content is not None:
            return f"{finding.path} has no manifest that says whose it is"
    return f"its security domain is not at {', '.join(str(finding.path) for finding in findings)}"


class Activation:
    """One run towards what is wanted."""

    def __init__(
        self,
        session: Session,
        wanted: Wanted,
        *,
        say: Say = silent,
        clock: Clock = SYSTEM_CLOCK,
        seconds: float = ACTIVATION_SECONDS,
    ) -> None:
        """``seconds`` is how long the activation may take once the file is on disk."""
        self._session, self._wanted, self._say, self._clock = session, wanted, say, clock
        self._seconds = seconds
        self._custody = custody_of(wanted.custodians, wanted.quorum)

    def run(self) -> Result:
        """Ends with an active pool and its security domain at every destination.

        May be called again after any crash. Raises DataPlaneError.
        """
        paths = [destination.path for destination in self._wanted.destinations if not destination.optional]
        patience = Patience(LOCK_SECONDS, "waiting for another process", longest=2.0, clock=self._clock)
        with durable_files.locked(paths, patience, self._say):
            return self._run()

    def _run(self) -> Result:
        pool = self._read_pool()
        findings = self._look()
        step = decide(pool, self._custody, findings, reissue=self._wanted.reissue, progress=self._progress)
        copy = whole_copy(findings, pool, self._custody)
        if step is Step.DOWNLOAD or copy is None or copy.manifest is None or copy.content is None:
            return self._download(pool)
        result = self._keep(copy.content, copy.manifest)
        self._say(f"{pool.name}: {copy.path} is its security domain; adopted")
        if step is Step.WAIT and not self._await_activation(pool):
            self._say(f"{pool.name}: the earlier activation failed; activating again")
            return self._download(pool)
        return result

    def _look(self) -> list[Finding]:
        """What lies at the destinations, and where an earlier run kept copies."""
        needed = {destination.path for destination in self._wanted.destinations if not destination.optional}
        places = [*(each.path for each in self._wanted.destinations), *self._wanted.sources]
        findings = []
        for path in dict.fromkeys(places):
            try:
                findings.append(look(path))
            except CustodyError as error:
                if path in needed:
                    raise
                self._say(f"optional destination: {error}")
        return findings

    def _read_pool(self) -> Pool:
        patience = Patience(60.0, f"{self._wanted.hsm_id}: activation status", clock=self._clock)
        while True:
            pool = pools.read(self._session, self._wanted.hsm_id)
            if pool is None:
                raise CustodyError(f"{self._wanted.hsm_id}: there is no such pool")
            if pool.activation_status != pools.UNKNOWN:
                return pool
            patience.pause(because="Azure does not know yet whether the pool is active")

    def _progress(self) -> Progress | None:
        try:
            return security_domain.progress(self._session, self._wanted.hsm_uri)
        except DataPlaneError:
            # Only asked to spare a download; without an answer the pool is activated anew.
            return None

    def _download(self, pool: Pool) -> Result:
        who = str(self._session.principal())
        destinations = self._wanted.destinations
        if pool.activation_status != pools.ACTIVE:
            mark_attempt(destinations, Attempt(pool.id, pool.created_at, self._custody, _now()), self._say)
        self._say(f"{pool.name}: asking for the security domain ({self._custody})")
        content = self._request_download()
        manifest = Manifest(
            hsm_id=pool.id,
            hsm_created_at=pool.created_at,
            custody=self._custody,
            sha256=durable_files.sha256_of(content),
            downloaded_at=_now(),
            downloaded_by=who,
        )
        result = self._keep(content, manifest)
        self._say(f"{pool.name}: the security domain is at {', '.join(str(path) for path in result.files)}")
        if not self._await_activation(pool):
            raise CustodyError(
                f"{pool.name}: the activation failed: {self._failure} — run again; the file is kept meanwhile"
            )
        return result

    def _request_download(self) -> bytes:
        """The request, repeated where the service was busy with another one or out of order for a moment."""
        patience = Patience(120.0, "download of the security domain", first=1.0, clock=self._clock)
        certificates = [der for _, der in self._wanted.custodians]
        while True:
            try:
                return security_domain.download(self._session, self._wanted.hsm_uri, certificates, self._wanted.quorum)
            except DataPlaneError as error:
                if not (error.transient or isinstance(error, ConflictError)):
                    # The service refused, so nothing was begun that a later run would have to finish.
                    unmark_attempt(self._wanted.destinations, self._say)
                    raise
                failure = error
            try:
                patience.pause(retry_after_of(failure))
            except DeadlineError:
                raise failure from None

    def _keep(self, content: bytes, manifest: Manifest) -> Result:
        # Names of custodians are labels: the manifest takes the configured ones.
        named = replace(manifest, custody=self._custody)
        files = keep(self._wanted.destinations, content, named, self._say)
        unmark_attempt(self._wanted.destinations, self._say)
        return Result(named, tuple(files))

    def _await_activation(self, pool: Pool) -> bool:
        """Whether the activation ended well; the service's own words are in ``_failure`` where it did not.

        Answers that may pass are borne until the deadline: the file is safe. Raises DeadlineError.
        """
        patience = Patience(self._seconds, f"{pool.name}: activation", first=0.5, longest=10.0, clock=self._clock)
        self._failure, last = "", ""
        while True:
            wait: float | None = None
            try:
                state = security_domain.progress(self._session, self._wanted.hsm_uri)
            except DataPlaneError as error:
                if not _bearable(error):
                    raise
                last, wait = str(error), retry_after_of(error)
                if self._is_active():
                    return True
            else:
                if state.done:
                    self._say(f"{pool.name}: active")
                    return True
                if state.failed:
                    self._failure = state.details or state.status
                    return False
                line = f"{pool.name}: {state.status}: {state.details}"
                if line != last:
                    self._say(line)
                last = line
            patience.pause(wait, because=last)

    def _is_active(self) -> bool:
        try:
            pool = pools.read(self._session, self._wanted.hsm_id)
        except DataPlaneError:
            return False
        return pool is not None and pool.activation_status == pools.ACTIVE


def _bearable(error: DataPlaneError) -> bool:
    return error.transient or isinstance(error, ForbiddenError | UnauthenticatedError | NotFoundError | ConflictError)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
