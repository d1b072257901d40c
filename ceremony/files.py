"""Reading what is given, and writing results: new files only, whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from ceremony.errors import CeremonyError, OutputError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
_LARGEST: Final = 64 * 1024 * 1024
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def read(path: Path) -> bytes:
    """The file's bytes. Raises CeremonyError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise CeremonyError(f"{path}: there is no such file") from None
    except OSError as error:
        raise CeremonyError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise CeremonyError(f"{path}: is larger than 64 MiB; no file of a ceremony is")
    return content


def check_free(*paths: Path) -> None:
    """Raises OutputError where something lies already: better before the work than after it."""
    for path in paths:
        if os.path.lexists(path):
            raise _taken(path)


def write_new(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Puts a new file at the path, flushed and read back; never over another one.

    Raises OutputError, and then there is nothing at the path that was not there before.
    """
    temporary: Path | None = None
    published = False
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            _fill(file.fileno(), content, mode)
        _publish(temporary, path, content, mode)
        published = True
        _flush_directory(path.parent)
    except FileExistsError:
        raise _taken(path) from None
    except FileNotFoundError:
        raise OutputError(f"{path}: there is no directory {path.parent}; make it first") from None
    except OSError as error:
        if published:
            _remove(path)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        if temporary is not None:
            _remove(temporary)
    _read_back(path, content)


def write_all_new(files: list[tuple[Path, bytes, int]]) -> None:
    """Several new files that belong together: all of them, or none. Raises OutputError."""
    check_free(*(path for path, _, _ in files))
    written: list[Path] = []
    try:
        for path, content, mode in files:
            write_new(path, content, mode)
            written.append(path)
    except BaseException:
        for path in written:
            _remove(path)
        raise


def _fill(descriptor: int, content: bytes, mode: int) -> None:
    if mode != PRIVATE:
        # A file system without modes refuses; the file is then as open as the whole disk.
        with suppress(PermissionError):
            os.fchmod(descriptor, mode)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _publish(temporary: Path, path: Path, content: bytes, mode: int) -> None:
    """Gives the file its name, unless something has it: a link fails then, a rename would not."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _write_exclusively(path, content, mode)


def _write_exclusively(path: Path, content: bytes, mode: int) -> None:
    """For file systems without links, as memory sticks have."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _fill(file.fileno(), content, mode)
    except BaseException:
        _remove(path)
        raise


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _read_back(path: Path, content: bytes) -> None:
    if read(path) != content:
        _remove(path)
        raise OutputError(f"{path}: what was read back is not what was written; it was removed: use another disk")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _taken(path: Path) -> OutputError:
    return OutputError(f"{path}: exists already and is never overwritten; choose another name")
