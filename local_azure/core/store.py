"""State on disk: JSON documents by collection and key, in one SQLite file.

A write is on disk before the answer to its request leaves, so a killed daemon loses nothing that it confirmed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID
"""

_LAST = "\U0010ffff"
"""Behind it comes no key that begins so: lets a search end where the prefix does."""


class Store:
    """Thread-safe. Documents go in and come out as copies: changing one changes nothing until it is put back."""

    def __init__(self, path: Path | str) -> None:
        """Opens or makes the file; ``:memory:`` keeps everything in memory."""
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, alone: no other thread reads or writes meanwhile. May be nested."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def get(self, collection: str, key: str) -> Document | None:
        """The document, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT value FROM documents WHERE collection = ? AND key = ?", (collection, key)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, collection: str, key: str, value: Document) -> None:
        """Writes the document, in place of an earlier one."""
        text = json.dumps(value, separators=(",", ":"))
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, key, text))

    def delete(self, collection: str, key: str) -> bool:
        """Whether there was one to delete."""
        with self._lock:
            cursor = self._connection.execute(
                "DELETE FROM documents WHERE collection = ? AND key = ?", (collection, key)
            )
        return cursor.rowcount > 0

    def scan(self, collection: str, prefix: str = "", after: str = "", limit: int = -1) -> list[tuple[str, Document]]:
        """Keys and documents in the order of the keys: those that begin with ``prefix`` and come after ``after``."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, value FROM documents"
                " WHERE collection = ? AND key >= ? AND key > ? AND key < ? AND substr(key, 1, ?) = ?"
                " ORDER BY key LIMIT ?",
                (collection, prefix, after, prefix + _LAST, len(prefix), prefix, limit),
            ).fetchall()
        return [(key, json.loads(value)) for key, value in rows]

    def delete_prefix(self, collection: str, prefix: str) -> int:
        """Deletes every document whose key begins with ``prefix``; answers how many."""
        with self._lock:
            cursor = self._connection.execute(
                "DELETE FROM documents WHERE collection = ? AND substr(key, 1, ?) = ?",
                (collection, len(prefix), prefix),
            )
        return cursor.rowcount

    def count(self, collection_prefix: str) -> int:
        """How many documents the collections whose names begin so hold together."""
        with self._lock:
            row = self._connection.execute(
                "SELECT count(*) FROM documents WHERE substr(collection, 1, ?) = ?",
                (len(collection_prefix), collection_prefix),
            ).fetchone()
        return int(row[0])

    @property
    def changes(self) -> int:
        """A number that grows with every document written or deleted."""
        with self._lock:
            return self._connection.total_changes

    def snapshot(self) -> Store:
        """A copy in memory of what there is now; it is closed when nobody holds it any more."""
        copy = Store(":memory:")
        with self._lock:
            self._connection.backup(copy._connection)
        weakref.finalize(copy, copy._connection.close)
        return copy

    def clear(self, *, keep: str = "") -> None:
        """Forgets everything but the collection ``keep``."""
        with self._lock:
            self._connection.execute("DELETE FROM documents WHERE collection != ?", (keep,))

    def close(self) -> None:
        """Closes the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()
