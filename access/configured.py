"""What a stack's configuration comes to, before anybody asks a pool."""

from __future__ import annotations

from access.model import POOL, Access, Grant, Kind, Origin, Principal, Role, roles_of
from config import Settings
from config.access import Principal as Named
from config.hsm import Hsm
from data_plane.built_in_roles import ADMINISTRATOR

_KINDS: dict[str, Kind] = {
    "deployer": "deployer",
    "identity": "identity",
    "group": "group",
    "user": "user",
    "servicePrincipal": "servicePrincipal",
    "objectId": "unknown",
}


def configured(settings: Settings) -> Access:
    """The roles, principals and assignments of a configuration.

    The initial administrators count until the configuration says that the bootstrap is over.
    """
    given: list[tuple[Principal, str, str, Origin]] = [
        (principal(each.principal), each.role, each.scope, "configuration") for each in settings.role_assignments
    ]
    given += [(each, ADMINISTRATOR, POOL, "initial administrator") for each in _initial_administrators(settings)]
    custom = [
        Role(each.name, each.permitted, custom=True, description=each.description) for each in settings.role_definitions
    ]
    grants: dict[tuple[str, str, str], Grant] = {}
    for who, role, scope, origin in given:
        grants.setdefault((role, who.id, scope), Grant(role, who.id, scope, origin))
    return Access(
        pool=settings.hsm.name,
        roles=roles_of((role for _, role, _, _ in given), custom),
        principals={who.id: who for who, _, _, _ in given},
        grants=tuple(grants.values()),
        keys=tuple(settings.keys),
        whole=isinstance(settings.hsm, Hsm),
    )


def principal(named: Named) -> Principal:
    """A principal of the configuration."""
    kind = _KINDS[named.kind]
    if named.kind == "objectId":
        return Principal(named.value, kind, named.value)
    return Principal(f"{named.kind} {named.value}".strip(), kind, named.value or named.kind)


def _initial_administrators(settings: Settings) -> list[Principal]:
    if not isinstance(settings.hsm, Hsm) or settings.access.bootstrap_over:
        return []
    return [
        principal(Named.model_validate("deployer"))
        if each == "deployer"
        else Principal(each.lower(), "unknown", each.lower())
        for each in settings.hsm.initial_administrators
    ]
