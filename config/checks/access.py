"""Roles that exist, principals that are declared, scopes of keys that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from config.access import RoleAssignment
from config.hsm import ExistingHsm
from config.problems import Problem, not_accepted
from config.role_definitions import RoleDefinition
from config.settings import Settings
from data_plane.built_in_roles import BUILT_IN_ROLES, guid_of
from data_plane.data_actions import short

_ASSIGNMENTS = "managed-hsm:roleAssignments"
_DEFINITIONS = "managed-hsm:roleDefinitions"
_KEY_SCOPE = "/keys/"


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of role definitions and role assignments."""
    yield from _definition_problems(settings)
    yield from _exclusive_problems(settings)
    own_roles = {definition.name for definition in settings.role_definitions}
    seen: dict[tuple[str, str, str, str], int] = {}
    called: dict[tuple[str, str, str], int] = {}
    for index, assignment in enumerate(settings.role_assignments):
        path = f"{_ASSIGNMENTS}[{index}]"
        yield from _role_problems(path, assignment, own_roles)
        yield from _principal_problems(path, assignment, settings)
        yield from _scope_problems(path, assignment, settings)
        earlier = seen.setdefault(_identity(assignment), index)
        if earlier != index:
            involved = (f"{_ASSIGNMENTS}[{earlier}]",)
            yield Problem(path, f"says the same as roleAssignments[{earlier}]; each assignment once", involved)
            continue
        namesake = called.setdefault(_name(assignment), index)
        if namesake != index:
            text = f"is called as that of roleAssignments[{namesake}], which has the same role and scope"
            involved = (f"{_ASSIGNMENTS}[{namesake}]",)
            yield Problem(f"{path}.principal", f"{text}; one of them by {{objectId: …}}, or another name", involved)


def _exclusive_problems(settings: Settings) -> Iterator[Problem]:
    access, path = settings.access, "managed-hsm:access"
    if access.exclusive == "everywhere" and isinstance(settings.hsm, ExistingHsm):
        accepted = (
            "ownKeys, as other stacks have assignments of their own in a pool that one of them owns (hsm.existing)"
        )
        yield not_accepted(f"{path}.exclusive", True, accepted, ("managed-hsm:hsm",))
    if access.leave and access.exclusive != "everywhere":
        yield Problem(f"{path}.leave", "means nothing without exclusive: true", (f"{path}.exclusive",))


def suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` where something known is close, else nothing."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[close[0]]}?" if close else ""


def _definition_problems(settings: Settings) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, definition in enumerate(settings.role_definitions):
        path = f"{_DEFINITIONS}[{index}].name"
        earlier = seen.setdefault(definition.name.casefold(), index)
        if earlier != index:
            yield not_accepted(path, definition.name, f"a name that roleDefinitions[{earlier}] does not have")
        if guid_of(definition.name) is not None or guid_of(f"Managed HSM {definition.name}") is not None:
            yield not_accepted(path, definition.name, "a name that no built-in role has, and no GUID")
        yield from _permission_problems(f"{_DEFINITIONS}[{index}]", definition)


def _permission_problems(path: str, definition: RoleDefinition) -> Iterator[Problem]:
    for index, action in enumerate(definition.not_data_actions):
        if action not in definition.data_actions:
            yield not_accepted(f"{path}.notDataActions[{index}]", short(action), "one of the role's dataActions")
    if not definition.permitted:
        yield Problem(path, "permits nothing: notDataActions takes every one of the dataActions away again")


def _role_problems(path: str, assignment: RoleAssignment, own_roles: set[str]) -> Iterator[Problem]:
    if assignment.role_guid is None and assignment.role not in own_roles:
        accepted = "the name or GUID of a local role" + suggestion(assignment.role, [*BUILT_IN_ROLES, *own_roles])
        yield not_accepted(f"{path}.role", assignment.role, accepted, (_DEFINITIONS,))


def _principal_problems(path: str, assignment: RoleAssignment, settings: Settings) -> Iterator[Problem]:
    principal = assignment.principal
    if principal.kind == "identity" and principal.value not in settings.identities:
        accepted = "the name of an entry of identities" + suggestion(principal.value, settings.identities)
        yield not_accepted(f"{path}.principal.identity", principal.value, accepted, ("managed-hsm:identities",))


def _scope_problems(path: str, assignment: RoleAssignment, settings: Settings) -> Iterator[Problem]:
    key = assignment.scope.removeprefix(_KEY_SCOPE)
    if assignment.elsewhere and (key == assignment.scope or key in settings.keys):
        yield not_accepted(f"{path}.elsewhere", True, "false: no key of another stack", (f"{path}.scope",))
    if key == assignment.scope or key in settings.keys or isinstance(settings.hsm, ExistingHsm):
        return
    if assignment.elsewhere:
        return
    accepted = "/, /keys, or /keys/ and the name of an entry of keys" + suggestion(key, settings.keys)
    yield not_accepted(f"{path}.scope", assignment.scope, accepted, ("managed-hsm:keys", "managed-hsm:hsm"))


def _identity(assignment: RoleAssignment) -> tuple[str, str, str, str]:
    role = assignment.role_guid or assignment.role
    principal = assignment.principal
    return role, principal.kind, principal.value.casefold(), assignment.scope


def _name(assignment: RoleAssignment) -> tuple[str, str, str]:
    """What the stack calls the assignment by, whatever kind the principal is of."""
    return assignment.role, assignment.principal.value or assignment.principal.kind, assignment.scope
