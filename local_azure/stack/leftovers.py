"""What an engine that was killed leaves behind, and how it is cleared away without asking anybody.

A killed engine leaves its lock and the operations that were under way. A lock goes only if the process that made it
is certainly gone; whatever it was making is looked for in the cloud, and taken into the state if it is there.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_azure.stack.pulumi import Pulumi

Say = Callable[[str], None]
Find = Callable[[str, Mapping[str, Any]], str | None]
"""The ARM id of a resource by its Pulumi type and inputs, if it exists."""


def clear_locks(pulumi: Pulumi, backend: Path, say: Say) -> bool:
    """Removes the lock of an engine that is dead; answers whether there was one."""
    locks = list(backend.glob(f".pulumi/locks/**/{pulumi.stack}/*.json"))
    if not locks or not all(is_dead(lock) for lock in locks):
        return False
    say("an earlier run was killed and left its lock behind; taking it away")
    pulumi.run("cancel", "--yes")
    return True


def is_dead(lock: Path) -> bool:
    """Whether the process that a lock names ran on this machine and is gone."""
    try:
        content = json.loads(lock.read_text())
        made_here = content["hostname"] == socket.gethostname()
        process = int(content["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return made_here and not _alive(process)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def pending_creates(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources that were being made when the engine was killed, from an exported state."""
    operations = state.get("deployment", {}).get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation.get("type") == "creating"]


def take_in(pulumi: Pulumi, find: Find, say: Say) -> bool:
    """Imports what a killed run had made unseen; answers whether anything had been pending.

    Dynamic resources are left to their providers, which find again what they made.
    """
    pending = pending_creates(pulumi.ask("stack", "export"))
    for resource in pending:
        kind, urn = str(resource["type"]), str(resource["urn"])
        identifier = find(kind, resource.get("inputs") or {})
        if identifier is None:
            continue
        name = urn.split("::")[-1]
        say(f"an earlier run was killed while it made {name}, which exists; taking it into the state")
        parent = str(resource.get("parent") or "")
        family = [] if not parent else ["--parent", f"parent={parent}"]
        pulumi.run(
            "import", kind, name, identifier, *family, "--yes", "--skip-preview", "--protect=false",
            "--generate-code=false",
        )  # fmt: skip
    return bool(pending)
