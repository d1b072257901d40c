"""Local role assignments of a pool: find, make, take away.

Source: azure-keyvault-administration 4.7, ``KeyVaultAccessControlClient``.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from data_plane import built_in_roles, propagation
from data_plane.errors import ConflictError, DataPlaneError, ForbiddenError, NotFoundError, RequestError, mapped
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, confirmed, retried, silent, when_not_busy

_NAMESPACE: Final = uuid.UUID("5b0f0a86-6c0f-5f0e-9d57-1f1e5f3b7c42")
_UNKNOWN_ROLE_SECONDS: Final = 90.0
_REFUSED_SECONDS: Final = 6.0
"""The first administrators of a pool that was activated a moment ago may be refused once or twice."""


_ruling: Final = threading.Lock()
"""Several operations take assignments away at the same time: none of two Administrators must count on the other."""
_ADMINISTRATOR: Final = built_in_roles.BUILT_IN_ROLES[built_in_roles.ADMINISTRATOR]
_RULERS: Final = frozenset(
    built_in_roles.BUILT_IN_ROLES[f"Managed HSM {each}"]
    for each in ("Administrator", "Crypto Officer", "Policy Administrator")
)
"""The built-in roles that give roles."""


class LastAdministratorError(DataPlaneError):
    """Nobody would administer the pool any more."""


class OwnRightsError(DataPlaneError):
    """Whoever takes assignments away could not go on."""


@dataclass(frozen=True)
class Assignment:
    """A role, given to a principal at a scope."""

    name: str
    """GUID."""
    role_definition_id: str
    principal_id: str
    scope: str

    @property
    def role_guid(self) -> str:
        """GUID of the role, in lower case."""
        return self.role_definition_id.rsplit("/", 1)[-1].lower()

    def grants_same_as(self, other: Assignment) -> bool:
        """Whether both give the same role to the same principal at the same scope."""
        return self._grant() == other._grant()

    def _grant(self) -> tuple[str, str, str]:
        return self.role_guid, self.principal_id.lower(), normal_scope(self.scope)


def normal_scope(scope: str) -> str:
    """``/``, ``/keys`` or ``/keys/<name>``, without a slash at the end."""
    return scope.rstrip("/") or "/"


def assignment_name(hsm_id: str, hsm_created_at: str, role_guid: str, principal_id: str, scope: str) -> str:
    """The GUID that this grant has in this very pool, always the same; another one in a pool made anew."""
    parts = (hsm_id.lower(), hsm_created_at, role_guid.lower(), principal_id.lower(), normal_scope(scope))
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


def role_guid(session: Session, hsm_uri: str, role: str) -> str:
    """The GUID of a role that is given by name, GUID or definition id; custom roles are looked up in the pool.

    Raises RequestError for a name that no role has.
    """
    if guid := built_in_roles.guid_of(role):
        return guid
    with mapped(f"{hsm_uri}: role definitions"):
        definitions = list(session.access(hsm_uri).list_role_definitions("/"))
    called = role.strip().casefold()
    found = [str(each.name).lower() for each in definitions if (each.role_name or "").casefold() == called]
    if len(found) == 1:
        return found[0]
    if found:
        raise RequestError(f"{hsm_uri}: {len(found)} roles are called {role!r} ({', '.join(found)}) — give the GUID")
    alike = built_in_roles.suggestions(role)
    hint = f"did you mean {' or '.join(alike)}?" if alike else "list them with az keyvault role definition list"
    raise RequestError(f"{hsm_uri}: there is no role {role!r} — {hint}")


def find(session: Session, hsm_uri: str, scope: str, name: str, *, clock: Clock = SYSTEM_CLOCK) -> Assignment | None:
    """The assignment, or None once several answers said that there is none. Raises DataPlaneError."""
    return confirmed(lambda: _get(session, hsm_uri, scope, name), clock=clock)


def ensure(
    session: Session, hsm_uri: str, wanted: Assignment, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK
) -> Assignment:
    """Makes the assignment, or adopts one that grants the very same under another name.

    Raises DataPlaneError; ForbiddenError within seconds where the caller may not assign roles.
    """
    subject = f"{hsm_uri}: assignment of {_role_text(wanted)} to {wanted.principal_id} at {wanted.scope}"

    def create() -> Assignment:
        with mapped(subject):
            made = session.access(hsm_uri).create_role_assignment(
                wanted.scope, wanted.role_definition_id, wanted.principal_id, name=wanted.name
            )
        return _assignment(made, wanted.scope)

    def create_when_allowed() -> Assignment:
        patience = Patience(_REFUSED_SECONDS, subject, first=1.0, clock=clock)
        return retried(
            lambda: when_not_busy(subject, create, say=say, clock=clock),
            passing=propagation.is_passing,
            patience=patience,
        )

    try:
        made = retried(
            create_when_allowed,
            passing=_is_unknown_role,
            patience=Patience(_UNKNOWN_ROLE_SECONDS, subject, first=1.0, clock=clock),
            say=say,
            explain="the pool does not know the role yet: waiting",
        )
    except RequestError as refusal:
        existing = _same_grant(session, hsm_uri, wanted) if _says_it_exists(refusal) else None
        if existing is None:
            raise refusal from None
        made = existing
        if made.name != wanted.name:
            say(f"{subject}: exists as {made.name}; adopted")
    propagation.note_assignment(hsm_uri, clock)
    return made


def delete(session: Session, hsm_uri: str, scope: str, name: str, *, resigning: bool = False) -> None:
    """Takes the assignment away; one that is gone is fine.

    ``resigning``: also the one by which the caller itself gives roles. Raises DataPlaneError; LastAdministratorError
    where nobody would administer the pool any more, OwnRightsError where the caller could not go on.
    """
    if normal_scope(scope) != "/":
        _delete(session, hsm_uri, scope, name)
        return
    with _ruling:
        ruling = [each for each in at_scope(session, hsm_uri, "/") if each.scope == "/" and each.role_guid in _RULERS]
        _refuse_last_administrator(hsm_uri, ruling, name)
        if not resigning:
            _refuse_own_rights(session, hsm_uri, ruling, name)
        _delete(session, hsm_uri, scope, name)


def _delete(session: Session, hsm_uri: str, scope: str, name: str) -> None:
    subject = f"{hsm_uri}: removal of role assignment {name} at {scope}"

    def remove() -> None:
        with mapped(subject):
            session.access(hsm_uri).delete_role_assignment(scope, name)

    when_not_busy(subject, remove)


def _refuse_last_administrator(hsm_uri: str, ruling: Sequence[Assignment], name: str) -> None:
    found = [each for each in ruling if each.role_guid == _ADMINISTRATOR]
    if [each.name.lower() for each in found] == [name.lower()]:
        raise LastAdministratorError(
            f"{hsm_uri}: {found[0].principal_id} is the last Administrator, and stays: nobody could give roles any more"
            " — make another one first (roleAssignments: Managed HSM Administrator at /), then run again"
        )


def _refuse_own_rights(session: Session, hsm_uri: str, ruling: Sequence[Assignment], name: str) -> None:
    """An ``up`` that takes its own rights away halfway through cannot finish, and nor can the next one."""
    caller = session.principal().object_id.lower()
    own = [each for each in ruling if each.principal_id.lower() == caller]
    if [each.name.lower() for each in own] == [name.lower()]:
        raise OwnRightsError(
            f"{hsm_uri}: {_role_text(own[0])} at / is what gives roles in this very run, and stays — give it up last of"
            " all, by python -m access resign (docs/how-to/give-rights.md)"
        )


def at_scope(session: Session, hsm_uri: str, scope: str) -> list[Assignment]:
    """Assignments that the service lists for a scope. Those at single keys appear at their own scope only."""
    subject = f"{hsm_uri}: role assignments at {scope}"

    def listed() -> list[Assignment]:
        with mapped(subject):
            return [_assignment(each, scope) for each in session.access(hsm_uri).list_role_assignments(scope)]

    return when_not_busy(subject, listed)


def _same_grant(session: Session, hsm_uri: str, wanted: Assignment) -> Assignment | None:
    found = _get(session, hsm_uri, wanted.scope, wanted.name)
    candidates = [found] if found is not None else at_scope(session, hsm_uri, wanted.scope)
    return next((each for each in candidates if each.grants_same_as(wanted)), None)


def _get(session: Session, hsm_uri: str, scope: str, name: str) -> Assignment | None:
    subject = f"{hsm_uri}: role assignment {name} at {scope}"

    def got() -> Assignment:
        with mapped(subject):
            return _assignment(session.access(hsm_uri).get_role_assignment(scope, name), scope)

    try:
        return when_not_busy(subject, got)
    except NotFoundError:
        return None


def _assignment(found: Any, scope: str) -> Assignment:
    properties = found.properties
    return Assignment(
        name=str(found.name),
        role_definition_id=str(properties.role_definition_id),
        principal_id=str(properties.principal_id),
        # The SDK gives an enumeration for the scopes that it knows, plain text for the others.
        scope=normal_scope(str(getattr(properties.scope, "value", properties.scope) or scope)),
    )


def _says_it_exists(error: RequestError) -> bool:
    """The service answers 400 MatchingRoleAssignmentExists (azure-powershell issue 22463) or 409."""
    return isinstance(error, ConflictError) or "RoleAssignmentExists" in error.code


def _is_unknown_role(error: DataPlaneError) -> bool:
    # The service's own spelling, at times without the second n, is in azurerm's source as well.
    text = str(error).lower()
    named = any(words in text for words in ("unknown role definition", "unkown role definition"))
    return named and isinstance(error, RequestError) and not isinstance(error, ForbiddenError)


def _role_text(assignment: Assignment) -> str:
    return built_in_roles.name_of(assignment.role_definition_id) or assignment.role_definition_id
