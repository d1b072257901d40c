"""Files that must not be lost: written beside their place, flushed, renamed, flushed again, read back."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from data_plane.errors import CustodyError, DeadlineError
from data_plane.waiting import Patience, Say, silent

_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_DIRECTORY: Final = 0o700
_UNFINISHED: Final = ".part"


def sha256_of(content: bytes) -> str:
    """Lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def content_of(path: Path) -> bytes | None:
    """The file's bytes, or None where there is no file. Raises CustodyError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CustodyError(f"{path}: cannot be read: {error.strerror}") from None


def write(path: Path, content: bytes) -> None:
    """Puts the bytes at the path, whole or not at all, readable by the owner only, and reads them back.

    After it returns the file survives a crash of the machine. Takes the place of an existing file, and clears away
    what a killed write of the same file left half done: the caller holds the lock. Raises CustodyError.
    """
    try:
        with _written_beside(path, content) as temporary:
            temporary.replace(path)
        _flush_directory(path.parent)
        written = path.read_bytes()
    except OSError as error:
        raise CustodyError(f"{path}: cannot be written: {error.strerror}") from None
    if sha256_of(written) != sha256_of(content):
        raise CustodyError(f"{path}: what was read back is not what was written; the disk or file system is at fault")


def require_room(path: Path, size: int) -> None:
    """Writes as many bytes beside the path and takes them away again. Raises CustodyError where there is no room."""
    try:
        with _written_beside(path, bytes(size)):
            pass
    except OSError as error:
        raise CustodyError(
            f"{path}: there is no room for {size // 1024} kB: {error.strerror} — make room there, or choose another"
            " place"
        ) from None


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """A flushed file with the bytes, in the same directory; gone afterwards, unless it was renamed."""
    _make_directory(path.parent)
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{_UNFINISHED}"):
        leftover.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        with suppress(OSError):
            Path(name).unlink()


def restrict(path: Path) -> None:
    """Lets only the owner read the file. Raises CustodyError."""
    try:
        path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise CustodyError(f"{path}: its mode cannot be set to 0600: {error.strerror}") from None


def rename(path: Path, target: Path) -> None:
    """Renames a file for good. Raises CustodyError."""
    try:
        path.rename(target)
        _flush_directory(target.parent)
    except OSError as error:
        raise CustodyError(f"{path}: cannot be renamed to {target.name}: {error.strerror}") from None


def remove(path: Path) -> None:
    """Removes a file that holds nothing of value; a missing one is fine. Raises CustodyError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CustodyError(f"{path}: cannot be removed: {error.strerror}") from None


def free_name(path: Path, stamp: str) -> Path:
    """A name beside ``path`` that nothing has yet: ``<name>.<stamp>``, with a number where that is taken."""
    number = 0
    while True:
        candidate = path.with_name(f"{path.name}.{stamp}" + (f".{number}" if number else ""))
        if not candidate.exists():
            return candidate
        number += 1


def _make_directory(directory: Path) -> None:
    """Makes it and whatever it lies in, for the owner only: ``mkdir`` leaves the outer ones to the umask."""
    for each in (*reversed(directory.parents), directory):
        if not each.exists():
            each.mkdir(mode=_OWNER_ONLY_DIRECTORY, exist_ok=True)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_path(path: Path) -> Path:
    """What the process that writes a file holds."""
    return path.with_name(f"{path.name}.lock")


@contextmanager
def locked(paths: list[Path], patience: Patience, say: Say = silent) -> Iterator[None]:
    """Holds a lock beside each of the files, so that no other process writes them.

    A provider that outlived its engine may still be writing: it is waited for. The operating system takes the lock
    from a process that dies. Raises CustodyError, DeadlineError.
    """
    with ExitStack() as held:
        for path in sorted({path.resolve() for path in paths}):
            held.enter_context(_lock(lock_path(path), patience, say))
        yield


@contextmanager
def _lock(path: Path, patience: Patience, say: Say) -> Iterator[None]:
    try:
        _make_directory(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        raise CustodyError(f"{path.parent}: cannot be written to: {error.strerror}") from None
    try:
        said = False
        while not _try_lock(descriptor, path):
            if not said:
                say(f"another process is writing {path.name.removesuffix('.lock')}: waiting for it to end")
                said = True
            try:
                patience.pause()
            except DeadlineError:
                raise DeadlineError(
                    f"{path}: another process has held this lock for {patience.elapsed:.0f} seconds — "
                    "find it (fuser shows it) and end it, then run again"
                ) from None
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise CustodyError(f"{path}: this file system keeps no locks: {error.strerror}") from None
    return True
