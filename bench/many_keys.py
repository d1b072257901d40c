"""A thousand keys beside a thousand dynamic resources that do nothing, which is what the engine itself takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.measure import Figure, run
from local_azure.stack.pulumi import STACK

NOTHING_PROVIDER = """\
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class NothingProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return CreateResult(props["name"], props)

    def diff(self, _id, _olds, _news):
        return DiffResult(changes=_olds["name"] != _news["name"])


class Nothing(Resource, module="bench", name="Nothing"):
    def __init__(self, name):
        super().__init__(NothingProvider(), name, {"name": name})
"""
"""A module of its own, so that the state names the provider instead of holding it, as it does for keys."""

_SECTIONS = ("environment", "resourceGroup", "hsm", "securityDomain", "roleAssignments", "keys")
"""What a stack with a pool and keys has, and nothing else."""


@dataclass(frozen=True)
class Pair:
    """The same command on keys and on resources that do nothing."""

    keys: Figure
    nothing: Figure

    @property
    def ratio(self) -> float:
        """How much longer keys take."""
        return self.keys.seconds / self.nothing.seconds


def with_keys(directory: Path, count: int) -> None:
    """Gives the stack in ``directory`` so many keys, on a pool with nothing around it."""
    path = directory / f"Pulumi.{STACK}.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    config: dict[str, Any] = document["config"]
    for name in list(config):
        if name.startswith("managed-hsm:") and name.partition(":")[2] not in _SECTIONS:
            del config[name]
    config["managed-hsm:roleAssignments"] = [
        {"role": role, "principal": "deployer", "scope": "/keys"}
        for role in ("Managed HSM Crypto User", "Managed HSM Crypto Officer")
    ]
    # Elliptic keys, because the local Azure makes them at once: what is measured is not the making of primes.
    config["managed-hsm:keys"] = {f"key-{number:04}": {"type": "EC-HSM", "curve": "P-256"} for number in range(count)}
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def with_nothing(directory: Path, count: int) -> None:
    """Gives the program in ``directory`` so many resources that do nothing."""
    (directory / "nothing_provider.py").write_text(NOTHING_PROVIDER)
    program = "from nothing_provider import Nothing\n"
    if count:
        program += f"for number in range({count}):\n    Nothing(f'nothing-{{number:04}}')\n"
    (directory / "__main__.py").write_text(program)


def measure(keys: Path, nothing: Path, environment: Mapping[str, str], count: int) -> tuple[Pair, Pair]:
    """An ``up`` that makes ``count`` of each, and then a preview with nothing to do.

    Both stacks must exist. Raises subprocess.CalledProcessError.
    """
    with_keys(keys, 0)
    with_nothing(nothing, 0)
    for directory in (keys, nothing):
        _pulumi(directory, environment, "up", "--yes", "--skip-preview")
    with_keys(keys, count)
    with_nothing(nothing, count)
    made = Pair(
        keys=_pulumi(keys, environment, "up", "--yes", "--skip-preview"),
        nothing=_pulumi(nothing, environment, "up", "--yes", "--skip-preview"),
    )
    idle = Pair(
        keys=_pulumi(keys, environment, "preview", "--expect-no-changes"),
        nothing=_pulumi(nothing, environment, "preview", "--expect-no-changes"),
    )
    return made, idle


def _pulumi(directory: Path, environment: Mapping[str, str], *arguments: str) -> Figure:
    command = ["pulumi", *arguments, "--stack", STACK, "--non-interactive"]
    return run(command, directory, environment)
