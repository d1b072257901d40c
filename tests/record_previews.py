"""``python -m tests.record_previews [NAME …]``: keeps what the real engine prints of the changes of tests/previews.py.

All of them, or those that are named; on a running local Azure with nothing in it (LOCAL_AZURE_HOME, LOCAL_AZURE_PORT).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from local_azure.instance import Instance
from local_azure.plugin.install import install
from local_azure.stack.project import copy_program
from local_azure.stack.pulumi import STACK, Pulumi
from policy.gate.preview import FLAGS
from tests.previews import EDITS, RECORDING, Config, base, edited, recorded

PROGRAM: Final = "/home/runner/managed-hsm"
"""Where the recording says that the program was."""
_LEFT_OUT: Final = frozenset(("created", "dependencies", "duration", "modified", "propertyDependencies", "stackTrace"))
"""What nobody here asks for."""


def write(directory: Path, config: Config) -> None:
    """Makes it the stack's configuration."""
    path = directory / f"Pulumi.{STACK}.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**content, "config": config}))


def preview(directory: Path, environment: Mapping[str, str], *, destroy: bool = False) -> dict[str, Any]:
    """What the engine prints of the stack as it is configured now; a failed preview too."""
    command = ["destroy", "--preview-only"] if destroy else ["preview"]
    flags = [flag for flag in FLAGS if not (destroy and flag == "--show-reads")]
    done = subprocess.run(
        ["pulumi", *command, *flags, "--stack", STACK, "--non-interactive"],
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cleaned(value: Any, directory: str) -> Any:
    """Without what is left out, and without the directory of whoever recorded."""
    if isinstance(value, dict):
        return {name: cleaned(each, directory) for name, each in value.items() if name not in _LEFT_OUT}
    if isinstance(value, list):
        return [cleaned(each, directory) for each in value]
    return re.sub(re.escape(directory), PROGRAM, value) if isinstance(value, str) else value


def written(same: list[Any], previews: Mapping[str, Any]) -> str:
    """The recording as JSON, with a line for each step."""

    def lines(steps: list[Any]) -> str:
        return ",\n".join(json.dumps(step, sort_keys=True) for step in steps)

    parts = []
    for name, found in previews.items():
        head = json.dumps({**found, "steps": []}, sort_keys=True)
        parts.append(f'{json.dumps(name)}: {{"head": {head}, "steps": [{lines(found["steps"])}]}}')
    return f'{{"same": [{lines(same)}],\n"previews": {{{",".join(parts)}}}}}\n'


def main() -> int:
    """Records; says how far it is."""
    names = sys.argv[1:] or list(EDITS)
    previews = {name: recorded(name) for name in EDITS} if sys.argv[1:] else dict[str, Any]()
    instance = Instance.from_environment()
    install(instance.pulumi_home)
    with tempfile.TemporaryDirectory() as place:
        directory = copy_program(Path(place) / "program")
        environment = instance.environment(os.environ)
        engine = Pulumi(directory, environment)
        engine.select()
        write(directory, base())
        engine.run("up", "--yes", "--skip-preview")
        for name in ["nothing", *(each for each in names if each != "nothing")]:
            write(directory, edited(name))
            previews[name] = cleaned(preview(directory, environment), str(directory))
            print(name, previews[name].get("changeSummary"), flush=True)
        write(directory, base())
        previews["the stack is destroyed"] = cleaned(preview(directory, environment, destroy=True), str(directory))
    same = [step for step in previews["nothing"]["steps"] if step["op"] == "same"]
    for each in previews.values():
        each["steps"] = [step for step in each.get("steps", []) if step["op"] != "same"]
    RECORDING.parent.mkdir(exist_ok=True)
    RECORDING.write_text(written(same, previews))
    return 0


if __name__ == "__main__":
    sys.exit(main())
