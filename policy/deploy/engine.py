"""The engine, on one stack of the program in one directory."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from policy.deploy.errors import DeployError, EngineFailed
from policy.gate.preview import FLAGS

Kind = Literal["up", "destroy"]
"""What a preview is of."""
PREVIEW, EVENTS, RECORD = "preview.json", "events.jsonl", "record.json"
"""Files of a recorded preview."""
_EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Without it the engine knows no ``--event-log`` (pulumi's Automation API sets it too)."""


@dataclass(frozen=True)
class Shown:
    """What a preview printed."""

    text: str
    """The preview's JSON."""
    failure: str = ""
    """What the engine said last where its exit status was not 0; a rule of the policy pack may be why."""


@dataclass(frozen=True)
class Engine:
    """``pulumi`` with ``--stack``."""

    directory: Path
    stack: str
    pack: tuple[str, ...] = ()
    """What tells ``preview`` of a policy pack: ``--policy-pack`` and its configuration."""

    def preview(self, out: Path, kind: Kind, *, refresh: bool = False) -> Shown:
        """Previews into ``out``: the preview's JSON, which it answers too, and the event log of the same run.

        Raises EngineFailed where the engine says nothing that could be read; what a failed preview says is in its JSON.
        """
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        events = out / EVENTS
        for name in (PREVIEW, EVENTS):
            (out / name).unlink(missing_ok=True)
            (out / name).touch(mode=0o600)
        command = ["preview"] if kind == "up" else ["destroy", "--preview-only"]
        flags = [flag for flag in FLAGS if kind == "up" or flag != "--show-reads"]
        looks = ["--refresh"] if refresh else [*self.pack] if kind == "up" else []
        done = self._run([*command, *flags, *looks, "--event-log", str(events.absolute())])
        (out / PREVIEW).write_text(done.stdout)
        if not done.stdout.strip():
            raise EngineFailed(f"pulumi {command[0]} said nothing: {_last_line(done.stderr)}")
        return Shown(
            done.stdout, f"exit status {done.returncode}: {_last_line(done.stderr)}" if done.returncode else ""
        )

    def state(self) -> dict[str, Any]:
        """The stack's state as it is exported, secrets encrypted. Raises EngineFailed."""
        done = self._run(["stack", "export"])
        try:
            exported = json.loads(done.stdout)
        except ValueError:
            raise EngineFailed(f"the state of {self.stack} cannot be read: {_last_line(done.stderr)}") from None
        deployment = exported.get("deployment") if isinstance(exported, dict) else None
        if not isinstance(deployment, dict):
            raise EngineFailed(f"the state of {self.stack} has no deployment in it")
        return deployment

    def carry_out(self, kind: Kind, events: Path) -> None:
        """Runs ``up`` or ``destroy`` without another preview; the person sees what it says. Raises EngineFailed."""
        events.unlink(missing_ok=True)
        events.touch(mode=0o600)
        command = ["pulumi", kind, "--yes", "--skip-preview", "--event-log", str(events.absolute()), *self._always()]
        status = subprocess.run(command, cwd=self.directory, env={**os.environ, **_EVENT_LOG}, check=False).returncode
        if status:
            raise EngineFailed(f"pulumi {kind} failed (exit status {status}); its lines above say why")

    def _always(self) -> list[str]:
        return ["--stack", self.stack, "--non-interactive", "--color=never"]

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["pulumi", *arguments, *self._always()],
                cwd=self.directory,
                env={**os.environ, **_EVENT_LOG},
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise DeployError("pulumi is not on PATH") from None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else "nothing at all"
