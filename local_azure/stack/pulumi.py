"""The engine, called as a person would call it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STACK = "dev"


class StackError(Exception):
    """The engine did not do what it was asked to; one line, the engine's own lines stand above it."""


class Interrupted(StackError):
    """Somebody pressed Ctrl-C."""


@dataclass(frozen=True)
class Pulumi:
    """The engine on one stack of the program in ``directory``."""

    directory: Path
    environment: Mapping[str, str]
    stack: str = STACK

    def run(self, *arguments: str, journal: Path | None = None) -> None:
        """Runs a command whose output the person sees. Raises StackError where it fails, Interrupted after a Ctrl-C.

        The terminal sends a Ctrl-C to the engine as well, which then finishes and records what it has begun: it is
        waited for. ``journal`` is where the engine shall log the run's events (the Automation API asks for it so too).
        """
        command = ["pulumi", *arguments, "--stack", self.stack]
        environment = dict(self.environment)
        if journal is not None:
            command += ["--event-log", str(journal)]
            environment["PULUMI_DEBUG_COMMANDS"] = "true"
        with _noting_interrupts() as interrupts:
            process = subprocess.run(command, cwd=self.directory, env=environment, check=False)
        if process.returncode == 0:
            return
        if interrupts:
            raise Interrupted(
                f"pulumi {arguments[0]} was interrupted; what it had begun is recorded, run again to go on"
            )
        raise StackError(f"pulumi {arguments[0]} failed (exit status {process.returncode}); its lines above say why")

    def ask(self, *arguments: str) -> Any:
        """What a command answers as JSON. Raises StackError where it fails."""
        return json.loads(self._quietly([*arguments, "--stack", self.stack]))

    def tell(self, text: str, *arguments: str) -> None:
        """Hands a text to a command. Raises StackError where it fails."""
        self._quietly([*arguments, "--stack", self.stack], text)

    def select(self) -> None:
        """Makes the stack where there is none, and selects it for whoever calls ``pulumi`` next. Raises StackError."""
        self._quietly(["stack", "select", "--create", self.stack])

    def _quietly(self, arguments: list[str], text: str = "") -> str:
        done = subprocess.run(
            ["pulumi", *arguments],
            cwd=self.directory,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StackError(f"pulumi {' '.join(arguments)} failed: {' '.join(done.stderr.split())}")
        return done.stdout


@contextmanager
def _noting_interrupts() -> Iterator[list[int]]:
    """Notes each Ctrl-C instead of being stopped by it, so that none comes between the engine and who waits for it."""
    noted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        yield noted
        return
    signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
