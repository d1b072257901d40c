"""A full restore: everything in a pool gives way to what a backup holds. Confirmed by the pool's name, done once.

Nothing takes it back but the pool's own backup, which is made before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import DataPlaneError
from dynamic.base import (
    POOL_FIELDS,
    HsmProvider,
    Props,
    contains_unknown,
    inputs_of,
    missing,
    one_line,
    pool_is_gone,
    tell,
)
from dynamic.full_backup import backups_of

if TYPE_CHECKING:
    from data_plane.pool_operations import Operation

_OUTPUTS = ("restored_at", "job_id")


@dataclass
class FullRestoreArgs:
    """What is restored, and into what."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    hsm_name: str
    folder: str
    """URL of the backup's folder."""
    overwrite: str | None
    """The pool's name, which confirms what the restore destroys."""
    trigger: str
    """Another text restores the same backup again."""
    journal: str
    """Absolute path of a file in which an operation that was begun is found again."""
    role_is_new: bool = False
    """Whether this program gives the pool's identity its role at the container."""


class FullRestoreProvider(HsmProvider):
    """Restores once for each folder and trigger."""

    UPDATE = ("folder", "trigger")
    REPLACE = POOL_FIELDS
    PASSED_ON = ("hsm_name", "overwrite", "journal", "role_is_new")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Says in words what is about to happen, and wants it confirmed."""
        news = {"trigger": "", **news}
        failures = missing(news, *POOL_FIELDS, "hsm_name", "folder", "journal")
        if failures or not self._restores(olds, news):
            return news, failures
        what = (
            f"full restore of {news['hsm_name']} from {news['folder']}: everything that is in the pool now is taken "
            "away: keys with versions, attributes and tags, and the role assignments, those of its administrators too; "
            "what the backup holds takes its place. While it lasts the pool answers nothing. It is done half an hour "
            "after a backup of the pool itself, which is made first and to which you can come back"
        )
        if not contains_unknown(news.get("overwrite")) and news.get("overwrite") != news["hsm_name"]:
            return news, [
                CheckFailure("overwrite", f"{what} — confirm with managed-hsm:restore.overwrite: {news['hsm_name']}")
            ]
        tell(what)
        tell(
            "roles and keys that this stack had before and the backup does not hold come back by pulumi refresh and up"
        )
        return news, []

    def _restores(self, olds: Props, news: Props) -> bool:
        return (
            not olds or self.is_other_pool(olds, news) or any(self._changed(each, olds, news) for each in self.UPDATE)
        )

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Restores, or takes up what an earlier run began."""
        wanted = inputs_of(props)
        return CreateResult(f"{wanted['hsm_id']}/restore", {**_inputs(wanted), **_outputs(_restored(wanted))})

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Restores again."""
        olds, wanted = inputs_of(_olds), inputs_of(_news)
        last = datetime.fromisoformat(olds["restored_at"])
        return UpdateResult({**_inputs(wanted), **_outputs(_restored(wanted, last))})

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """As it was done; gone with its pool."""
        known = inputs_of(props)
        try:
            gone = pool_is_gone(known["hsm_id"], known["hsm_created_at"])
        except DataPlaneError:
            gone = False
        return ReadResult(None, {}) if gone else ReadResult(id_, known, {**known, **self.declared(known)})

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """What was restored stays; who wants it restored again later means it."""
        known = inputs_of(_props)
        backups_of(known).forget_restore(known["folder"], known["trigger"])


class FullRestore(Resource, module="mhsm", name="FullRestore"):
    """A restore that was done."""

    restored_at: pulumi.Output[str]
    """ISO 8601, by the service's clock."""
    job_id: pulumi.Output[str]

    def __init__(self, name: str, args: FullRestoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the restore."""
        super().__init__(FullRestoreProvider(), name, {**vars(args), **dict.fromkeys(_OUTPUTS)}, opts)


def _restored(wanted: Props, last: datetime | None = None) -> Operation:
    return backups_of(wanted).restore(wanted["folder"], wanted["trigger"], after=last)


def _inputs(props: Props) -> Props:
    return {name: value for name, value in props.items() if name not in _OUTPUTS}


def _outputs(done: Operation) -> Props:
    return {"restored_at": done.ended.isoformat() if done.ended else None, "job_id": done.job_id}
