"""Time as Azure sees it, so that a machine whose clock is wrong neither renews for ever nor keeps what has expired."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime


class ServiceClock:
    """Starts with the machine's own time and goes by the ``Date`` of the services' answers from then on. Thread-safe.

    Between two answers it counts seconds since boot, suspended ones too: what is set on the machine's clock meanwhile
    makes no difference.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set(time.time())

    def now(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            return self._time + _since_boot() - self._at

    def learn(self, date: str | None) -> None:
        """Takes the value of a ``Date`` header (RFC 9110, 6.6.1); one that is no date is passed over."""
        try:
            moment = None if date is None else parsedate_to_datetime(date)
        except ValueError:
            return
        if moment is not None and moment.tzinfo is not None:
            with self._lock:
                self._set(moment.timestamp())

    def _set(self, moment: float) -> None:
        self._time, self._at = moment, _since_boot()


def _since_boot() -> float:
    # CLOCK_MONOTONIC stands still while the machine is suspended; only Linux has the other one.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
