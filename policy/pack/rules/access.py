"""Rules about who may do what.

Source: "Best practices for Managed HSM role management" (least privilege, no standing administrators).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from data_plane.built_in_roles import ADMINISTRATOR, name_of
from policy.pack.resource_types import MANAGED_HSM, ROLE_ASSIGNMENT, SETUP
from policy.pack.rule import Declared, Option, Rule, Settings, Violation

_OF_THE_POOL: Final = (
    ADMINISTRATOR,
    "Managed HSM Policy Administrator",
    "Managed HSM Crypto Auditor",
    "Managed HSM Backup User",
    "Managed HSM Restore User",
    "Managed HSM ARM User",
    "Managed HSM EKM Administrator",
)
"""Roles that mean the pool as a whole: they have no narrower scope."""
_WIDTH: Final = ("/", "/keys", "a key")


def _standing(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    deployers = {each.input("deployer") for each in resources if each.type == SETUP}
    for each in resources:
        if each.type == ROLE_ASSIGNMENT and _role(each) == ADMINISTRATOR and each.input("principal_id") in deployers:
            yield Violation("role", f"the deployer is {ADMINISTRATOR} at {each.input('scope')}", each)
        if each.type == MANAGED_HSM:
            initial = each.inputs_of("properties.initialAdminObjectIds")
            if any(who in deployers for who in initial):
                yield Violation("properties.initialAdminObjectIds", "the deployer is among them", each)


def _narrow(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    for each in resources:
        scope, role = each.input("scope"), _role(each)
        if not isinstance(scope, str) or role in _OF_THE_POOL:
            continue
        if _WIDTH.index(_width(scope)) < _WIDTH.index(settings["widest"]):
            yield Violation("scope", f"{role} is given at {scope}, wider than {settings['widest']}")


def _role(assignment: Declared) -> str:
    role = assignment.input("role")
    return (name_of(role) or role) if isinstance(role, str) else ""


def _width(scope: str) -> str:
    return scope if scope in ("/", "/keys") else "a key"


RULES: Final = (
    Rule(
        name="no-standing-administrator",
        why="Whoever takes over the pipeline of a standing administrator can take every key and the security domain.",
        way_out="Name a group of people in managed-hsm:hsm.initialAdministrators, and take the deployer's role away"
        " after the set-up (docs/how-to/give-rights.md).",
        check=_standing,
    ),
    Rule(
        name="least-scope",
        why="Who needs one key should not have all of them, those to come included.",
        way_out="Give the role at /keys/<name> in managed-hsm:roleAssignments.",
        check=_narrow,
        types=(ROLE_ASSIGNMENT,),
        options={"widest": Option("/keys", {"type": "string", "enum": list(_WIDTH)})},
    ),
)
