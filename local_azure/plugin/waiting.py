"""Waiting that the engine can end: each operation has its time, and Cancel stops them all."""

from __future__ import annotations

import threading
import time

from local_azure.plugin.errors import Stopped

DEFAULT_SECONDS = 7200.0
"""What azure-native gives an operation without custom timeouts."""


class Deadline:
    """The time that one operation has."""

    def __init__(self, cancelled: threading.Event, seconds: float = 0.0) -> None:
        """``seconds``: the engine's custom timeout, 0 where there is none."""
        self._cancelled = cancelled
        self._seconds = seconds if seconds > 0 else DEFAULT_SECONDS
        self._end = time.monotonic() + self._seconds

    def check(self) -> None:
        """Raises Stopped where the operation must end."""
        self.wait(0.0)

    def wait(self, seconds: float) -> None:
        """Sleeps. Raises Stopped as soon as the operation must end."""
        left = self._end - time.monotonic()
        if self._cancelled.wait(max(0.0, min(seconds, left))):
            raise Stopped("the engine cancelled the operation")
        if left <= seconds:
            raise Stopped(f"not done within {self._seconds:g} seconds")
