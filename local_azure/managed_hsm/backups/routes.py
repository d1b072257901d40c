"""Paths, data actions and scopes; the description's, and those of the built-in roles.

How an operation stands is asked for without a version by the Python SDK and azure-cli, which follow the header of the
first answer (Azure/azure-cli issue 18049).
"""

from __future__ import annotations

from local_azure.managed_hsm.backups import handlers
from local_azure.managed_hsm.context import ACTION_PREFIX, HsmHandler, HsmRoute
from local_azure.managed_hsm.scopes import GLOBAL


def backup_routes() -> list[HsmRoute]:
    """All of them."""
    return [
        _route("POST", "/backup", "backup/start", handlers.full_backup),
        _route("POST", "/prebackup", "backup/start", handlers.check_backup),
        _status("/backup/{job_id}/pending", "backup/status", handlers.backup_status),
        _route("PUT", "/restore", "restore/start", handlers.full_restore),
        _route("PUT", "/prerestore", "restore/start", handlers.check_restore),
        _status("/restore/{job_id}/pending", "restore/status", handlers.restore_status, while_restoring=True),
        _route("PUT", "/keys/{key_name}/restore", "restore/start", handlers.restore_key),
    ]


def _route(method: str, path: str, action: str, handler: HsmHandler) -> HsmRoute:
    return HsmRoute(method, path, f"{ACTION_PREFIX}/{action}/action", GLOBAL, handler)


def _status(path: str, action: str, handler: HsmHandler, *, while_restoring: bool = False) -> HsmRoute:
    return HsmRoute(
        "GET",
        path,
        f"{ACTION_PREFIX}/{action}/action",
        GLOBAL,
        handler,
        without_version=True,
        while_restoring=while_restoring,
    )
