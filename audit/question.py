"""Which events somebody wants to see."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from audit.errors import AuditError
from audit.events import Event

RESULTS: Final = ("ok", "refused", "failed")
_BACK: Final = re.compile(r"(\d+)([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Question:
    """What an event must be; what is empty or None does not matter."""

    since: datetime
    until: datetime
    operations: Sequence[str] = ()
    """Names, with ``*`` for anything; case does not matter."""
    who: Sequence[str] = ()
    """Object ids, client ids or sign-in names."""
    callers: Sequence[str] = ()
    """Addresses or networks."""
    results: Sequence[str] = ()
    """``ok``, ``refused``, ``failed``, or statuses."""
    keys: Sequence[str] = ()
    """Names of keys or secrets, with ``*`` for anything."""

    with_challenges: bool = True
    """Whether also requests that brought no token: the first of most clients, which learn from it whom to ask."""

    def wants(self, event: Event) -> bool:
        """Whether the event is one of those."""
        return (
            self.since <= event.time <= self.until
            and (self.with_challenges or not event.is_challenge)
            and _any_like(self.operations, event.operation)
            and (not self.who or bool({each.lower() for each in self.who} & _names(event)))
            and (not self.callers or any(_within(event.caller, each) for each in self.callers))
            and (not self.results or bool({event.result, str(event.status)} & set(self.results)))
            and (not self.keys or _any_like(self.keys, event.key.partition("/")[0]))
        )

    def check(self) -> None:
        """Raises AuditError for what nothing can ever be."""
        if self.since >= self.until:
            raise AuditError(f"--since {self.since.isoformat()} is not before --until {self.until.isoformat()}")
        for caller in self.callers:
            try:
                ipaddress.ip_network(caller, strict=False)
            except ValueError:
                raise AuditError(f"--from {caller}: an address or a network, such as 203.0.113.0/24") from None
        for result in self.results:
            if result not in RESULTS and not re.fullmatch(r"[1-5]\d\d", result):
                raise AuditError(f"--result {result}: {', '.join(RESULTS)}, or a status such as 403")


def moment(text: str, now: datetime, option: str) -> datetime:
    """A point in time: ``2h`` or ``7d`` ago, a date, or a date and a time (ISO 8601, UTC). Raises AuditError."""
    back = _BACK.fullmatch(text)
    try:
        if back is not None:
            return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise AuditError(f"{option} {text}: 30m, 2h or 7d ago, or 2026-01-31, or 2026-01-31T12:00:00Z") from None
    return found


def _any_like(patterns: Sequence[str], name: str) -> bool:
    return not patterns or any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


def _names(event: Event) -> set[str]:
    return {name.lower() for name in (event.object_id, event.application, event.user) if name}


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
