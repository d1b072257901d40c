"""Who activated the pool, as its audit log has it: asked as any auditor would, with the program's own command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from local_azure.instance import REPOSITORY

_ALL_TIME = "2020-01-01"
_NO_LOG = 3
"""Exit status of the command where nothing is logged, or nothing has arrived yet."""


class LogNotRead(Exception):
    """There is a log, and it could not be read; one line."""


def activation_in_log(pool_id: str, environment: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The first time that the pool's security domain was downloaded; None where the log does not have it.

    Raises LogNotRead.
    """
    command = [sys.executable, "-m", "audit", pool_id, "--operation", "SecurityDomainBackup", "--result", "ok"]
    done = subprocess.run(
        [*command, "--since", _ALL_TIME, "--limit", "0", "--json"],
        cwd=REPOSITORY,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _NO_LOG:
        return None
    if done.returncode != 0:
        raise LogNotRead(done.stderr.strip().rpartition("\n")[2])
    found: list[Mapping[str, Any]] = json.loads(done.stdout)
    return found[0] if found else None
