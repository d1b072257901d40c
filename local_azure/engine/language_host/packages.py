"""What is installed in this Python: the SDKs of providers, and everything else."""

import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import plugin_pb2

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""The name that a requirement begins with (PEP 508)."""


def required_packages(search_path: Iterable[str]) -> Iterator[plugin_pb2.PackageDependency]:
    """The resource plugins that SDKs on the path ask for, each in a file `pulumi-plugin.json` in its package.

    https://www.pulumi.com/docs/iac/guides/building-extending/packages/ has every generated SDK bring that file.
    """
    for directory in search_path:
        for file in sorted(Path(directory).glob("*/pulumi-plugin.json")):
            plugin: dict[str, Any] = json.loads(file.read_bytes())
            if plugin.get("resource"):
                yield plugin_pb2.PackageDependency(
                    name=plugin.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-"),
                    kind="resource",
                    version=plugin.get("version", ""),
                    server=plugin.get("server", ""),
                )


def program_dependencies(*, transitive: bool) -> list[tuple[str, str]]:
    """Name and version of each installed distribution; unless `transitive`, of those that no other one requires."""
    installed = {_normal(distribution.name): distribution for distribution in importlib.metadata.distributions()}
    if not transitive:
        requirements = [line for distribution in installed.values() for line in distribution.requires or ()]
        required = {_normal(name[0]) for line in requirements if (name := _NAME.match(line))}
        installed = {name: distribution for name, distribution in installed.items() if name not in required}
    return sorted((distribution.name, distribution.version) for distribution in installed.values())


def _normal(name: str) -> str:
    """A distribution's name in the one form in which all its spellings are equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
