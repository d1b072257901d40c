"""Access in few words."""

from __future__ import annotations

from access.model import Access, Grant, Kind, Principal, Role, roles_of
from data_plane.data_actions import full

KINDS: dict[str, Kind] = {
    "deployer": "deployer",
    "kim": "user",
    "admins": "group",
    "operators": "group",
    "payments": "identity",
    "pipeline": "servicePrincipal",
    "old": "gone",
}
MEMBERS: dict[str, tuple[str, ...]] = {"operators": ("kim", "lee")}


def access(*given: str, custom: dict[str, list[str]] | None = None, members: bool = False) -> Access:
    """Each given as ``who: role at scope``; ``Managed HSM `` is left out of the roles."""
    grants = []
    for each in given:
        who, _, rest = each.partition(": ")
        role, _, scope = rest.partition(" at ")
        grants.append(Grant(role if role in (custom or {}) else f"Managed HSM {role}", who, scope))
    roles = [Role(name, frozenset(map(full, actions)), custom=True) for name, actions in (custom or {}).items()]
    people = list(dict.fromkeys([each.principal for each in grants] + (["kim", "lee"] if members else [])))
    return Access(
        pool="contoso-hsm",
        roles=roles_of((each.role for each in grants), roles),
        principals={
            each: Principal(each, KINDS.get(each, "unknown"), each, MEMBERS.get(each) if members else None)
            for each in people
        },
        grants=tuple(grants),
        keys=("one", "two"),
    )
