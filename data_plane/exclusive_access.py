"""Assignments that nobody has declared: which there are, and which of them can be taken away.

What is not taken away in any case: the last Administrator, and what whoever deploys needs to finish its work. Listing
at ``/`` or ``/keys`` leaves out assignments at single keys (seen with ``az keyvault role assignment list``), so that
each key is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from data_plane import directory, role_assignments, role_definitions
from data_plane.built_in_roles import ADMINISTRATOR, BUILT_IN_ROLES, guid_of, name_of
from data_plane.data_actions import BUILT_IN_DATA_ACTIONS, KEY_MANAGEMENT, full
from data_plane.errors import DataPlaneError, ForbiddenError, mapped
from data_plane.role_assignments import Assignment, normal_scope
from data_plane.session import Session
from data_plane.waiting import Say, silent

_ADMINISTRATOR_GUID: Final = BUILT_IN_ROLES[ADMINISTRATOR]
_RULING: Final = frozenset(map(full, ("roleAssignments/write/action", "roleAssignments/delete/action")))
_MANAGING_KEYS: Final = frozenset(
    map(full, (*KEY_MANAGEMENT, "keys/read/action", "keys/deletedKeys/read/action", "keys/deletedKeys/recover/action"))
)
_KIND_WORDS: Final = {
    "user": "user",
    "group": "group",
    "servicePrincipal": "service principal",
    "identity": "identity",
}
_AT_ONCE: Final = 8
"""Keys that are asked for at the same time."""


@dataclass(frozen=True)
class Declared:
    """An assignment that is meant to be there."""

    role: str
    """Name or GUID."""
    principal_id: str
    """Empty where it is not known yet: then every assignment of this role at this scope may be the one."""
    scope: str
    ensured: bool = True
    """Whether the stack itself makes it; an initial administrator has it from the pool's birth, if it still has."""


@dataclass(frozen=True)
class Rule:
    """What counts as declared, and how far the rule goes."""

    declared: tuple[Declared, ...]
    deployer_id: str
    everywhere: bool
    """At ``/``, ``/keys`` and every key; else at ``keys`` only."""
    keys: tuple[str, ...] = ()
    """Names of the stack's own keys."""
    leave: tuple[str, ...] = ()
    """Scopes of keys that others look after; ``*`` at the end stands for any ending."""

    def reaches(self, scope: str) -> bool:
        """Whether an assignment at this scope is judged."""
        plain = scope.lower()
        if any(fnmatchcase(plain, pattern.lower()) for pattern in self.leave):
            return False
        return self.everywhere or plain in {f"/keys/{key}".lower() for key in self.keys}


@dataclass(frozen=True)
class Present:
    """What is in the pool."""

    assignments: tuple[Assignment, ...]
    roles: Mapping[str, role_definitions.Definition]
    """By GUID."""
    keys: tuple[str, ...] = ()
    """Names of the keys that were asked for."""
    gaps: tuple[str, ...] = ()
    """What could not be looked at, in sentences."""

    def permits(self, assignment: Assignment) -> frozenset[str]:
        """Data actions of an assignment's role; nothing where the pool does not list the role."""
        role = self.roles.get(assignment.role_guid)
        return BUILT_IN_DATA_ACTIONS.get(assignment.role_guid, frozenset()) if role is None else role.permitted

    def role_name(self, assignment: Assignment) -> str:
        """The name of an assignment's role, or its GUID."""
        role = self.roles.get(assignment.role_guid)
        return role.role_name if role else name_of(assignment.role_guid) or assignment.role_guid


@dataclass(frozen=True)
class Kept:
    """An assignment that nobody has declared, and why it stays nevertheless."""

    assignment: Assignment
    why: str


@dataclass(frozen=True)
class Judgement:
    """What comes of it."""

    strays: tuple[Assignment, ...]
    """To be taken away."""
    kept: tuple[Kept, ...] = ()


