"""Deals with a soft-deleted pool that holds the name of the pool to be made: ``onSoftDeleted: recover`` or ``purge``.

The pool depends on this, so the name is free, or the old pool is back, before the engine makes or imports the pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import ConflictError
from dynamic.base import HsmProvider, Props, inputs_of, missing, one_line, tell

ACTIONS = ("recover", "purge")
_NOT_OWN = {"recover": "comes back there and not in", "purge": "is not for this stack to purge, whose group is"}


@dataclass
class SoftDeletedPoolArgs:
    """What a :class:`SoftDeletedPool` is made of."""

    hsm_id: str
    """ARM id of the pool to be made."""
    resource_group: pulumi.Input[str]
    """Its group, which has to be there first."""
    location: str
    tenant_id: str
    sku: str
    sku_family: str
    action: str
    """``recover`` or ``purge``."""
    deleted_at: str | None = None
    """When the pool that holds the name was deleted; None where none does."""


class SoftDeletedPoolProvider(HsmProvider):
    """Acts when it is made, and when there is another deletion to deal with."""

    UPDATE: ClassVar = ("deleted_at", "action", "tenant_id", "sku", "sku_family", "resource_group")
    REPLACE: ClassVar = ("hsm_id", "location")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Everything is needed."""
        del olds
        failures = missing(news, *self.UPDATE[1:], *self.REPLACE)
        if news.get("action") not in ACTIONS:
            failures.append(CheckFailure("action", f"{news.get('action')!r}: accepted are {', '.join(ACTIONS)}"))
        return news, failures

    def same(self, name: str, old: Any, new: Any) -> bool:
        """Once it is dealt with, nothing holds the name any more, and that is no change."""
        if name == "deleted_at":
            return new is None or old == new
        return super().same(name, old, new)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Recovers or purges what holds the name; done where nothing does. Raises DataPlaneError."""
        wanted = inputs_of(props)
        _deal_with(wanted)
        return CreateResult(wanted["hsm_id"], wanted)

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """The same."""
        wanted = inputs_of(_news)
        _deal_with(wanted)
        return UpdateResult({**inputs_of(_olds), **wanted})

    def read(self, id_: str, props: Props) -> ReadResult:
        """There is nothing that could drift."""
        return ReadResult(id_, inputs_of(props), inputs_of(props))

    def delete(self, _id: str, _props: Props) -> None:
        """There is nothing to take away."""


def _deal_with(wanted: Props) -> None:
    from data_plane import deleted_pool, session

    subscription, name = wanted["hsm_id"].split("/")[2], wanted["hsm_id"].rsplit("/", 1)[-1]
    path, current = deleted_pool.path_of(subscription, wanted["location"], name), session.current()
    found = deleted_pool.find(current, path)
    if found is None:
        return
    _require_own(wanted, found.hsm_id)
    if wanted["action"] == "recover":
        _recover(wanted, found.hsm_id)
    elif found.deleted_at != wanted.get("deleted_at"):
        # Nobody was told of it, and a purge cannot be taken back.
        raise ConflictError(
            f"managed-hsm:hsm.onSoftDeleted: the pool {name} was deleted at {found.deleted_at}, after this run had"
            " looked; it is not purged — run preview, and up if it shall be"
        )
    else:
        deleted_pool.purge(current, path, hsm_id=wanted["hsm_id"], say=tell)


def _require_own(wanted: Props, hsm_id: str) -> None:
    if hsm_id.lower() == wanted["hsm_id"].lower():
        return
    out = f"so it {_NOT_OWN[wanted['action']]} {wanted['resource_group']}"
    raise ConflictError(
        f"managed-hsm:hsm.onSoftDeleted: the soft-deleted pool was {hsm_id}, {out} — change managed-hsm:resourceGroup,"
        " or choose another hsm.name"
    )


def _recover(wanted: Props, hsm_id: str) -> None:
    from data_plane import deleted_pool, session

    body = {
        "location": wanted["location"],
        "sku": {"name": wanted["sku"], "family": wanted["sku_family"]},
        "properties": {"tenantId": wanted["tenant_id"]},
    }
    deleted_pool.recover(session.current(), hsm_id, body, say=tell)


class SoftDeletedPool(Resource, module="mhsm", name="SoftDeletedPool"):
    """The decision what becomes of a soft-deleted pool of the same name."""

    def __init__(self, name: str, args: SoftDeletedPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the decision."""
        super().__init__(SoftDeletedPoolProvider(), name, dict(vars(args)), opts)
