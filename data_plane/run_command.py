"""A script on a virtual machine, through its managed run command.

Source: Microsoft.Compute/virtualMachines/runCommands, api-version 2024-11-01; "Run scripts in your Linux VM by using
managed Run Commands". The machine needs no way in: its agent fetches the script. Of the output 4 KB are kept.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from data_plane.errors import ConflictError, DataPlaneError, NotFoundError
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, retried

API_VERSION: Final = "2024-11-01"
TAKING_AWAY_SECONDS: Final = 60.0
"""For how long the machine may still be busy with a run command whose script has ended."""
_ENDED: Final = frozenset({"Succeeded", "Failed", "TimedOut", "Canceled"})


@dataclass(frozen=True)
class Outcome:
    """How a script ended."""

    state: str
    """``Succeeded``, ``Failed``, ``TimedOut`` or ``Canceled``."""
    exit_code: int
    output: str
    error: str
    message: str = ""
    """What the machine's agent says about it: why a script could not even begin."""


def run(
    session: Session, vm_id: str, location: str, name: str, script: str, *, seconds: int, clock: Clock = SYSTEM_CLOCK
) -> Outcome:
    """Runs a shell script on the machine as root and waits for its end, then takes the run command away again.

    ``seconds`` is what the script may take. Raises DeadlineError where the machine never says that it ended, and
    DataPlaneError where ARM refuses.
    """
    path = f"{vm_id}/runCommands/{name}"
    body: dict[str, Any] = {
        "location": location,
        "properties": {"source": {"script": script}, "asyncExecution": False, "timeoutInSeconds": seconds},
    }
    session.resource_manager_put(path, API_VERSION, body)
    try:
        outcome = _ended(session, path, Patience(seconds + 120.0, f"the script on {vm_id}", first=0.1, clock=clock))
    except DataPlaneError:
        # What went wrong with the script is what has to be told; what is left behind goes with the machine.
        with suppress(DataPlaneError):
            session.resource_manager_delete(path, API_VERSION)
        raise
    retried(
        lambda: session.resource_manager_delete(path, API_VERSION),
        passing=lambda error: isinstance(error, ConflictError),
        patience=Patience(TAKING_AWAY_SECONDS, f"taking {name} away from {vm_id}", clock=clock),
    )
    return outcome


def _ended(session: Session, path: str, patience: Patience) -> Outcome:
    while True:
        view = _instance_view(session, path)
        state = str(view.get("executionState", "Unknown"))
        if state in _ENDED:
            return Outcome(
                state,
                int(view.get("exitCode") or 0),
                str(view.get("output") or ""),
                str(view.get("error") or ""),
                str(view.get("executionMessage") or ""),
            )
        patience.pause(because=state)


def _instance_view(session: Session, path: str) -> dict[str, Any]:
    try:
        found = session.resource_manager_get(f"{path}?$expand=instanceView", API_VERSION)
    except NotFoundError:
        return {}  # the PUT has been taken but not every front end knows of it
    return dict((found.get("properties") or {}).get("instanceView") or {})
