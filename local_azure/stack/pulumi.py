"""The engine, called as a person would call it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STACK = "dev"


class StackError(Exception):
    """The engine did not do what it was asked to; one line, the engine's own lines stand above it."""


@dataclass(frozen=True)
class Pulumi:
    """The engine on one stack of the program in ``directory``."""

    directory: Path
    environment: Mapping[str, str]
    stack: str = STACK

    def run(self, *arguments: str) -> None:
        """Runs a command whose output the person sees. Raises StackError where it fails."""
        command = ["pulumi", *arguments, "--stack", self.stack]
        status = subprocess.run(command, cwd=self.directory, env=self.environment, check=False).returncode
        if status != 0:
            raise StackError(f"pulumi {arguments[0]} failed (exit status {status}); its lines above say why")

    def ask(self, *arguments: str) -> Any:
        """What a command answers as JSON. Raises StackError where it fails."""
        command = ["pulumi", *arguments, "--stack", self.stack]
        answer = subprocess.run(
            command, cwd=self.directory, env=self.environment, check=False, capture_output=True, text=True
        )
        if answer.returncode != 0:
            raise StackError(f"pulumi {' '.join(arguments)} failed: {' '.join(answer.stderr.split())}")
        return json.loads(answer.stdout)

    def select(self) -> None:
        """Makes the stack where there is none, and selects it for whoever calls ``pulumi`` next."""
        command = ["pulumi", "stack", "select", "--create", self.stack]
        answer = subprocess.run(
            command, cwd=self.directory, env=self.environment, check=False, capture_output=True, text=True
        )
        if answer.returncode != 0:
            raise StackError(f"the stack {self.stack} cannot be selected: {' '.join(answer.stderr.split())}")
