"""A page of docs/how-to, followed as it is written: its blocks of YAML and of commands, from top to bottom.

A block of YAML begins with the name of the stack's file that it goes into; its keys take the place of those that the
file has, lists are lengthened, mappings of ``managed-hsm:hsm`` are completed. Words in capitals stand for what only the
reader knows.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local_azure.instance import REPOSITORY

_BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECONDS = 240.0


@dataclass(frozen=True)
class Reader:
    """Who follows a page: where, signed in how, and what the words in capitals mean."""

    directory: Path
    environment: Mapping[str, str]
    words: Mapping[str, str]

    def follow(self, page: str, heading: str = "") -> list[str]:
        """Does all that the page says, or what it says under one heading. Answers what each command said."""
        said = []
        for kind, block in _BLOCK.findall(_part(page, heading)):
            for word, meaning in self.words.items():
                block = block.replace(word, meaning)
            if kind == "yaml":
                self._configure(block)
            else:
                said += [self.run(command) for command in block.splitlines()]
        return said

    def _configure(self, block: str) -> None:
        first, content = block.split("\n", 1)
        path = self.directory / first.removeprefix("# ")
        written = yaml.safe_load(path.read_text()) if path.exists() else {"config": {}}
        config = written["config"]
        for name, value in yaml.safe_load(content).items():
            config[name] = _joined(config.get(name), value, completed=name == "managed-hsm:hsm")
        path.write_text(yaml.safe_dump(written, sort_keys=False))

    def run(self, command: str) -> str:
        """What the command said. Fails the test where it fails."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.directory,
            env={**self.environment, "PULUMI_SKIP_CONFIRMATIONS": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout


def _part(page: str, heading: str) -> str:
    text = (REPOSITORY / "docs" / "how-to" / page).read_text()
    if not heading:
        return text
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    (found,) = [each for each in parts if each.startswith(f"{heading}\n")]
    return found


def _joined(before: Any, value: Any, *, completed: bool) -> Any:
    if isinstance(before, list) and isinstance(value, list):
        return [*before, *value]
    return {**before, **value} if completed and isinstance(before, dict) else value
