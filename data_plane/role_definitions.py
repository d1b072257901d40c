"""Roles of a pool's own: find, make, change, take away.

Source: azure-keyvault-administration 4.7, ``KeyVaultAccessControlClient``; custom roles belong to ``/`` only.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from data_plane import role_assignments
from data_plane.data_actions import short
from data_plane.errors import ConflictError, DataPlaneError, NotFoundError, mapped
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, confirmed, retried, silent

_NAMESPACE: Final = uuid.UUID("a61f5c0e-2d43-5b8a-9f0c-7d5e3b1a8c26")
_CUSTOM: Final = "CustomRole"
_SCOPE: Final = "/"
_STILL_ASSIGNED_SECONDS: Final = 20.0
"""A removal of the last assignment may reach the partition that is asked a moment later."""


@dataclass(frozen=True)
class Definition:
    """A role: its GUID, and what it permits in the end."""

    name: str
    """GUID in lower case."""
    role_name: str
    description: str
    data_actions: tuple[str, ...]
    not_data_actions: tuple[str, ...] = ()
    custom: bool = True

    @property
    def permitted(self) -> frozenset[str]:
        """Data actions without those that are taken away again."""
        return frozenset(self.data_actions) - frozenset(self.not_data_actions)

    def says_same_as(self, other: Definition) -> bool:
        """Whether both are called, described and permit the same."""
        return self._content() == other._content()

    def _content(self) -> tuple[str, str, frozenset[str]]:
        return self.role_name, self.description, self.permitted


class SameNameError(ConflictError):
    """The pool has a role of that name that permits something else."""


class StillAssignedError(ConflictError):
    """The role is assigned, so that the service keeps it."""


def definition_name(hsm_id: str, hsm_created_at: str, role_name: str) -> str:
    """The GUID that a role of this name has in this very pool, always the same."""
    parts = (hsm_id.lower(), hsm_created_at, role_name.strip().casefold())
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


def every(session: Session, hsm_uri: str, scope: str = _SCOPE) -> list[Definition]:
    """All roles that the pool lists, built in and its own, which are the same at every scope. Raises DataPlaneError."""
    with mapped(f"{hsm_uri}: role definitions"):
        return [_definition(each) for each in session.access(hsm_uri).list_role_definitions(scope)]


def find(session: Session, hsm_uri: str, name: str, *, clock: Clock = SYSTEM_CLOCK) -> Definition | None:
    """The role of that GUID, or None once several answers said that there is none. Raises DataPlaneError."""
    return confirmed(lambda: _get(session, hsm_uri, name), clock=clock)


def ensure(session: Session, hsm_uri: str, wanted: Definition, *, say: Say = silent) -> Definition:
    """Makes the role, or adopts the one of the same name that says the very same under another GUID.

    Raises SameNameError where a role of that name permits something else.
    """
    namesakes = [
        each
        for each in every(session, hsm_uri)
        if each.role_name.casefold() == wanted.role_name.casefold() and each.name != wanted.name
    ]
    for each in namesakes:
        if not each.says_same_as(wanted):
            raise SameNameError(
                f"{hsm_uri}: there is a role {each.role_name!r} already ({each.name}), which"
                f" {difference(each, wanted)} — say the same in roleDefinitions to adopt it, take another name, or"
                " delete it first"
            )
    if namesakes:
        say(f"role {wanted.role_name!r}: exists as {namesakes[0].name}; adopted")
        return namesakes[0]
    return put(session, hsm_uri, wanted)


def put(session: Session, hsm_uri: str, wanted: Definition) -> Definition:
    """Writes the role of that GUID, whether it exists or not. Raises DataPlaneError."""
    from azure.keyvault.administration import KeyVaultPermission

    permission = KeyVaultPermission(
        data_actions=list(wanted.data_actions),
        not_data_actions=list(wanted.not_data_actions),
    )
    with mapped(f"{hsm_uri}: role {wanted.role_name!r}"):
        made = session.access(hsm_uri).set_role_definition(
            _SCOPE,
            name=wanted.name,
            role_name=wanted.role_name,
            description=wanted.description,
            permissions=[permission],
        )
    return _definition(made)


def delete(session: Session, hsm_uri: str, name: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Takes the role away; one that is gone is fine.

    Raises StillAssignedError where it is assigned, with the assignments that the deployer can see.
    """

    def attempt() -> None:
        try:
            with mapped(f"{hsm_uri}: removal of role {name}"):
                session.access(hsm_uri).delete_role_definition(_SCOPE, name)
        except NotFoundError:
            return

    patience = Patience(_STILL_ASSIGNED_SECONDS, f"{hsm_uri}: removal of role {name}", first=1.0, clock=clock)

    def is_passing(error: DataPlaneError) -> bool:
        return _says_it_is_assigned(error) and not _holders(session, hsm_uri, name)

    try:
        retried(attempt, passing=is_passing, patience=patience)
    except ConflictError as refusal:
        if not _says_it_is_assigned(refusal):
            raise
        raise StillAssignedError(
            f"{hsm_uri}: role {name} stays: it is assigned {_where(_holders(session, hsm_uri, name))} — take these"
            " assignments away first (az keyvault role assignment delete), then run again",
            status=refusal.status,
            code=refusal.code,
        ) from None


