"""What was asked of the local Azure and how it answered, one JSON object a line; no bodies, no credentials."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO
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
    for file in (earlier_file(path), path):
        if file.exists():
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    if (entry := parsed(line)) is not None:
                        yield entry


def follow(path: Path, *, forever: bool, poll_seconds: float = 0.2) -> Iterator[dict[str, Any]]:
    """Every line there is, oldest first; then, where asked to, each new one as it comes, over rotations and resets."""
    yield from entries(path)
    if not forever:
        return
    file, rest = _at_end(path), ""
    while True:
        text = "" if file is None else file.read()
        if text:
            *lines, rest = (rest + text).split("\n")
            yield from (entry for line in lines if (entry := parsed(line)) is not None)
            continue
        if file is None or _replaced(path, file):
            if file is not None:
                file.close()
            file, rest = (path.open(encoding="utf-8") if path.exists() else None), ""
        if file is None or not text:
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


def _at_end(path: Path) -> TextIO | None:
    if not path.exists():
        return None
    file = path.open(encoding="utf-8")
    file.seek(0, os.SEEK_END)
    return file


def _replaced(path: Path, file: TextIO) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return True
    return now.st_ino != os.fstat(file.fileno()).st_ino or now.st_size < file.tell()


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
