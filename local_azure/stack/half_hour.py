"""Half an hour that nobody waits for: the local Azure's clock is moved when a restore begins to wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local_azure.server.control import ControlClient, ControlError

_SECONDS = 31 * 60
_LOOKS_EVERY = 0.3
_ASKED_OFTEN = 3
"""After so many questions how a backup stands, whoever asks is waiting for its age, not for its end."""


@contextmanager
def passing(control: ControlClient, pool: str, say: Callable[[str], None]) -> Iterator[None]:
    """Inside, half an hour passes once for the pool's own backup."""
    over = threading.Event()
    host = f"{pool.lower()}.managedhsm.azure.net"

    def watch() -> None:
        while not over.wait(_LOOKS_EVERY):
            try:
                waits = _waits(control.log(), host)
                if waits:
                    say("half an hour passes: the clock of the local Azure is moved")
                    control.move_clock(_SECONDS)
                    return
            except ControlError:
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _waits(log: list[dict[str, Any]], host: str) -> bool:
    asked = [
        each
        for each in log
        if each["host"] == host and each["path"].startswith("/backup/") and each["path"].endswith("/pending")
    ]
    return len(asked) >= _ASKED_OFTEN
