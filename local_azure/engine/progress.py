"""Says on stderr what is happening, and for how long: counting in one line on a terminal, in several elsewhere."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

_TERMINAL_SECONDS = 1.0
_LOG_SECONDS = 30.0


def say(text: str) -> None:
    """One line of progress."""
    print(f"engine: {text}", file=sys.stderr, flush=True)


class Step:
    """A step that takes a while: `with Step("building") as step: …; step.detail = "3 of 9"`.

    Says the text at the start, the time it has taken and the detail while it goes on, and the time it took in the end.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.detail = ""
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._terminal = sys.stderr.isatty()
        self._reporter = threading.Thread(target=self._report, daemon=True)

    def __enter__(self) -> Self:
        if not self._terminal:
            say(self.text)
        self._reporter.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._reporter.join()
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        say(f"{self.text}: {'done' if kind is None else 'not done'}, {_duration(self._elapsed())}")

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _report(self) -> None:
        while not self._ended.wait(_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS):
            line = f"{self.text}: {_duration(self._elapsed())}{', ' if self.detail else ''}{self.detail}"
            if self._terminal:
                print(f"\rengine: {line}\x1b[K", end="", file=sys.stderr, flush=True)
            else:
                say(line)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
