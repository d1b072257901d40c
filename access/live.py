"""Who has what in a pool, asked of the pool itself and of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, get_args

from access.model import Access, Grant, Kind, Principal, Role, roles_of
from data_plane import directory, exclusive_access
from data_plane.errors import DataPlaneError
from data_plane.exclusive_access import Rule
from data_plane.session import Session

_DIRECTORY_GAP: Final = "the directory could not be read, so that principals have no names and groups no members"


def live(session: Session, hsm_uri: str, *, deployer_id: str | None = None) -> Access:
    """All assignments of the pool. ``deployer_id``: the object id of whoever deploys, to be told apart.

    Raises DataPlaneError where the roles cannot be read; what else cannot be looked at is among the gaps.
    """
    present = exclusive_access.look(session, hsm_uri, Rule((), "", everywhere=True))
    ids = list(dict.fromkeys(each.principal_id.lower() for each in present.assignments))
    people, gaps = _people(session, ids, deployer_id)
    custom = [
        Role(each.role_name, each.permitted, custom=True, description=each.description)
        for each in present.roles.values()
        if each.custom
    ]
    grants = tuple(
        Grant(present.role_name(each), each.principal_id.lower(), each.scope, "pool", each.name)
        for each in present.assignments
    )
    return Access(
        pool=hsm_uri.removeprefix("https://").split(".")[0],
        roles=roles_of((each.role for each in grants), custom),
        principals=people,
        grants=grants,
        keys=present.keys,
        source=f"the pool, on {datetime.now(UTC):%d %B %Y at %H:%M} UTC",
        gaps=(*present.gaps, *gaps),
    )


def _people(
    session: Session, object_ids: Sequence[str], deployer_id: str | None
) -> tuple[dict[str, Principal], list[str]]:
    try:
        known = directory.described(session, object_ids)
        inside = {
            each.object_id: directory.members(session, each.object_id)
            for each in known.values()
            if each.kind == "group"
        }
    except DataPlaneError:
        unknown = {each: Principal(each, _kind("unknown", each, deployer_id), each) for each in object_ids}
        return unknown, [_DIRECTORY_GAP]
    found = {}
    for each in object_ids:
        one = known.get(each)
        kind, name = (one.kind, one.name) if one else ("gone", each)
        members = tuple(member.object_id for member in inside[each]) if each in inside else None
        found[each] = Principal(each, _kind(kind, each, deployer_id), name, members)
    for listed in inside.values():
        for member in listed:
            kind = _kind(member.kind, member.object_id, deployer_id)
            found.setdefault(member.object_id, Principal(member.object_id, kind, member.name))
    return found, []


def _kind(kind: str, object_id: str, deployer_id: str | None) -> Kind:
    if deployer_id is not None and object_id == deployer_id.lower():
        return "deployer"
    found: Kind = kind if kind in get_args(Kind) else "unknown"  # type: ignore[assignment]  # it is one of them
    return found
