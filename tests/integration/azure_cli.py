"""An unmodified ``az`` of the user's own, and a shell in which the walkthrough's commands are typed one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_azure.instance import REPOSITORY, Instance

VARIABLE = "AZURE_CLI"
"""Names the ``az`` to judge by; it is not among the dependencies of this repository."""
HOW_TO = f"no az to judge by: {VARIABLE}=/path/to/az make test (docs/official-clients.md)"
_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """What one command came to."""

    command: str
    status: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """The output, read."""
        return json.loads(self.output)


@dataclass
class Shell:
    """Runs commands in one directory through ``python -m local_azure exec``, as its user does."""

    instance: Instance
    directory: Path
    az: Path
    exported: dict[str, str] = field(default_factory=dict)

    def run(self, command: str) -> Outcome:
        """One line of bash; what it says and how it ended."""
        return self._run("exec", "--", "bash", "-c", command, shown=command)

    def ok(self, command: str) -> Outcome:
        """The same for a command that must succeed."""
        outcome = self.run(command)
        assert outcome.status == 0, outcome
        return outcome

    def inside(self, machine: str, command: str) -> Outcome:
        """One line of bash in a virtual machine, which must succeed."""
        outcome = self._run("vm", machine, "--", "bash", "-c", command, shown=command)
        assert outcome.status == 0, outcome
        return outcome

    def _run(self, *arguments: str, shown: str) -> Outcome:
        home, port = str(self.instance.home), str(self.instance.port)
        path = os.pathsep.join([str(self.az.parent), os.environ["PATH"]])
        done = subprocess.run(
            [sys.executable, "-m", "local_azure", "--home", home, "--port", port, *arguments],
            cwd=self.directory,
            env={**os.environ, **self.exported, "PATH": path, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Outcome(shown, done.returncode, done.stdout, done.stderr)
