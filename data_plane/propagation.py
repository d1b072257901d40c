"""What this process knows of role assignments that may not have spread through the pool yet.

An assignment takes a moment to reach every partition: until then the service answers 403.
"""

from __future__ import annotations

import threading
from typing import Final

from data_plane.errors import DataPlaneError, ForbiddenError
from data_plane.waiting import SYSTEM_CLOCK, Clock

SPREADING_SECONDS: Final = 180.0
"""For how long after an assignment a 403 may be a passing one."""

_lock: Final = threading.Lock()
_assigned_at: Final[dict[str, float]] = {}


def note_assignment(hsm_uri: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Remembers that a role was assigned in this pool just now."""
    with _lock:
        _assigned_at[_key(hsm_uri)] = clock.monotonic()


def seconds_left(hsm_uri: str, clock: Clock = SYSTEM_CLOCK) -> float:
    """For how long from now a 403 of this pool may still be a passing one; 0 where it is final."""
    with _lock:
        assigned_at = _assigned_at.get(_key(hsm_uri))
    return 0.0 if assigned_at is None else max(0.0, assigned_at + SPREADING_SECONDS - clock.monotonic())


def forget() -> None:
    """Remembers no assignment any more."""
    with _lock:
        _assigned_at.clear()


def is_passing(error: DataPlaneError) -> bool:
    """Whether the error looks like an assignment that has not spread. The firewall's 403 is not."""
    return isinstance(error, ForbiddenError) and not error.by_firewall


def _key(hsm_uri: str) -> str:
    return hsm_uri.rstrip("/").lower()
