"""Reading the small files that the configuration names."""

from __future__ import annotations

import os
import stat
from pathlib import Path

LARGEST_FILE = 1 << 20
"""Bytes; no certificate and no key comes near it."""


class UnusableFile(Exception):
    """A file is not what it has to be; the message says in plain words why, never what is in it."""


def read_file(path: Path) -> bytes:
    """The bytes of a small file. Raises :class:`UnusableFile` where there is none that can be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UnusableFile("is a directory")
        if not stat.S_ISREG(mode):
            raise UnusableFile("is not a plain file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableFile("does not exist") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no possible name of a file"
        raise UnusableFile(f"cannot be read ({reason})") from None
    if not content.strip():
        raise UnusableFile("is empty")
    if len(content) > LARGEST_FILE:
        raise UnusableFile("is too large")
    return content


def is_directory(path: Path) -> bool:
    """Whether there is a directory; False also where nobody can tell."""
    try:
        return path.is_dir()
    except OSError:
        return False


def real_path(path: Path) -> str:
    """The path without symbolic links and dots, by which two spellings of one file are told; it need not exist."""
    return os.path.realpath(path)
