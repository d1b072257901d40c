"""A full backup of a pool: made when it is new and whenever its trigger changes; never deleted from here.

Only the pool's own identity reaches the container: whoever runs the program may not, so a refresh cannot see a folder
that somebody took away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import DataPlaneError
from dynamic.base import POOL_FIELDS, HsmProvider, Props, inputs_of, missing, one_line, pool_is_gone, tell

if TYPE_CHECKING:
    from data_plane.full_backup import FullBackups
    from data_plane.pool_operations import Operation

_OUTPUTS = ("folder_url", "began_at", "ended_at", "job_id", "earlier_folders")
_KEPT = 100
"""How many earlier folders are remembered."""


@dataclass
class FullBackupArgs:
    """What is backed up, where, and when anew."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    container: str
    """URL of the container."""
    trigger: str
    """Another text makes another backup."""
    journal: str
    """Absolute path of a file in which an operation that was begun is found again."""
    role_is_new: bool = False
    """Whether this program gives the pool's identity its role at the container."""


class FullBackupProvider(HsmProvider):
    """Makes backups; takes none away."""

    UPDATE = ("container", "trigger")
    REPLACE = POOL_FIELDS
    PASSED_ON = ("journal", "role_is_new")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Everything is needed."""
        del olds
        return news, missing(news, *POOL_FIELDS, "container", "trigger", "journal")

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Makes the backup, or takes up what an earlier run began for the same trigger."""
        wanted = inputs_of(props)
        made = backups_of(wanted).back_up(wanted["container"], wanted["trigger"])
        return CreateResult(str(made.folder_url), {**_inputs(wanted), **_outputs(made, [])})

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Makes another backup; the earlier ones stay, and are remembered."""
        olds, wanted = inputs_of(_olds), inputs_of(_news)
        last = datetime.fromisoformat(olds["ended_at"])
        made = backups_of(wanted).back_up(wanted["container"], wanted["trigger"], after=last)
        earlier = [olds["folder_url"], *olds.get("earlier_folders", [])]
        return UpdateResult({**_inputs(wanted), **_outputs(made, earlier[:_KEPT])})

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """As it was made; gone with its pool, though the folder is there still."""
        known = inputs_of(props)
        try:
            gone = pool_is_gone(known["hsm_id"], known["hsm_created_at"])
        except DataPlaneError:
            gone = False
        return ReadResult(None, {}) if gone else ReadResult(id_, known, self.declared(known))

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Says where the backups stay."""
        known = inputs_of(_props)
        backups_of(known).forget_backup(known["container"], known["trigger"])
        tell(f"the backup stays at {known['folder_url']}; delete the folder when nothing needs it any more")


class FullBackup(Resource, module="mhsm", name="FullBackup"):
    """The latest full backup of a pool."""

    folder_url: pulumi.Output[str]
    """What a restore takes."""
    began_at: pulumi.Output[str]
    """ISO 8601, by the service's clock."""
    ended_at: pulumi.Output[str]
    job_id: pulumi.Output[str]
    earlier_folders: pulumi.Output[list[str]]
    """The latest first."""

    def __init__(self, name: str, args: FullBackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the backup."""
        super().__init__(FullBackupProvider(), name, {**vars(args), **dict.fromkeys(_OUTPUTS)}, opts)


def backups_of(props: Props) -> FullBackups:
    """The backups of the pool that the properties name."""
    from data_plane import session
    from data_plane.full_backup import FullBackups, Target

    target = Target(props["hsm_id"], props["hsm_uri"], props["hsm_created_at"])
    return FullBackups(
        session.current(),
        target,
        Path(props["journal"]),
        role_is_new=bool(props.get("role_is_new")),
        say=tell,
    )


def _inputs(props: Props) -> Props:
    return {name: value for name, value in props.items() if name not in _OUTPUTS}


def _outputs(made: Operation, earlier: list[str]) -> dict[str, Any]:
    return {
        "folder_url": made.folder_url,
        "began_at": made.began.isoformat() if made.began else None,
        "ended_at": made.ended.isoformat() if made.ended else None,
        "job_id": made.job_id,
        "earlier_folders": earlier,
    }
