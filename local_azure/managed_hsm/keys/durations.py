"""ISO 8601 durations (``P90D``, ``P1Y10D``, ``PT48H``) on the calendar in UTC."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,4})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?"
)
_MONTHS_MAXIMUM, _SECONDS_MAXIMUM = 1_200, 36_525 * 86_400


@dataclass(frozen=True)
class Duration:
    """Whole units only."""

    months: int
    seconds: int

    def after(self, moment: int) -> int:
        """Seconds since 1970 at which it has passed from ``moment`` on."""
        return self._moved(moment, 1)

    def before(self, moment: int) -> int:
        """Seconds since 1970 from which on it takes to ``moment``."""
        return self._moved(moment, -1)

    def _moved(self, moment: int, direction: int) -> int:
        start = datetime.fromtimestamp(moment, UTC)
        month = start.year * 12 + start.month - 1 + direction * self.months
        year, month = divmod(month, 12)
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        moved = start.replace(year=year, month=month + 1, day=day)
        return int((moved + direction * timedelta(seconds=self.seconds)).timestamp())


def duration(text: str) -> Duration:
    """Of its ISO 8601 form; ValueError where it is none, or longer than a hundred years."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("not an ISO 8601 duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    whole = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    if years * 12 + months > _MONTHS_MAXIMUM or whole > _SECONDS_MAXIMUM:
        raise ValueError("longer than a hundred years")
    return Duration(months=years * 12 + months, seconds=whole)
