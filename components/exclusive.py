"""Exclusive access: who has a role in the pool besides those of the configuration, said and taken away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.output import Unknown

from components import previewed
from components.hsm_setup import HsmSetup
from components.managed_hsm import Pool
from components.present_pool import is_active
from config import Settings
from config.hsm import Hsm
from data_plane import exclusive_access, session
from data_plane.built_in_roles import ADMINISTRATOR
from data_plane.errors import CustodyError, DataPlaneError
from data_plane.exclusive_access import Declared, Present, Rule
from dynamic.exclusive_access import ExclusiveAccess, ExclusiveAccessArgs

_KEY = "managed-hsm:access.exclusive"
Given = tuple[str, pulumi.Input[str], str]
"""Role, object id of the principal, scope."""


def look(settings: Settings, pool: Any | None, deployer_id: str) -> Present | None:
    """Who has a role in the pool that is there, where the configuration asks for it.

    ``pool``: as azure-native found it. What could not be looked at is said.
    """
    uri = pool.properties.hsm_uri if pool is not None and is_active(pool) else None
    return look_at(settings, str(uri), deployer_id) if uri else None


def look_at(settings: Settings, uri: str, deployer_id: str) -> Present | None:
    """The same of the active pool with this address."""
    if settings.access.exclusive == "nowhere":
        return None
    try:
        present = exclusive_access.look(session.current(), uri, _rule(settings, deployer_id, ()))
    except DataPlaneError as error:
        pulumi.log.warn(f"{_KEY}: who else has a role could not be looked at, so nothing is taken away: {error}")
        return None
    for gap in present.gaps:
        pulumi.log.warn(f"{_KEY}: {gap}; give it Managed HSM Crypto Auditor at /")
    return present


def make_exclusive(
    settings: Settings,
    hsm: Pool,
    setup: HsmSetup,
    deployer_id: str,
    given: Sequence[Given],
    present: Present | None,
) -> None:
    """Declares the rule where the configuration has it. ``present``: what :func:`look` saw.

    Comes last: what the deployer is given in the same run is there when something is taken away.
    """
    if settings.access.exclusive == "nowhere":
        return
    ids = pulumi.Output.all(*[principal for _, principal, _ in given])
    parts = [(role, scope) for role, _, scope in given]
    initial = _initial_administrators(settings, deployer_id)
    rule = _rule(settings, deployer_id, ())

    def declared(known: Any) -> tuple[Declared, ...]:
        return (*_declared(parts, known), *initial)

    def revoke(known: Any) -> Mapping[str, str]:
        found = _strays(present, _rule(settings, deployer_id, declared(known))) if present else {}
        return _as_previewed(found)

    ExclusiveAccess(
        "exclusive-access",
        ExclusiveAccessArgs(
            hsm_id=hsm.id,
            hsm_uri=hsm.uri,
            hsm_created_at=hsm.created_at,
            declared=ids.apply(lambda known: [vars(each) for each in declared(known)]),
            deployer_id=deployer_id,
            everywhere=rule.everywhere,
            keys=list(rule.keys),
            leave=list(rule.leave),
            # Also where a principal is only about to be made: what is taken away is to be seen in the preview.
            revoke=ids.apply(revoke, run_with_unknowns=True),
        ),
        pulumi.ResourceOptions(parent=setup, depends_on=setup.everything, deleted_with=hsm.pool),
    )


def _rule(settings: Settings, deployer_id: str, declared: tuple[Declared, ...]) -> Rule:
    access = settings.access
    return Rule(declared, deployer_id, access.exclusive == "everywhere", tuple(settings.keys), access.leave)


def _declared(parts: Sequence[tuple[str, str]], ids: Any) -> tuple[Declared, ...]:
    known = (
        [""] * len(parts) if isinstance(ids, Unknown) else ["" if isinstance(each, Unknown) else each for each in ids]
    )
    return tuple(Declared(role, str(each), scope) for (role, scope), each in zip(parts, known, strict=True))


def _initial_administrators(settings: Settings, deployer_id: str) -> list[Declared]:
    if not isinstance(settings.hsm, Hsm) or settings.access.bootstrap_over:
        return []
    named = settings.hsm.initial_administrators
    return [Declared(ADMINISTRATOR, deployer_id if each == "deployer" else each, "/", ensured=False) for each in named]


def _strays(present: Present, rule: Rule) -> Mapping[str, str]:
    current = session.current()
    groups = exclusive_access.deployers_groups(current, rule.deployer_id)
    judgement = exclusive_access.judge(present, rule, groups)
    names = exclusive_access.names_of(current, [each.assignment.principal_id for each in judgement.kept])
    for kept in judgement.kept:
        sentence = exclusive_access.words(present, kept.assignment, names)
        pulumi.log.warn(f"{_KEY}: not in the configuration, but it stays: {sentence} ({kept.why})")
    return exclusive_access.told(current, present, judgement)


def _as_previewed(strays: Mapping[str, str]) -> Mapping[str, str]:
    """What is taken away: nothing that came after the preview, which somebody may have given for a reason."""
    shown: Collection[str] | None = strays
    if pulumi.runtime.is_dry_run():
        try:
            previewed.note(strays)
        except CustodyError as error:
            pulumi.log.warn(f"{_KEY}: up takes away what there is by then, not only what is shown here: {error}")
    else:
        shown = previewed.take()
    for guid, sentence in strays.items():
        if shown is None or guid in shown:
            pulumi.log.warn(f"{_KEY}: not in the configuration, up takes it away: {sentence}")
        else:
            pulumi.log.warn(f"{_KEY}: not in the configuration, but given after the preview: stays for now: {sentence}")
    return {guid: sentence for guid, sentence in strays.items() if shown is None or guid in shown}
