"""What can be done to a local Azure that does not run."""

from __future__ import annotations

from pathlib import Path

from local_azure.core.store import Store
from local_azure.entra.tokens import SIGNING_KEYS
from local_azure.server.process import sole_user
from local_azure.server.request_log import earlier_file


def reset_stopped(home: Path) -> None:
    """Forgets the state in ``home`` and the request log. Raises HomeInUse where a daemon is there after all."""
    if not home.is_dir():
        return
    with sole_user(home):
        store = Store(home / "state.sqlite")
        store.clear(keep=SIGNING_KEYS)
        store.close()
        log = home / "requests.jsonl"
        for file in (log, earlier_file(log)):
            file.unlink(missing_ok=True)
