"""Where a drill takes place: the local Azure in a directory of its own, thrown away afterwards; or a pool by name.

The local Azure is used as anybody uses it, by its command line; nothing of it is imported.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ceremony.errors import DrillError
from data_plane import pool as pools
from data_plane.pool import Pool
from data_plane.session import Session
from data_plane.waiting import Patience

_CREATION_SECONDS: Final = 45 * 60.0
"""How long a pool may take to be made; on Azure some 15 minutes."""
_PROGRAM: Final = "local_azure"
_GROUP_API: Final = "2024-03-01"
_LOCATION: Final = "eastus2"


@contextmanager
def throw_away() -> Iterator[tuple[Session, Callable[[], Pool]]]:
    """A local Azure that lives as long as the context, a session in it, and what makes a fresh pool there.

    The environment of this process leads into it meanwhile. Raises DrillError.
    """
    found = find_spec(_PROGRAM)
    if found is None or found.origin is None:
        raise DrillError("there is no local Azure beside this program; name a pool: --hsm-name with --resource-group")
    before = dict(os.environ)
    home = Path(tempfile.mkdtemp(prefix="drill-"))
    try:
        _command(home, "--port", str(_free_port()), "start")
        _lead_to(json.loads(_command(home, "exec", "--", sys.executable, "-c", _PRINT_ENVIRONMENT)))
        session = Session()
        yield session, lambda: _made(session)
    finally:
        _lead_to(before)
        _command(home, "stop")
        shutil.rmtree(home, ignore_errors=True)


_PRINT_ENVIRONMENT: Final = "import json, os; print(json.dumps(dict(os.environ)))"


def named(session: Session, hsm_id: str) -> Callable[[], Pool]:
    """What finds a pool of one's own. Raises DrillError then."""

    def find() -> Pool:
        found = pools.read(session, hsm_id)
        if found is None:
            raise DrillError(f"{hsm_id}: there is no such pool")
        return found

    return find


def _command(home: Path, *arguments: str) -> str:
    spec = find_spec(_PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", _PROGRAM, "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(str(spec.origin)).parent.parent if spec else None,
        # The caller's lead to another instance.
        env={name: value for name, value in os.environ.items() if not name.startswith("LOCAL_AZURE_")},
    )
    if done.returncode:
        *_, reason = ["", *done.stderr.strip().splitlines()]
        raise DrillError(f"the local Azure that a drill needs: {reason or f'exit status {done.returncode}'}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _lead_to(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _made(session: Session) -> Pool:
    subscription = os.environ["ARM_SUBSCRIPTION_ID"]
    group = f"/subscriptions/{subscription}/resourceGroups/drill"
    name = f"drill-{uuid.uuid4().hex[:12]}"
    hsm_id = f"{group}/providers/Microsoft.KeyVault/managedHSMs/{name}"
    session.resource_manager_put(group, _GROUP_API, {"location": _LOCATION})
    session.resource_manager_put(
        hsm_id,
        pools.API_VERSION,
        {
            "location": _LOCATION,
            "sku": {"family": "B", "name": "Standard_B1"},
            "properties": {
                "tenantId": session.identity.tenant_id,
                "initialAdminObjectIds": [session.principal().object_id],
                "enablePurgeProtection": False,
                "softDeleteRetentionInDays": 7,
                "publicNetworkAccess": "Enabled",
                "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
            },
        },
    )
    patience = Patience(_CREATION_SECONDS, f"{name}: creation", first=0.1)
    while True:
        found = pools.read(session, hsm_id)
        # Its address is known before it answers there; its activation status only afterwards.
        if found is not None and found.uri and found.activation_status == pools.NOT_ACTIVATED:
            return found
        patience.pause()
