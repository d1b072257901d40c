"""What was asked of the local Azure and how it answered, one JSON object a line; no bodies, no credentials."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_LARGEST = 8 * 1024 * 1024
"""Bytes after which the file is put aside; one earlier file is kept."""
_SECRET_PARAMETERS = frozenset(
    ("sig", "code", "token", "access_token", "id_token", "client_secret", "client_assertion", "password", "assertion")
)


class RequestLog:
    """The file that requests are written to, ``<home>/requests.jsonl``. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._descriptor = _open(path)
        self._size = os.fstat(self._descriptor).st_size

    def write(self, entry: Mapping[str, Any]) -> None:
        """Adds one line."""
        line = (json.dumps(entry, separators=(",", ":")) + "\n").encode()
        with self._lock:
            if self._size + len(line) > _LARGEST:
                self._rotate()
            self._size += os.write(self._descriptor, line)

    def clear(self) -> None:
        """Forgets every line."""
        with self._lock:
            os.ftruncate(self._descriptor, 0)
            self._size = 0
            earlier_file(self.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file; nothing can be written afterwards."""
        os.close(self._descriptor)

    def _rotate(self) -> None:
        os.close(self._descriptor)
        self.path.replace(earlier_file(self.path))
        self._descriptor = _open(self.path)
        self._size = 0


def earlier_file(path: Path) -> Path:
    """Where the lines before the current file's went."""
    return path.with_name(path.name + ".1")


def redacted(query: Mapping[str, str]) -> str:
    """The query string without the values that would open something."""
    return urlencode({name: "***" if name.lower() in _SECRET_PARAMETERS else value for name, value in query.items()})


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Every line there is, oldest first; a line that was cut off by a crash is left out."""
    yield from _entries_of(earlier_file(path))
    yield from _entries_of(path)


def follow(path: Path, *, poll_seconds: float = 0.2) -> Iterator[dict[str, Any]]:
    """Every line there is, oldest first, then each new one as it comes, over rotations and resets. Never ends."""
    yield from _entries_of(earlier_file(path))
    place = _Place(0, 0)
    while True:
        text, place = _read_on(path, place)
        for line in text.splitlines():
            if (entry := parsed(line)) is not None:
                yield entry
        if not text:
            time.sleep(poll_seconds)


def parsed(line: str) -> dict[str, Any] | None:
    """The entry on this line, or None where it is not whole."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def readable(entry: Mapping[str, Any]) -> str:
    """One entry as a line for people."""
    query = f"?{entry['query']}" if entry.get("query") else ""
    line = (
        f"{entry['time']}  {entry['status'] or '---':>3} {entry['milliseconds']:>6} ms  "
        f"{entry['method']:<7} {entry['host']}{entry['path']}{query}"
    )
    if entry["origin"] != "outside":
        line += f"  from {entry['origin']}"
    line += f"  ({entry['note']})" if entry.get("note") else ""
    # A path is whatever the client sent: it must not steer the terminal.
    return "".join(character if character.isprintable() else "?" for character in line)


def _entries_of(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if (entry := parsed(line)) is not None:
                    yield entry


@dataclass(frozen=True)
class _Place:
    """How far somebody has read."""

    inode: int
    offset: int


def _read_on(path: Path, place: _Place) -> tuple[str, _Place]:
    """The whole lines after this place, and the place after them."""
    earlier = earlier_file(path)
    if earlier.exists() and earlier.stat().st_ino == place.inode:
        rest, after = _whole_lines(earlier, place)
        if rest:
            return rest, after
    return _whole_lines(path, place) if path.exists() else ("", place)


def _whole_lines(file: Path, place: _Place) -> tuple[str, _Place]:
    with file.open("rb") as lines:
        status = os.fstat(lines.fileno())
        same = place.inode == status.st_ino and place.offset <= status.st_size
        offset = place.offset if same else 0
        lines.seek(offset)
        text, newline, _ = lines.read().rpartition(b"\n")
    whole = text + newline
    return whole.decode(), _Place(status.st_ino, offset + len(whole))


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
