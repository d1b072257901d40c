"""What can be done to a local Azure that does not run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from local_azure.core.store import Store
from local_azure.entra.directory import SIGNING_KEYS
from local_azure.server.process import sole_user
from local_azure.server.request_log import earlier_file


def reset_stopped(home: Path) -> None:
    """Forgets the state in ``home`` and the request log. Raises HomeInUse where a daemon is there after all."""
    if not home.is_dir():
        return
    with sole_user(home):
        _clear(home / "state.sqlite")
        log = home / "requests.jsonl"
        for file in (log, earlier_file(log)):
            file.unlink(missing_ok=True)


def _clear(state: Path) -> None:
    try:
        store = Store(state)
        store.clear(keep=SIGNING_KEYS)
        store.close()
    except sqlite3.DatabaseError:
        # Whatever it was, it is to be forgotten.
        for file in (state, *state.parent.glob(f"{state.name}-*")):
            file.unlink(missing_ok=True)
