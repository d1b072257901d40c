"""The program's own storage account for the security domain.

It is for what must outlive the pool. So nothing of it is ever deleted: a destroy, another name and a container that is
not wanted any more leave what is there, and say so. It takes over what an earlier run, or an earlier stack, has left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from dynamic.base import HsmProvider, Props, inputs_of, missing, one_line, tell

if TYPE_CHECKING:
    from data_plane.custody_account import WantedAccount

_PLACE = ("subscription_id", "resource_group", "location", "name")
_CONTENT = (
    "replication",
    "retention_days",
    "containers",
    "principal_id",
    "public_network_access",
    "default_action",
    "bypass",
    "ip_rules",
    "tags",
)


@dataclass(frozen=True)
class CustodyAccountArgs:
    """What a :class:`CustodyAccount` is made of."""

    subscription_id: str
    resource_group: str
    """Not the pool's; made where there is none."""
    location: str
    name: str
    replication: str
    retention_days: int
    containers: Sequence[str]
    principal_id: str
    """Object id of whoever writes there."""
    public_network_access: str
    default_action: str
    bypass: str
    ip_rules: Sequence[str]
    tags: Mapping[str, str]


class CustodyAccountProvider(HsmProvider):
    """Makes it or takes it over, keeps it as it should be, leaves it."""

    UPDATE = _CONTENT
    REPLACE = _PLACE
    FORBID: ClassVar[Mapping[str, str]] = {}

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """All that says where it is, and a container at least."""
        del olds
        return news, missing(news, *_PLACE, "containers", "principal_id")

    def same(self, name: str, old: Any, new: Any) -> bool:
        """Containers and rules have no order; nothing is the same as an empty list."""
        if name in ("containers", "ip_rules"):
            return set(old or ()) == set(new or ())
        if name == "tags":
            return dict(old or {}) == dict(new or {})
        return super().same(name, old, new)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Ends when blobs can be written there."""
        wanted = inputs_of(props)
        return CreateResult(_ensure(wanted), wanted)

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Brings it to what is wanted now."""
        olds, news = inputs_of(_olds), inputs_of(_news)
        _ensure(news)
        for container in sorted(set(olds.get("containers", [])) - set(news["containers"])):
            tell(f"{news['name']}: the container {container} stays, with what lies in it")
        return UpdateResult(news)

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """Gone if the account is; otherwise what of it differs."""
        from dataclasses import asdict

        from data_plane import custody_account, session

        known = inputs_of(props)
        found = custody_account.seen(session.current(), _wanted(known))
        if found is None:
            return ReadResult(None, {})
        content = {name: _listed(value) for name, value in asdict(found).items() if name in _CONTENT}
        state = inputs_of({**known, **content})
        return ReadResult(id_, state, self.declared(state))

    def delete(self, _id: str, _props: Props) -> None:
        """Leaves all of it."""
        tell(f"{_id} stays, with every security domain in it: delete it by hand if nobody will ever need one again")


class CustodyAccount(Resource, module="mhsm", name="CustodyAccount"):
    """A storage account that outlives the pool."""

    def __init__(self, name: str, args: CustodyAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the account."""
        props = {field: _listed(getattr(args, field)) for field in (*_PLACE, *_CONTENT)}
        super().__init__(CustodyAccountProvider(), name, props, opts)


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, list | tuple) else value


def _wanted(props: Props) -> WantedAccount:
    from data_plane import session
    from data_plane.custody_account import WantedAccount

    content: Props = {field: props.get(field) for field in (*_PLACE, *_CONTENT)}
    content |= {field: tuple(props.get(field) or ()) for field in ("containers", "ip_rules")}
    content |= {"tags": dict(props.get("tags") or {}), "retention_days": int(props["retention_days"])}
    return WantedAccount(**content, suffix=session.current().identity.cloud.storage)


def _ensure(props: Props) -> str:
    from data_plane import custody_account, session

    return custody_account.ensure(session.current(), _wanted(props), say=tell)
