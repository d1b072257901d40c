"""Activates a pool, and finds its way again after any crash.

The security domain is at every destination before the activation is waited for: the service hands it out once, the
activation cannot be undone, and nobody else has a copy. See docs/adr/0006-activation-that-cannot-be-lost.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from data_plane import durable_files, handed_over, recovered_domain, recovery, security_domain
from data_plane import pool as pools
from data_plane.activation_step import NOWHERE_TO_WRITE, Step, decide
from data_plane.custody import Attempt, Manifest, custody_of
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
from data_plane.security_domain_file import (
    Destination,
    Finding,
    Place,
    keep,
    lock_file,
    look,
    mark_attempt,
    unmark_attempt,
    whole_copy,
)
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
    sources: tuple[Place, ...] = ()
    """Further places where a copy may lie: destinations of an earlier run."""
    known: Manifest | None = None
    """What an earlier run knew of this pool's security domain."""
    recover_from: Place | None = None
    """What a quorum made of another pool's security domain, for this pool to take in instead of a new one."""


@dataclass(frozen=True)
class Result:
    """What stands."""

    manifest: Manifest
    files: tuple[Place, ...]
    """Where the security domain lies, read back and compared: nowhere, once it is handed over."""


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
        here = tuple(each for each in wanted.destinations if not each.handed_over)
        self._session, self._wanted, self._say, self._clock = session, replace(wanted, destinations=here), say, clock
        self._seconds = seconds
        self._custody = custody_of(wanted.custodians, wanted.quorum)
        self._needed = [each.place for each in here if not each.optional]
        self._handed_over = [each.place for each in wanted.destinations if each.handed_over]

    def run(self) -> Result:
        """Ends with an active pool and its security domain at every destination.

        May be called again after any crash. Raises DataPlaneError.
        """
        patience = Patience(LOCK_SECONDS, "waiting for another process", longest=2.0, clock=self._clock)
        with durable_files.locked(list(map(lock_file, self._needed)), patience, self._say):
            return self._run()

    def _run(self) -> Result:
        pool = self._read_pool()
        findings = self._look()
        gone = [finding for finding in findings if finding.place in self._handed_over]
        handed_over.judge(pool, self._custody, gone, self._say)
        nothing_here = bool(self._handed_over) and not self._needed
        record = handed_over.record(pool, self._custody, gone, self._wanted.known) if nothing_here else None
        if nothing_here and record is None and not self._wanted.reissue:
            handed_over.require_record(pool, self._custody, findings, self._handed_over)
        step = decide(
            pool,
            self._custody,
            findings,
            reissue=self._wanted.reissue,
            progress=self._progress,
            handed_over=record,
        )
        copy = whole_copy(findings, pool, self._custody)
        if not self._needed and (step is Step.DOWNLOAD or pool.activation_status != pools.ACTIVE):
            raise CustodyError(f"{pool.name}: {NOWHERE_TO_WRITE}")
        if self._wanted.recover_from is not None and pool.activation_status != pools.ACTIVE:
            begun = any(each.attempt is not None and each.attempt.is_for(pool, self._custody) for each in findings)
            return self._recover(pool, self._wanted.recover_from, begun=begun)
        if step is Step.HANDED_OVER and record is not None:
            return self._trust(record)
        if step is Step.DOWNLOAD or copy is None or copy.manifest is None or copy.content is None:
            return self._download(pool)
        result = self._keep(copy.content, copy.manifest)
        self._say(f"{pool.name}: {copy.place} is its security domain; adopted")
        if step is Step.WAIT and not self._await_activation(pool):
            self._say(f"{pool.name}: the earlier activation failed; activating again")
            return self._download(pool)
        return result

    def _look(self) -> list[Finding]:
        """What lies at the destinations, and where an earlier run kept copies."""
        places = [*(each.place for each in self._wanted.destinations), *self._wanted.sources, *self._handed_over]
        findings = []
        for place in dict.fromkeys(places):
            try:
                findings.append(look(place))
            except CustodyError as error:
                if place in self._needed:
                    raise
                if place not in self._handed_over:
                    self._say(f"optional destination: {error}")
        return findings

    def _trust(self, record: Manifest) -> Result:
        """The file is in custody; a place that is optional goes without a copy."""
        for destination in self._wanted.destinations:
            self._say(f"optional destination: {destination.place}: there is no file here to copy")
        return Result(replace(record, custody=self._custody), ())

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

    def _recover(self, pool: Pool, blob: Place, *, begun: bool) -> Result:
        """Has the pool take in the blob, then downloads for its own custodians what it shares from then on.

        ``begun``: an earlier run may have uploaded it, though ARM does not show the pool as active yet.
        """
        content = recovered_domain.content(self._session, pool, blob)
        mark_attempt(self._wanted.destinations, Attempt(pool.id, pool.created_at, self._custody, _now()), self._say)
        self._say(f"{pool.name}: taking in {blob}")
        recovery.restore(
            self._session,
            self._wanted.hsm_uri,
            content,
            say=self._say,
            clock=self._clock,
            seconds=self._seconds,
            continued=begun,
        )
        return self._download(replace(pool, activation_status=pools.ACTIVE))

    def _download(self, pool: Pool) -> Result:
        who = str(self._session.principal())
        destinations = self._wanted.destinations
        if pool.activation_status != pools.ACTIVE:
            mark_attempt(destinations, Attempt(pool.id, pool.created_at, self._custody, _now()), self._say)
        self._say(f"{pool.name}: asking for the security domain ({self._custody})")
        content = self._request_download(pool)
        manifest = Manifest(
            hsm_id=pool.id,
            hsm_created_at=pool.created_at,
            custody=self._custody,
            sha256=durable_files.sha256_of(content),
            downloaded_at=_now(),
            downloaded_by=who,
        )
        result = self._keep(content, manifest)
        self._say(f"{pool.name}: the security domain is at {', '.join(map(str, result.files))}")
        if not self._await_activation(pool):
            raise CustodyError(
                f"{pool.name}: the activation failed: {self._failure} — run again; the file is kept meanwhile"
            )
        return result

    def _request_download(self, pool: Pool) -> bytes:
        """The request, repeated where the service was busy with another one or out of order for a moment."""
        patience = Patience(120.0, "download of the security domain", first=1.0, clock=self._clock)
        certificates = [der for _, der in self._wanted.custodians]
        while True:
            try:
                return security_domain.download(self._session, self._wanted.hsm_uri, certificates, self._wanted.quorum)
            except DataPlaneError as error:
                if not (error.transient or isinstance(error, ConflictError)):
                    if pool.activation_status != pools.ACTIVE:
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