def look(session: Session, hsm_uri: str, rule: Rule) -> Present:
    """Everything that the rule reaches. Raises DataPlaneError where nothing can be seen at all."""
    keys, gaps = _keys(session, hsm_uri, rule) if rule.everywhere else (list(rule.keys), [])
    # Whoever looks after a few keys may have no right to read roles anywhere else.
    scopes = [*(["/"] if rule.everywhere else []), *(f"/keys/{key}" for key in keys)]
    if not scopes:
        return Present((), {})
    roles = {each.name: each for each in role_definitions.every(session, hsm_uri, scopes[0])}
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        listed = workers.map(lambda scope: role_assignments.at_scope(session, hsm_uri, scope), scopes)
        found = {each.name.lower(): each for assignments in listed for each in assignments}
    return Present(tuple(found.values()), roles, tuple(keys), tuple(gaps))


def judge(
    present: Present, rule: Rule, groups_of_deployer: Callable[[Sequence[str]], Iterable[str] | None]
) -> Judgement:
    """Tells what is declared from what is not, and what has to stay.

    ``groups_of_deployer`` answers which of some principals are groups that the deployer is in, or None where that
    cannot be known.
    """
    guids = {each.role_name.casefold(): guid for guid, each in present.roles.items()}
    declared = {
        (guid_of(each.role) or guids.get(each.role.strip().casefold()), each.principal_id.lower(), _folded(each.scope))
        for each in rule.declared
    }
    undeclared = [
        each
        for each in present.assignments
        if rule.reaches(each.scope)
        and not declared & {(each.role_guid, who, _folded(each.scope)) for who in (each.principal_id.lower(), "")}
    ]
    kept: dict[str, str] = {}
    for guid, why in _needed_by_deployer(present, rule, undeclared, groups_of_deployer):
        kept.setdefault(guid, why)
    strays = [each for each in undeclared if each.name not in kept]
    if not _administrators_left(rule, present, strays):
        kept |= {each.name: "it is the last Administrator" for each in strays if _administers(each)}
    return Judgement(
        tuple(each for each in undeclared if each.name not in kept),
        tuple(Kept(each, kept[each.name]) for each in undeclared if each.name in kept),
    )


def words(present: Present, assignment: Assignment, names: Mapping[str, str]) -> str:
    """An assignment in words. ``names``: of principals, by object id."""
    who = names.get(assignment.principal_id.lower(), assignment.principal_id)
    return f"{present.role_name(assignment)} of {who} at {assignment.scope}"


def told(session: Session, present: Present, judgement: Judgement) -> dict[str, str]:
    """What is to be taken away, in words by GUID; principals by name where the directory may be read."""
    if not judgement.strays:
        return {}
    names = names_of(session, [each.principal_id for each in judgement.strays])
    return {each.name.lower(): words(present, each, names) for each in judgement.strays}


def names_of(session: Session, object_ids: Sequence[str]) -> dict[str, str]:
    """Kind and name of principals by object id; nothing where the directory may not be read."""
    try:
        found = directory.described(session, object_ids)
    except DataPlaneError:
        return {}
    return {each.object_id: f"{_KIND_WORDS.get(each.kind, '')} {each.name}".strip() for each in found.values()}


def revoke(session: Session, hsm_uri: str, rule: Rule, wanted: Iterable[str], *, say: Say = silent) -> list[Assignment]:
    """Takes away those of the assignments ``wanted`` (GUIDs) that may still be taken away; answers which.

    Raises DataPlaneError.
    """
    present = look(session, hsm_uri, rule)
    asked = {each.lower() for each in wanted}
    judgement = judge(present, rule, deployers_groups(session, rule.deployer_id))
    gone = []
    for each in judgement.strays:
        if each.name.lower() in asked:
            role_assignments.delete(session, hsm_uri, each.scope, each.name)
            say(f"revoked: {words(present, each, {})}")
            gone.append(each)
    for kept in judgement.kept:
        if kept.assignment.name.lower() in asked:
            say(f"not revoked: {words(present, kept.assignment, {})}: {kept.why}")
    return gone


