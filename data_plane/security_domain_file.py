"""Where a security domain is kept: the file or blob at each destination, and beside it its manifest.

::

    az400popMHSM-SD.json                  the security domain, mode 0600
    az400popMHSM-SD.json.manifest.json    which pool, custodians and bytes it belongs to
    az400popMHSM-SD.json.attempt.json     only while an activation is between its request and the file
    az400popMHSM-SD.json.lock             held by the process that writes
    az400popMHSM-SD.json.<time>           an earlier file, with its manifest; never deleted by this program

Beside a blob it is the same but for the lock, which is this computer's (:func:`lock_file`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from data_plane import durable_files, security_domain_blob
from data_plane.blobs import Blob
from data_plane.custody import Attempt, Custody, Manifest, stamp
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.waiting import Say, silent

ROOM_BYTES: Final = 512 * 1024
"""More than a security domain takes (16 kB for three custodians) with its manifest and what is written beside it."""


Place = Path | Blob
"""A file, or a blob in a storage account."""


@dataclass(frozen=True)
class Destination:
    """A place where the security domain is kept."""

    place: Place
    optional: bool = False
    """Whether the activation goes on although this place failed."""
    handed_over: bool = False
    """Whether the file has been taken from here into custody: then nothing is looked for or written here."""


@dataclass(frozen=True)
class Finding:
    """What lies at one destination."""

    place: Place
    content: bytes | None
    manifest: Manifest | None
    attempt: Attempt | None

    @property
    def whole(self) -> bool:
        """Whether the file is the one that its manifest describes."""
        if self.content is None or self.manifest is None:
            return False
        return durable_files.sha256_of(self.content) == self.manifest.sha256


def manifest_path(path: Path) -> Path:
    """Where the manifest of a security-domain file lies."""
    return path.with_name(f"{path.name}.manifest.json")


def attempt_path(path: Path) -> Path:
    """Where an activation leaves its mark until the file is on disk."""
    return path.with_name(f"{path.name}.attempt.json")


def companions(path: Path) -> tuple[Path, Path, Path]:
    """What is written beside a security-domain file under names of its own."""
    return manifest_path(path), attempt_path(path), durable_files.lock_path(path)


def lock_file(place: Place) -> Path:
    """The file on whose behalf a process holds a lock while it writes the place.

    A blob's is this computer's: other computers are kept out by the stack's lock, and by the conditions of each write.
    """
    if isinstance(place, Path):
        return place
    mine = Path(tempfile.gettempdir(), f"managed-hsm-{os.getuid()}")
    return mine / durable_files.sha256_of(place.url.encode())[:32]


def look(place: Place) -> Finding:
    """What lies there. Raises CustodyError where something cannot be read."""
    if isinstance(place, Blob):
        manifest, attempt, content = map(security_domain_blob.content_of, security_domain_blob.parts(place))
    else:
        manifest = durable_files.content_of(manifest_path(place))
        attempt = durable_files.content_of(attempt_path(place))
        content = durable_files.content_of(place)
    return Finding(
        place=place,
        content=content,
        manifest=None if manifest is None else Manifest.from_json(manifest.decode(errors="replace")),
        attempt=None if attempt is None else Attempt.from_json(attempt.decode(errors="replace")),
    )


def is_in_order(destination: Destination, sha256: str) -> bool:
    """Whether the very file lies there, unaltered, with its manifest; from where it was handed over it may be gone.

    An optional place that cannot be read is not in order. Raises CustodyError for any other that cannot.
    """
    try:
        finding = look(destination.place)
    except CustodyError:
        if destination.handed_over or destination.optional:
            return destination.handed_over
        raise
    if destination.handed_over and finding.content is None:
        return True
    return finding.whole and finding.manifest is not None and finding.manifest.sha256 == sha256


def whole_copy(findings: Iterable[Finding], pool: Pool, custody: Custody) -> Finding | None:
    """The first file that is proved to be this very pool's, for these custodians."""
    for finding in findings:
        manifest = finding.manifest
        if finding.whole and manifest is not None and manifest.is_of(pool) and manifest.custody.fits(custody):
            return finding
    return None


def mark_attempt(destinations: Sequence[Destination], attempt: Attempt, say: Say = silent) -> None:
    """Leaves the attempt's mark everywhere, where there is room for what is asked for next.

    Raises CustodyError for a place that is not optional.
    """
    for destination in destinations:
        try:
            _mark(destination.place, attempt)
        except CustodyError as error:
            if not destination.optional:
                raise
            say(f"optional destination: {error}")


def unmark_attempt(destinations: Sequence[Destination], say: Say = silent) -> None:
    """Takes the marks away. Raises CustodyError for a place that is not optional."""
    for destination in destinations:
        try:
            _unmark(destination.place, say)
        except CustodyError as error:
            if not destination.optional:
                raise
            say(f"optional destination: {error}")


def _mark(place: Place, attempt: Attempt) -> None:
    if isinstance(place, Blob):
        security_domain_blob.mark(place, attempt)
        return
    durable_files.require_room(place, ROOM_BYTES)
    durable_files.write(attempt_path(place), attempt.to_json().encode())


def _unmark(place: Place, say: Say) -> None:
    if isinstance(place, Blob):
        security_domain_blob.unmark(place, say)
    else:
        durable_files.remove(attempt_path(place))


def keep(destinations: Sequence[Destination], content: bytes, manifest: Manifest, say: Say = silent) -> list[Place]:
    """Puts file and manifest at every destination; answers where they lie now.

    What else lay there is kept under another name. Every place is tried before a failure is raised, so that a full
    disk in one place does not cost the copy in another. Raises CustodyError.
    """
    kept: list[Place] = []
    failures: list[str] = []
    for destination in destinations:
        try:
            _keep_at(destination.place, content, manifest, say)
            kept.append(destination.place)
        except CustodyError as error:
            if destination.optional:
                say(f"optional destination: {error}")
            else:
                failures.append(str(error))
    if failures:
        elsewhere = f"; it is safe at {', '.join(map(str, kept))}" if kept else ""
        raise CustodyError(f"{'; '.join(failures)}{elsewhere} — mend this and run again")
    return kept


def _keep_at(path: Place, content: bytes, manifest: Manifest, say: Say) -> None:
    if isinstance(path, Blob):
        security_domain_blob.keep(path, content, manifest, say)
        return
    present = durable_files.content_of(path)
    if present is not None and present != content:
        _set_aside(path, say)
    if present != content:
        durable_files.write(path, content)
    else:
        durable_files.restrict(path)
    durable_files.write(manifest_path(path), manifest.to_json().encode())


def _set_aside(path: Path, say: Say) -> None:
    """Renames a file and takes its manifest along; the manifest first, so that a crash separates nothing."""
    aside = durable_files.free_name(path, _stamp(path))
    manifest = durable_files.content_of(manifest_path(path))
    if manifest is not None:
        durable_files.write(manifest_path(aside), manifest)
    durable_files.rename(path, aside)
    say(f"the earlier {path.name} is kept as {aside.name}")


def _stamp(path: Path) -> str:
    """The creation time of the pool that the file belongs to, else the file's own time."""
    own = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return stamp(look(path).manifest, own)
