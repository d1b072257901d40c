"""Full backups and full restores of the pool, and the right of the pool's identity at the container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from components.hsm_setup import HsmSetup, Restoration
from components.identities import Apart
from components.managed_hsm import ManagedHsm
from config import Settings
from config.access import Principal
from config.backup import Backup
from config.hsm import Hsm
from dynamic.full_backup import FullBackup, FullBackupArgs

_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Storage Blob Data Contributor ("Azure built-in roles for Storage")."""


def make_backup_right(
    settings: Settings,
    pool: Hsm,
    apart: Mapping[str, Apart],
    subscription_id: str,
    own_account: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Declares the role of the pool's identity at the container, where the account is known or the program's own."""
    backup = settings.backup
    account = None if backup is None else _account_id(settings, backup, subscription_id)
    if backup is None or account is None:
        return []
    from components import azure_roles

    (name,) = pool.identities
    role = azure_roles.AzureRole(
        role_guid=_BLOB_DATA_CONTRIBUTOR,
        principal=Principal.model_validate({"identity": name}),
        principal_id=apart[name].principal_id,
        scope=pulumi.Output.from_input(f"{account}/blobServices/default/containers/{backup.container_name}"),
        subscription_id=subscription_id,
    )
    return [azure_roles.assign("backup-right", role, pulumi.ResourceOptions(depends_on=list(own_account)))]


def restoration(settings: Settings, right: Sequence[pulumi.Resource]) -> Restoration | None:
    """What is restored, where the configuration says so."""
    restore = settings.restore
    if restore is None:
        return None
    return Restoration(
        folder=restore.folder,
        overwrite=restore.overwrite,
        trigger=restore.trigger or "",
        hsm_name=settings.hsm.name,
        journal=_journal(settings),
        after=right,
    )


def make_backup(
    settings: Settings, hsm: ManagedHsm, setup: HsmSetup, right: Sequence[pulumi.Resource]
) -> dict[str, Any] | None:
    """Declares the backup, of everything that the stack sets up in the pool; answers what is told of it."""
    backup = settings.backup
    if backup is None:
        return None
    made = FullBackup(
        "full-backup",
        FullBackupArgs(
            hsm_id=hsm.id,
            hsm_uri=hsm.uri,
            hsm_created_at=hsm.created_at,
            container=backup.container,
            trigger=backup.trigger,
            journal=_journal(settings),
            role_is_new=bool(right),
        ),
        opts=pulumi.ResourceOptions(depends_on=[*setup.everything, *right], deleted_with=hsm.pool),
    )
    return {"folderUrl": made.folder_url, "endedAt": made.ended_at}


def _account_id(settings: Settings, backup: Backup, subscription_id: str) -> str | None:
    own = settings.storage
    if own is None or own.name != backup.account_name:
        return backup.account
    from data_plane import storage_accounts

    return storage_accounts.id_of(subscription_id, own.resource_group, own.name)


def _journal(settings: Settings) -> str:
    """Beside the other things of this machine that are never committed."""
    base = Path(pulumi.get_root_directory() or ".").resolve()
    return str(base / ".local" / "operations" / f"{settings.hsm.name}.json")
