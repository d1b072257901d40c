"""A stack of the real program, run by the real engine on a local Azure of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local_azure.instance import Instance
from local_azure.server.control import ControlClient

STACK = "dev"
SECONDS = 240.0
"""No command of the engine takes longer here."""


@dataclass(frozen=True)
class Run:
    """What one command of the engine did."""

    status: int
    output: str
    """What a person sees: both streams, in the order written."""

    def changes(self) -> str:
        """The lines of the summary that count resources."""
        return self.output[self.output.rfind("Resources:") :]

    def errors(self) -> list[str]:
        """What the diagnostics say, a line each; the engine's own ``update failed`` is not one."""
        said = self.output[self.output.rindex("Diagnostics:") :]
        lines = [line.strip() for line in said.splitlines() if line.strip().startswith("error:")]
        return [line for line in lines if line != "error: update failed"]


@dataclass(frozen=True)
class Project:
    """The program in a directory of its own."""

    directory: Path
    instance: Instance

    @property
    def control(self) -> ControlClient:
        """Its local Azure's controls."""
        return ControlClient(self.instance.port)

    @property
    def environment(self) -> dict[str, str]:
        """What leads its clients into its local Azure."""
        return self.instance.environment(os.environ)

    def pulumi(self, *arguments: str, check: bool = True) -> Run:
        """Runs a command of the engine on the stack; fails the test where it fails, unless told not to."""
        command = ["pulumi", *arguments, "--stack", STACK, "--non-interactive", "--color=never"]
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        return Run(done.returncode, done.stdout)

    def up(self, *arguments: str, check: bool = True) -> Run:
        """``pulumi up --yes``"""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check)

    def answer(self, *arguments: str) -> Any:
        """What a command answers as JSON."""
        command = ["pulumi", *arguments, "--stack", STACK, "--non-interactive"]
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        found: dict[str, Any] = self.answer("stack", "output", "--json")
        return found

    def state(self) -> str:
        """The whole state as text."""
        return json.dumps(self.answer("stack", "export"))

    def steps(self) -> dict[str, str]:
        """What a preview would do: operation by resource name, without what stays the same."""
        preview = self.answer("preview", "--json")
        return {
            step["urn"].split("::")[-1]: step["op"]
            for step in preview["steps"]
            if step["op"] not in ("same", "read") and not step["urn"].endswith("::managed-hsm-dev")
        }

    def configure(self, **changes: Any) -> None:
        """Changes keys of the namespace ``managed-hsm``; None takes a key away."""
        path = self.directory / f"Pulumi.{STACK}.yaml"
        content = yaml.safe_load(path.read_text())
        for name, value in changes.items():
            key = f"managed-hsm:{name}"
            if value is None:
                content["config"].pop(key, None)
            else:
                content["config"][key] = value
        path.write_text(yaml.safe_dump(content))

    def configured(self, name: str) -> Any:
        """A key of the namespace ``managed-hsm``."""
        return yaml.safe_load((self.directory / f"Pulumi.{STACK}.yaml").read_text())["config"][f"managed-hsm:{name}"]