def deployers_groups(session: Session, deployer_id: str) -> Callable[[Sequence[str]], list[str] | None]:
    """Asks the directory which of some groups the deployer is in; None where it may not be asked."""

    def ask(candidates: Sequence[str]) -> list[str] | None:
        try:
            return directory.groups_among(session, deployer_id, candidates)
        except DataPlaneError:
            return None

    return ask


def _keys(session: Session, hsm_uri: str, rule: Rule) -> tuple[list[str], list[str]]:
    """Names of all keys, deleted ones among them: an assignment at a key outlives it."""
    found, gaps = dict.fromkeys(rule.keys), []
    client = session.keys(hsm_uri)
    for kind, listed in (("keys", client.list_properties_of_keys), ("deleted keys", client.list_deleted_keys)):
        try:
            with mapped(f"{hsm_uri}: {kind}"):
                found |= dict.fromkeys(str(each.name) for each in listed())
        except ForbiddenError as error:
            if error.by_firewall:
                raise
            gaps.append(f"whoever deploys may not list {kind}: assignments at those of others were not looked at")
    return list(found), gaps


def _needed_by_deployer(
    present: Present,
    rule: Rule,
    undeclared: Sequence[Assignment],
    groups_of_deployer: Callable[[Sequence[str]], Iterable[str] | None],
) -> Iterator[tuple[str, str]]:
    """GUIDs of the assignments without which the deployer could not finish, each with the reason."""
    ruling = [each for each in present.assignments if present.permits(each) >= _RULING]
    own = [each for each in ruling if _is(each, rule.deployer_id)]
    way_out = "the deployer gives roles by it: python -m access resign gives it up"
    yield from ((each.name, way_out) for each in own if each in undeclared)
    others = [
        each
        for each in ruling
        if each in undeclared and each not in own and not any(_covers(mine.scope, each.scope) for mine in own)
    ]
    groups = groups_of_deployer(list(dict.fromkeys(each.principal_id for each in others))) if others else []
    inside = None if groups is None else {each.lower() for each in groups}
    for each in others:
        if inside is None or each.principal_id.lower() in inside:
            yield each.name, "the deployer may be the one that gives roles by it"
    for each in undeclared:
        used = present.permits(each) & _MANAGING_KEYS
        if _is(each, rule.deployer_id) and not used <= _declared_for_deployer(present, rule, each.scope):
            yield each.name, "the deployer manages keys by it: declare what it needs in roleAssignments"


def _declared_for_deployer(present: Present, rule: Rule, scope: str) -> frozenset[str]:
    by_name = {each.role_name.casefold(): each.permitted for each in present.roles.values()}
    found: frozenset[str] = frozenset()
    for each in rule.declared:
        if each.principal_id.lower() == rule.deployer_id.lower() and _covers(each.scope, scope):
            guid = guid_of(each.role)
            found |= BUILT_IN_DATA_ACTIONS.get(guid or "", by_name.get(each.role.strip().casefold(), frozenset()))
    return found


def _administrators_left(rule: Rule, present: Present, strays: Sequence[Assignment]) -> bool:
    declared = [each for each in rule.declared if each.ensured and _folded(each.scope) == "/"]
    if any(guid_of(each.role) == _ADMINISTRATOR_GUID for each in declared):
        return True
    return any(_administers(each) and each not in strays for each in present.assignments)


def _administers(assignment: Assignment) -> bool:
    return assignment.role_guid == _ADMINISTRATOR_GUID and assignment.scope == "/"


def _is(assignment: Assignment, principal_id: str) -> bool:
    return assignment.principal_id.lower() == principal_id.lower()


def _covers(outer: str, inner: str) -> bool:
    outer, inner = _folded(outer), _folded(inner)
    return outer == "/" or inner == outer or inner.startswith(f"{outer}/")


def _folded(scope: str) -> str:
    return normal_scope(scope).lower()
