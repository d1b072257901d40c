"""Running virtual machines, as the services see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from local_azure.core.errors import NotPlayed


@dataclass(frozen=True)
class Script:
    """Something to run on a machine."""

    text: str = field(repr=False)
    arguments: str = field(default="", repr=False)
    """Written behind the script's path, for the shell to split."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 5400.0


@dataclass(frozen=True)
class Outcome:
    """How a script has ended."""

    exit_code: int | None
    """None where it did not end by itself."""
    output: str
    error: str
    began: datetime
    ended: datetime
    timed_out: bool = False
    problem: str | None = None
    """Why it could not be run, in one line."""


class Machines(Protocol):
    """What services ask of the running machines. Nothing here waits: it may be called within a transaction."""

    def run(self, machine_id: str, run_id: str, script: Script, done: Callable[[Outcome], None]) -> None:
        """Runs a script; ``done`` is called from another thread when it has ended. ``run_id`` names it for cancel."""

    def cancel(self, run_id: str) -> None:
        """Stops a script, if it still runs."""

    def refresh(self) -> None:
        """Something has changed in ARM: machines see it, and end where they are switched off or gone."""


class NoMachines:
    """Where no daemon runs there are no machines."""

    def run(self, machine_id: str, run_id: str, script: Script, done: Callable[[Outcome], None]) -> None:
        """Raises NotPlayed."""
        del run_id, script, done
        raise NotPlayed(f"scripts on {machine_id} without its daemon")

    def cancel(self, run_id: str) -> None:
        """Nothing runs."""

    def refresh(self) -> None:
        """Nobody looks."""
