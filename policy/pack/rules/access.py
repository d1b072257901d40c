"""Rules about who may do what.

Source: "Best practices for Managed HSM role management" (least privilege, no standing administrators).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from data_plane import data_actions
from data_plane.built_in_roles import guid_of, name_of
from data_plane.data_actions import full
from policy.pack.resource_types import MANAGED_HSM, ROLE_ASSIGNMENT, ROLE_DEFINITION, SETUP
from policy.pack.rule import Declared, Option, Rule, Settings, Violation

_WIDTH: Final = ("/", "/keys", "a key")
_OF_KEYS: Final = frozenset(
    map(
        full,
        (*data_actions.KEY_USES, "keys/release/action", "keys/export/action", "keys/deletedKeys/delete"),
    )
)
"""What is done with a key, or ends it. Whoever manages keys, or looks after the pool, does so for all of them."""
_MASTERY: Final = frozenset(
    map(
        full,
        ("roleAssignments/write/action", "roleDefinitions/write/action", *data_actions.SECURITY_DOMAIN[:2]),
    )
)
"""What, granted at ``/``, makes an Administrator of whoever has it, or hands over the security domain."""


def _standing(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    roles = _own_roles(resources)
    deployers = _ids(each.input("deployer") for each in resources if each.type == SETUP)
    for each in resources:
        if each.type == ROLE_ASSIGNMENT and _ids([each.input("principal_id")]) & deployers and _masters(each, roles):
            found = f"with {_role(each)} at / the deployer is Administrator, or can make itself one"
            yield Violation("role", found, each)
        if each.type == MANAGED_HSM and _ids(each.inputs_of("properties.initialAdminObjectIds")) & deployers:
            yield Violation("properties.initialAdminObjectIds", "the deployer is among them", each)


def _ids(values: Iterable[Any]) -> set[str]:
    return {each.lower() for each in values if isinstance(each, str)}


def _masters(assignment: Declared, roles: Mapping[str, frozenset[str]]) -> bool:
    """Whether it makes an Administrator. At a narrower scope such a role gives others roles at keys alone."""
    return assignment.input("scope") == "/" and bool(_MASTERY & (_permitted(assignment, roles) or frozenset()))


def _narrow(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    roles = _own_roles(resources)
    for each in resources:
        scope = each.input("scope")
        if each.type != ROLE_ASSIGNMENT or not isinstance(scope, str):
            continue
        permitted = _permitted(each, roles)
        # Of a role that nobody here knows, the worst has to be thought.
        if permitted is not None and not permitted & _OF_KEYS:
            continue
        if _WIDTH.index(_width(scope)) < _WIDTH.index(settings["widest"]):
            yield Violation("scope", f"{_role(each)} is given at {scope}, wider than {settings['widest']}", each)


def _own_roles(resources: Sequence[Declared]) -> dict[str, frozenset[str]]:
    """What the roles of the pool's own permit, by name."""
    return {
        str(each.input("role_name")): frozenset(each.inputs_of("data_actions"))
        - frozenset(each.inputs_of("not_data_actions"))
        for each in resources
        if each.type == ROLE_DEFINITION
    }


def _permitted(assignment: Declared, own: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """None for a role that neither the service nor this stack defines."""
    role = assignment.input("role")
    if not isinstance(role, str):
        return None
    return own[role] if role in own else data_actions.of_built_in_role(role)


def _role(assignment: Declared) -> str:
    role = assignment.input("role")
    return (name_of(guid_of(role) or role) or role) if isinstance(role, str) else "a role"


def _width(scope: str) -> str:
    return scope if scope in ("/", "/keys") else "a key"


RULES: Final = (
    Rule(
        name="no-standing-administrator",
        why="Whoever takes over the pipeline of a standing administrator can take every key and the security domain.",
        way_out="Name a group of people in managed-hsm:hsm.initialAdministrators, and leave the deployer the"
        " preset role keyManager after the set-up (docs/how-to/give-rights.md).",
        check=_standing,
    ),
    Rule(
        name="least-scope",
        why="Who needs one key should not have all of them, those to come included.",
        way_out="Give the role at /keys/<name> in managed-hsm:roleAssignments.",
        check=_narrow,
        options={"widest": Option("/keys", {"type": "string", "enum": list(_WIDTH)})},
    ),
)
