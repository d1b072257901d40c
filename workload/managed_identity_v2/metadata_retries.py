"""How long to wait for the metadata service, as its documentation says.

"How to use managed identities for Azure resources on an Azure VM to acquire an access token", "Retry guidance": 404,
429 and 5xx pass and are tried again after 0, 2, 6, 14 and 30 seconds; 410 means that the service is being updated,
which takes up to 70 seconds.
"""

from __future__ import annotations

DELAYS_SECONDS = (0.0, 2.0, 6.0, 14.0, 30.0)
UPDATING_SECONDS, UPDATING_DELAY_SECONDS = 70.0, 10.0
LONGEST_RETRY_AFTER_SECONDS = 60.0
_GONE = 410


def passes(status: int | None) -> bool:
    """Whether an answer, or silence (None), is worth another try."""
    return status is None or status in (404, 408, _GONE, 429) or status >= 500


class Retries:
    """What to wait before each further try."""

    def __init__(self) -> None:
        self._failures = 0
        self._updating = 0.0

    def delay(self, status: int | None, retry_after: str | None = None) -> float | None:
        """Seconds to wait after this failure; None where there have been enough."""
        if not passes(status):
            return None
        if status == _GONE:
            self._updating += UPDATING_DELAY_SECONDS
            return UPDATING_DELAY_SECONDS if self._updating <= UPDATING_SECONDS else None
        self._failures += 1
        if self._failures > len(DELAYS_SECONDS):
            return None
        return max(DELAYS_SECONDS[self._failures - 1], _seconds(retry_after))


def _seconds(retry_after: str | None) -> float:
    """Of a ``Retry-After`` header in seconds; its other form, a date, the metadata service does not use."""
    if retry_after is None or not retry_after.strip().isdecimal():
        return 0.0
    return min(float(retry_after), LONGEST_RETRY_AFTER_SECONDS)
