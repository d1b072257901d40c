"""The time of the local Azure, which tests can move."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from local_azure.core.store import Store

_COLLECTION, _KEY = "core.clock", "offset"


class Clock:
    """Real time plus an offset that is kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = float((store.get(_COLLECTION, _KEY) or {}).get("seconds", 0.0))

    def timestamp(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._offset

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def move(self, by: timedelta) -> None:
        """Moves the clock, back too; lasts over a restart."""
        self._offset += by.total_seconds()
        self._store.put(_COLLECTION, _KEY, {"seconds": self._offset})

    def reset(self) -> None:
        """Back to real time."""
        self.move(timedelta(seconds=-self._offset))


def iso(moment: datetime) -> str:
    """As ARM writes times: ``2026-01-31T12:00:00.1234567Z``, seven digits after the point."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
