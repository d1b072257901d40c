"""Waiting with a deadline: back-off, Retry-After, confirmations. Time comes from a clock that tests replace."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from data_plane.errors import DataPlaneError, DeadlineError, RequestError, ThrottledError

T = TypeVar("T")

_BUSY_SECONDS: Final = 600.0
"""For how long a throttled request is repeated: a partition makes about one key a second."""

Say = Callable[[str], None]
"""Where progress goes, a line at a time."""


class Clock(Protocol):
    """Time that only moves forward."""

    def monotonic(self) -> float:
        """Seconds since some moment in the past."""

    def sleep(self, seconds: float) -> None:
        """Lets that many seconds pass."""


class SystemClock:
    """Real time."""

    def monotonic(self) -> float:
        """Seconds since some moment in the past."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Lets that many seconds pass."""
        time.sleep(seconds)


SYSTEM_CLOCK: Final = SystemClock()


def silent(line: str) -> None:
    """Says nothing."""
    del line


class Patience:
    """Pauses that grow, up to a deadline."""

    def __init__(
        self,
        seconds: float,
        waiting_for: str,
        *,
        first: float = 0.25,
        factor: float = 1.7,
        longest: float = 10.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """``seconds`` from now is the deadline; pauses begin with ``first`` seconds and grow by ``factor``."""
        self._clock = clock
        self._began = clock.monotonic()
        self._seconds = seconds
        self._waiting_for = waiting_for
        self._next, self._factor, self._longest = first, factor, longest

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock.monotonic() - self._began

    def pause(self, retry_after: float | None = None, *, because: str = "") -> None:
        """Sleeps, at least as long as the service asked for.

        Raises DeadlineError where the deadline has passed; the last pause ends at the deadline.
        """
        left = self._seconds - self.elapsed
        if left <= 0:
            reason = f"; the last answer: {because}" if because else ""
            raise DeadlineError(f"{self._waiting_for}: not done within {self._seconds:.0f} seconds{reason}")
        self._clock.sleep(min(max(self._next, retry_after or 0.0), left))
        self._next = min(self._next * self._factor, self._longest)


def retried(
    operation: Callable[[], T],
    *,
    passing: Callable[[DataPlaneError], bool],
    patience: Patience,
    say: Say = silent,
    explain: str = "",
) -> T:
    """The operation's result, repeated while it fails with an error that ``passing`` takes for a passing one.

    ``explain`` is said once, before the first pause. When patience ends, the operation's own error is raised: it
    says more than that time ran out.
    """
    said = False
    while True:
        try:
            return operation()
        except DataPlaneError as error:
            if not passing(error):
                raise
            failure = error
        if explain and not said:
            say(f"{explain} ({failure})")
            said = True
        try:
            patience.pause(retry_after_of(failure))
        except DeadlineError:
            raise failure from None


def when_not_busy(subject: str, operation: Callable[[], T], *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> T:
    """The operation's result, repeated for some minutes while the pool asks for fewer requests: many are on their way.

    ``subject`` begins the line that says so.
    """
    return retried(
        operation,
        passing=lambda error: isinstance(error, ThrottledError),
        patience=Patience(_BUSY_SECONDS, subject, first=1.0, clock=clock),
        say=say,
        explain=f"{subject}: the pool asks for fewer requests: waiting",
    )


def confirmed(
    probe: Callable[[], T | None],
    *,
    absences: int = 4,
    interval: float = 0.5,
    clock: Clock = SYSTEM_CLOCK,
) -> T | None:
    """What the probe finds, or None once it has found nothing so many times in a row.

    Reads come from several partitions, and one that lags behind answers "not found" for what is there.
    """
    for attempt in range(absences):
        if attempt:
            clock.sleep(interval)
        found = probe()
        if found is not None:
            return found
    return None


def until_gone(
    probe: Callable[[], object | None],
    patience: Patience,
    *,
    absences: int = 2,
) -> None:
    """Returns once the probe has found nothing so many times in a row. Raises DeadlineError."""
    missed = 0
    while True:
        missed = missed + 1 if probe() is None else 0
        if missed >= absences:
            return
        patience.pause()


def retry_after_of(error: DataPlaneError) -> float | None:
    """Seconds that the service asked to wait, if it did."""
    return error.retry_after if isinstance(error, RequestError) else None
