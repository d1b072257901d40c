"""A pool that another stack owns: what is that stack's affair, and what is not to collide with it."""

from __future__ import annotations

from collections.abc import Iterator

from config.checks.network import is_type
from config.hsm import ExistingHsm
from config.identities import ExistingIdentity
from config.problems import Problem, not_accepted
from config.settings import NAMESPACE, Settings
from data_plane.ownership import MOST_TAGS, OWNER_TAG

_EXISTING = (f"{NAMESPACE}:hsm.existing",)
_OWNERS = {
    "securityDomain": "security_domain",
    "roleDefinitions": "role_definitions",
    "network": "network",
    "vault": "vault",
    "diagnostics": "diagnostics",
    "backup": "backup",
    "restore": "restore",
}
"""Sections of the stack that owns the pool, and their fields."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of a stack on a pool of another one; and of a mark that only such stacks set."""
    pool = settings.hsm
    for name, key in settings.keys.items():
        if OWNER_TAG in key.tags:
            path = f"{NAMESPACE}:keys.{name}.tags.{OWNER_TAG}"
            yield Problem(path, "is not accepted; hsm.owner sets it, on a pool of another stack")
    if isinstance(pool, ExistingHsm):
        yield from _existing_problems(settings, pool)


def _existing_problems(settings: Settings, pool: ExistingHsm) -> Iterator[Problem]:
    if not is_type(pool.existing, "Microsoft.KeyVault/managedHSMs"):
        yield not_accepted(_EXISTING[0], pool.existing, "the ARM id of a Managed HSM")
    for section, field in _OWNERS.items():
        if getattr(settings, field):
            text = "is not accepted; it belongs to the stack that owns the pool"
            yield Problem(f"{NAMESPACE}:{section}", text, _EXISTING)
    for name, key in settings.keys.items():
        if len(key.tags) >= MOST_TAGS:
            accepted = f"{MOST_TAGS - 1} of them beside {OWNER_TAG}"
            yield not_accepted(f"{NAMESPACE}:keys.{name}.tags", f"{len(key.tags)} tags", accepted, _EXISTING)
    for index, assignment in enumerate(settings.role_assignments):
        # Whoever has a role at / or /keys has it at the keys of the other stacks too.
        if assignment.scope.removeprefix("/keys/") not in settings.keys:
            path = f"{NAMESPACE}:roleAssignments[{index}].scope"
            accepted = "/keys/ and the name of a key of this stack: wider ones belong to the stack that owns the pool"
            yield not_accepted(path, assignment.scope, accepted, _EXISTING)
    makes = any(not isinstance(each, ExistingIdentity) or each.vms for each in settings.identities.values())
    if makes and pool.existing.split("/")[4].lower() == settings.resource_group.lower():
        accepted = "a group of this stack's own, as the pool's belongs to the stack that owns it"
        yield not_accepted(f"{NAMESPACE}:resourceGroup", settings.resource_group, accepted, _EXISTING)
