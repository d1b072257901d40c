"""What is known of a pool's access: roles, principals, who was given what at which scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from data_plane.built_in_roles import ADMINISTRATOR, name_of
from data_plane.data_actions import of_built_in_role

POOL: Final = "/"
KEYS: Final = "/keys"
_KEY_PREFIX: Final = "/keys/"

Kind = Literal["user", "group", "servicePrincipal", "identity", "deployer", "unknown", "gone"]
KIND_WORDS: Final[Mapping[Kind, str]] = {
    "user": "user",
    "group": "group",
    "servicePrincipal": "service principal",
    "identity": "identity",
    "deployer": "",
    "unknown": "",
    "gone": "deleted principal",
}

Origin = Literal["configuration", "initial administrator", "pool"]


@dataclass(frozen=True)
class Role:
    """What a role permits."""

    name: str
    data_actions: frozenset[str]
    """With the service's prefix."""
    custom: bool = False
    description: str = ""


@dataclass(frozen=True)
class Principal:
    """Somebody who can be given a role."""

    id: str
    """Tells principals apart: the object id where it is known, else kind and name."""
    kind: Kind
    name: str
    members: tuple[str, ...] | None = None
    """Ids of a group's members, those of its groups among them; None where they are not known."""

    @property
    def words(self) -> str:
        """Kind and name, as sentences have them."""
        if self.kind == "deployer":
            return "the deployer"
        return f"{KIND_WORDS[self.kind]} {self.name}".strip()


@dataclass(frozen=True)
class Grant:
    """A role, given to a principal at a scope."""

    role: str
    """Its name, or its GUID where it has none."""
    principal: str
    """Id of the principal."""
    scope: str
    """``/``, ``/keys`` or ``/keys/<name>``."""
    origin: Origin = "configuration"
    assignment: str = ""
    """GUID of the assignment, where it is known."""


@dataclass(frozen=True)
class Access:
    """All of it."""

    pool: str
    """Name of the pool."""
    roles: Mapping[str, Role]
    principals: Mapping[str, Principal]
    grants: tuple[Grant, ...]
    keys: tuple[str, ...] = ()
    """Names of the keys that are known."""
    source: str = "the configuration"
    """What all this was read from, in words."""
    whole: bool = True
    """Whether others have no rights in the pool: a stack on a pool that another one owns knows its own part only."""
    gaps: tuple[str, ...] = field(default=())
    """What could not be looked at, in sentences."""

    def actions_of(self, grant: Grant) -> frozenset[str]:
        """What a grant permits; nothing where nobody knows its role."""
        role = self.roles.get(grant.role)
        return role.data_actions if role else frozenset()

    def groups_of(self, principal: str) -> list[Principal]:
        """The groups that are known to have this member."""
        return self._groups_by_member.get(principal, [])

    def grants_of(self, principal: str) -> list[Grant]:
        """What was given to a principal itself."""
        return self._grants_by_principal.get(principal, [])

    @cached_property
    def _groups_by_member(self) -> dict[str, list[Principal]]:
        found: dict[str, list[Principal]] = {}
        for each in self.principals.values():
            for member in each.members or ():
                found.setdefault(member, []).append(each)
        return found

    @cached_property
    def _grants_by_principal(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = {}
        for each in self.grants:
            found.setdefault(each.principal, []).append(each)
        return found


def covers(outer: str, inner: str) -> bool:
    """Whether what holds at ``outer`` holds at ``inner``; names of keys match without regard to case."""
    outer, inner = outer.lower(), inner.lower()
    return outer == POOL or inner == outer or inner.startswith(f"{outer}/")


def key_of(scope: str) -> str | None:
    """The name of the key that a scope is, or None."""
    return scope[len(_KEY_PREFIX) :] if scope.lower().startswith(_KEY_PREFIX) else None


def key_scope(key: str) -> str:
    """The scope that a key is."""
    return _KEY_PREFIX + key


def at(scope: str) -> str:
    """A scope as sentences have it."""
    key = key_of(scope)
    if key is not None:
        return f"at key {key}"
    return {POOL: "in the whole pool", KEYS: "at every key"}.get(scope.lower(), f"at {scope}")


def built_in(role: str) -> Role | None:
    """The built-in role of a name, a GUID or a definition id."""
    actions = of_built_in_role(role)
    name = name_of(role) or role
    return None if actions is None else Role(name, actions)


def roles_of(names: Iterable[str], custom: Iterable[Role]) -> dict[str, Role]:
    """The roles of these names, built in or among ``custom``; those that nobody knows are left out."""
    own = {each.name: each for each in custom}
    found = {name: own.get(name) or built_in(name) for name in dict.fromkeys(names)}
    return {name: role for name, role in found.items() if role is not None} | own


def is_administrator(grant: Grant) -> bool:
    """Whether the grant makes somebody Administrator of the whole pool."""
    return grant.role == ADMINISTRATOR and grant.scope == POOL
