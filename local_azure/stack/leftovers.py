"""What an engine that was killed leaves behind, and how it is cleared away without asking anybody.

A killed engine leaves its lock and the operations that were under way. A lock goes only if the process that made it
is certainly gone; whatever it was making is looked for in the cloud, and taken into the state if it is there.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local_azure.server.process import process_start
from local_azure.stack.journal import unfinished_creates
from local_azure.stack.pulumi import Pulumi, StackError

Say = Callable[[str], None]
Find = Callable[[str, Mapping[str, Any]], str | None]
"""The ARM id of a resource by its Pulumi type and inputs, if it exists."""


@dataclass(frozen=True)
class Lock:
    """What an engine writes down while it works on a stack."""

    path: Path
    process: int
    host: str

    @classmethod
    def read(cls, path: Path) -> Lock | None:
        """The lock; None where the engine has just taken it away. Raises StackError where it says nothing."""
        try:
            content = json.loads(path.read_text())
            return cls(path, int(content["pid"]), str(content["hostname"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise StackError(
                f"the stack is locked by {path}, which does not say by whom; if no pulumi runs, delete that file"
            ) from None

    @property
    def is_dead(self) -> bool:
        """Whether the process ran on this machine and is gone."""
        return self.host == socket.gethostname() and not self._runs()

    def _runs(self) -> bool:
        start = process_start(self.process)
        if start is None:
            return False
        # The number may be another process's by now, which then began after the lock was made.
        began = _seconds_of(start)
        return began is None or began <= self.path.stat().st_mtime + 1.0


def _seconds_of(start: str) -> float | None:
    """When a process began, in seconds since the epoch; None where the system has no ``/proc`` (proc(5))."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return None
    boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    return boot + int(start) / os.sysconf("SC_CLK_TCK")


def clear_locks(pulumi: Pulumi, backend: Path, say: Say) -> bool:
    """Removes the lock of an engine that is dead; answers whether there was one.

    Raises StackError where one is alive, or may be.
    """
    paths = backend.glob(f".pulumi/locks/**/{pulumi.stack}/*.json")
    locks = [lock for path in paths if (lock := Lock.read(path)) is not None]
    for lock in locks:
        if not lock.is_dead:
            raise StackError(
                f"pulumi (process {lock.process} on {lock.host}) is at work on the stack {pulumi.stack} already;"
                " wait for it to end, then run again"
            )
    if locks:
        say("an earlier run was killed and left its lock behind; taking it away")
        pulumi.run("cancel", "--yes")
    return bool(locks)


def resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources in an exported state."""
    found: list[dict[str, Any]] = (state.get("deployment") or {}).get("resources") or []
    return found


def pending_creates(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources that were being made when the engine was killed, from an exported state."""
    operations = (state.get("deployment") or {}).get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation.get("type") == "creating"]


def take_in(pulumi: Pulumi, state: dict[str, Any], journal: Path, find: Find, say: Say) -> None:
    """Imports what a killed run had made unseen.

    ``journal`` is the log of the last run's events. Dynamic resources are left to their providers, which find again
    what they made. What a killed engine noted as pending is then known, and is taken out of the state: it would warn
    of it for ever.
    """
    pending = pending_creates(state)
    if pending:
        _without_pending_creates(pulumi, state)
    known = {str(resource["urn"]) for resource in resources(state)}
    begun = {str(resource["urn"]): resource for resource in [*unfinished_creates(journal), *pending]}
    parents: dict[str, str] = {}
    imports: list[dict[str, str]] = []
    for urn, resource in begun.items():
        kind, name, parent = str(resource["type"]), urn.split("::")[-1], str(resource.get("parent") or "")
        if urn in known or (identifier := find(kind, resource.get("inputs") or {})) is None:
            continue
        say(f"an earlier run was killed while it made {name}, which exists; taking it into the state")
        alias = parents.setdefault(parent, f"parent{len(parents)}")
        imports.append({"type": kind, "name": name, "id": identifier, **({"parent": alias} if parent else {})})
    if imports:
        table = {alias: urn for urn, alias in parents.items() if urn}
        _import(pulumi, {"nameTable": table, "resources": imports})


def _without_pending_creates(pulumi: Pulumi, state: dict[str, Any]) -> None:
    deployment = state["deployment"]
    left = [operation for operation in deployment["pending_operations"] if operation["type"] != "creating"]
    pulumi.tell(json.dumps({**state, "deployment": {**deployment, "pending_operations": left}}), "stack", "import")


def _import(pulumi: Pulumi, wanted: dict[str, Any]) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "import.json"
        path.write_text(json.dumps(wanted))
        pulumi.run("import", "--file", str(path), "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