def difference(found: Definition, wanted: Definition) -> str:
    """How a role differs from what it should be, in words."""
    more = ", ".join(map(short, sorted(found.permitted - wanted.permitted)))
    less = ", ".join(map(short, sorted(wanted.permitted - found.permitted)))
    name = f"is called {found.role_name!r}" if found.role_name != wanted.role_name else ""
    parts = [name, f"also permits {more}" if more else "", f"does not permit {less}" if less else ""]
    return " and ".join(filter(None, parts)) or "is described otherwise"


def _holders(session: Session, hsm_uri: str, name: str) -> list[role_assignments.Assignment]:
    found = role_assignments.at_scope(session, hsm_uri, _SCOPE)
    return [each for each in found if each.role_guid == name.lower()]


def _where(holders: Iterable[role_assignments.Assignment]) -> str:
    told = ", ".join(f"to {each.principal_id} at {each.scope}" for each in holders)
    # The service lists assignments at a single key only where that key is asked for.
    return told or "at a single key"


def _get(session: Session, hsm_uri: str, name: str) -> Definition | None:
    try:
        with mapped(f"{hsm_uri}: role {name}"):
            return _definition(session.access(hsm_uri).get_role_definition(_SCOPE, name))
    except NotFoundError:
        return None


def _definition(found: Any) -> Definition:
    permissions = list(found.permissions or [])
    given = [_texts(each.data_actions) for each in permissions]
    taken = [_texts(each.not_data_actions) for each in permissions]
    if len(permissions) > 1:
        # What one permission takes away, another may give: told as what is left of each.
        given = [sorted(set(plus) - set(minus)) for plus, minus in zip(given, taken, strict=True)]
        taken = []
    return Definition(
        name=str(found.name).lower(),
        role_name=str(found.role_name or ""),
        description=str(found.description or ""),
        data_actions=tuple(dict.fromkeys(action for actions in given for action in actions)),
        not_data_actions=tuple(dict.fromkeys(action for actions in taken for action in actions)),
        custom=str(getattr(found.role_type, "value", found.role_type)) == _CUSTOM,
    )


def _texts(actions: Iterable[Any] | None) -> list[str]:
    return [str(getattr(each, "value", each)) for each in actions or []]


def _says_it_is_assigned(error: Exception) -> bool:
    """As ARM words it ("Troubleshoot Azure RBAC"); the HSM's own refusal is recorded nowhere."""
    return isinstance(error, ConflictError) and (
        error.code == "RoleDefinitionHasAssignments" or "assignments referencing" in str(error)
    )
