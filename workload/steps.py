"""A step of the proof: tried until it passes, until what it found cannot pass any more, or until patience ends."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
LONGEST_FOUND = 350
"""Characters."""


class NotAsPromised(Exception):
    """What was found instead."""


class NotYet(NotAsPromised):
    """What was found may pass: names, identities, roles and rules take a while to be known everywhere."""


class NotMeasured(Exception):
    """Why there was nothing to ask: neither kept nor broken."""


def attempted(deadline: float, attempt: Callable[[], str]) -> dict[str, Any]:
    """How the step ended: ``found``, and ``passed``, or ``measured: false`` where nobody can say whether it does.

    ``deadline`` is by the monotonic clock, in seconds.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return {"passed": True, "found": attempt()}
        except NotMeasured as error:
            return {"measured": False, "found": str(error)}
        except NotAsPromised as error:
            found, may_pass = str(error), isinstance(error, NotYet)
        except (OSError, http.client.HTTPException) as error:
            found, may_pass = f"{type(error).__name__}: {error}", True
        except (ValueError, LookupError, TypeError) as error:
            # The answer has another shape than the service's.
            found, may_pass = f"{type(error).__name__}: {error}", False
        if not may_pass or time.monotonic() + pause > deadline:
            return {"passed": False, "found": _short(found)}
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _short(text: str) -> str:
    """So much of it that the whole evidence stays below what a run command keeps, however JSON writes it."""
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in text)[:LONGEST_FOUND]
