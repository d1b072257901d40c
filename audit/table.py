"""Events as a person reads them: a line each, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from audit.events import Event

_COLUMNS: Final = ("time (UTC)", "operation", "key", "result", "who", "from")
_NOBODY: Final = "nobody signed in"


def lines(events: Sequence[Event]) -> list[str]:
    """A heading and a line for each event; why it was refused follows on a line of its own."""
    rows = [_row(event) for event in events]
    widths = [max(len(row[column]) for row in [_COLUMNS, *rows]) for column in range(len(_COLUMNS))]
    shown = [_joined(_COLUMNS, widths)]
    for event, row in zip(events, rows, strict=True):
        shown.append(_joined(row, widths))
        if event.description:
            shown.append(f"{'':{widths[0]}}  {_shown(event.description)}")
    return shown


def _row(event: Event) -> tuple[str, ...]:
    result = event.result if event.result == "ok" else f"{event.result} {event.status}"
    moment = event.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return (moment, event.operation, event.key.partition("/")[0], result, event.who or _NOBODY, event.caller)


def _joined(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{_shown(cell):<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _shown(text: str) -> str:
    """What a caller has sent must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
