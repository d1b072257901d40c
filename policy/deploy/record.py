"""What a preview was of: commit, configuration, state, steps; each as a hash that another run can compare."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from policy.deploy.engine import Kind
from policy.deploy.errors import DeployError
from policy.gate.approvals import content
from policy.gate.preview import HALVES, LOOKED_AT, Preview

VERSION: Final = 1
"""Of the record's form."""


@dataclass(frozen=True)
class Record:
    """A preview that was judged, and perhaps approved."""

    version: int
    kind: Kind
    stack: str
    commit: str
    configuration: str
    """SHA-256 of the project's and the stack's files."""
    state: str
    """SHA-256 of the stack's resources and pending operations."""
    steps: str
    """SHA-256 of every step with all that its resource has before and after, and of the configuration in force."""

    @property
    def digest(self) -> str:
        """All of it in one word, for people to compare."""
        return _digest(asdict(self))

    def text(self) -> str:
        """As it is written to a file."""
        return json.dumps({**asdict(self), "digest": self.digest}, indent=2)

    def moved_to(self, now: Record) -> list[str]:
        """What is another one now, in words."""
        words = {
            "kind": "what is previewed",
            "stack": "the stack",
            "commit": "the commit",
            "configuration": "the configuration (Pulumi.yaml, Pulumi.<stack>.yaml)",
            "state": "the stack's state",
            "steps": "the plan: the steps of the preview, or what they do",
        }
        return [word for name, word in words.items() if getattr(self, name) != getattr(now, name)]


def read(path: Path) -> Record:
    """A record from its file. Raises DeployError for anything else, or one that was altered."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DeployError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise DeployError(f"{path}: no record of a preview") from None
    names = set(Record.__dataclass_fields__)
    if not isinstance(found, dict) or set(found) != {*names, "digest"} or found["version"] != VERSION:
        raise DeployError(f"{path}: no record of a preview, or one of another version")
    made = Record(**{name: found[name] for name in names})
    if made.digest != found["digest"]:
        raise DeployError(f"{path}: was altered: its digest is another one")
    return made


def commit_of(directory: Path) -> str:
    """The commit that is checked out. Raises DeployError where tracked files differ from it."""
    if _git(directory, "status", "--porcelain", "--untracked-files=no"):
        raise DeployError(f"{directory}: tracked files differ from the commit; deploy what is committed")
    return _git(directory, "rev-parse", "HEAD")


def configuration_of(directory: Path, stack: str) -> str:
    """Hash of the files that say what is to be. Raises DeployError where one is missing."""
    hashed = hashlib.sha256()
    for name in ("Pulumi.yaml", f"Pulumi.{stack}.yaml"):
        try:
            text = (directory / name).read_bytes()
        except OSError as error:
            raise DeployError(f"{directory / name}: {error.strerror}") from None
        hashed.update(f"{name} {len(text)}\n".encode() + text)
    return hashed.hexdigest()


def state_of(deployment: Mapping[str, Any]) -> str:
    """Hash of what a state says of resources, without when it was written."""
    return _digest({name: deployment.get(name) or [] for name in ("resources", "pending_operations")})


def steps_of(preview: Preview) -> str:
    """Hash of all that a preview shows; the order of its steps means nothing."""
    logical = [content(step) for step in preview.steps if step.operation not in (*HALVES, LOOKED_AT)]
    ordered = sorted(logical, key=lambda each: json.dumps(each, sort_keys=True))
    return _digest({"steps": ordered, "config": dict(preview.config)})


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _git(directory: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=directory, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise DeployError("git is not on PATH") from None
    if done.returncode:
        raise DeployError(f"git {arguments[0]}: {' '.join(done.stderr.split())}")
    return done.stdout.strip()
