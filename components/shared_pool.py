"""A stack on a pool that another stack owns (``hsm.existing``): keys of its own, and who may use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi

from components.deployer import Deployer
from components.exclusive import look_at, make_exclusive
from components.hsm_setup import HsmSetup, HsmSetupArgs
from components.identities import Identities, make_apart, make_identities
from components.keys import KeySettings, outputs_of, settings_of
from components.managed_hsm import ExistingPool
from components.named_principals import named_principals
from components.private_path import PrivatePath
from components.protection import protected_keys
from components.resource_group import ResourceGroup, ResourceGroupArgs
from components.stack import assignment_of, principal_id_of
from config import Settings
from config.hsm import ExistingHsm
from config.identities import ExistingIdentity
from config.keys import Key
from data_plane import pool as pools
from data_plane.customer_managed_keys import PoolFacts, obstacles
from data_plane.ownership import OWNER_TAG
from data_plane.pool import Pool
from data_plane.session import Session


def shared_pool(settings: Settings, session: Session) -> Pool:
    """The pool as ARM has it.

    Raises pulumi.RunError where it is not there, not active, or rules out a use of a key, and DataPlaneError.
    """
    key = "managed-hsm:hsm.existing"
    shared = settings.hsm
    if not isinstance(shared, ExistingHsm):
        raise TypeError("this stack owns its pool; components.stack is for it")
    found = pools.read(session, shared.existing)
    if found is None:
        raise pulumi.RunError(
            f"{key}: there is no pool {shared.existing} that whoever is signed in may read — run up of the stack that"
            " owns it first, or correct the id"
        )
    if found.activation_status != pools.ACTIVE:
        raise pulumi.RunError(f"{key}: {found.name} is not active; the stack that owns it activates it")
    used = [name for name, each in settings.keys.items() if each.used_by]
    facts = PoolFacts(found.purge_protection, found.network.is_public, found.network.bypass == "AzureServices")
    wrong = [f"{name} is not {accepted}" for name, accepted in obstacles(facts)] if used else []
    if wrong:
        raise pulumi.RunError(
            f"managed-hsm:keys.{used[0]}.usedBy: no service can use a key of {found.name}: {'; '.join(wrong)} — the"
            " stack that owns the pool sets that"
        )
    return found


def build_on(
    settings: Settings, deployer: Deployer, pool: Pool, object_id: Callable[[str, str], str]
) -> dict[str, Any]:
    """Declares what this stack has in the pool, and answers the stack's outputs; as :func:`components.stack.build`."""
    shared = settings.hsm
    if not isinstance(shared, ExistingHsm):
        raise TypeError("this stack owns its pool")
    named = named_principals(settings, object_id)
    identities, protected = _identities(settings), protected_keys(settings)
    hsm = ExistingPool(
        id=pulumi.Output.from_input(pool.id),
        uri=pulumi.Output.from_input(pool.uri),
        created_at=pulumi.Output.from_input(pool.created_at),
    )
    setup = HsmSetup(
        "hsm-setup",
        HsmSetupArgs(
            hsm=hsm,
            environment=settings.environment,
            deployer=deployer.object_id,
            activation=None,
            assignments=[assignment_of(each, deployer, identities, named) for each in settings.role_assignments],
            keys={name: _marked(key, shared.owner, name in protected) for name, key in settings.keys.items()},
            protect=False,
        ),
    )
    given = [
        (each.role, principal_id_of(each.principal, deployer, identities, named), each.scope)
        for each in settings.role_assignments
    ]
    present = look_at(settings, pool.uri, deployer.object_id)
    make_exclusive(settings, hsm, setup, deployer.object_id, given, present)
    return {
        "hsmId": pool.id,
        "hsmUri": pool.uri,
        "keys": outputs_of(setup.keys),
        "roleAssignments": {name: assignment.assignment_name for name, assignment in setup.role_assignments.items()},
        "identities": identities.principal_ids,
        "clientIds": identities.client_ids,
    }


def _identities(settings: Settings) -> Identities:
    """Identities and machines, in a group that is only made where something lies in it."""
    if all(isinstance(each, ExistingIdentity) and not each.vms for each in settings.identities.values()):
        apart = make_apart(settings, None)
        return Identities(
            principal_ids={name: each.principal_id for name, each in apart.items()},
            client_ids={name: each.client_id for name, each in apart.items()},
            machines={},
        )
    group = ResourceGroup("resource-group", ResourceGroupArgs(settings.resource_group, settings.location))
    return make_identities(settings, group, PrivatePath(), make_apart(settings, group))


def _marked(key: Key, owner: str, protect: bool) -> KeySettings:
    settings = settings_of(key, protect=protect)
    return replace(settings, tags={**settings.tags, OWNER_TAG: owner})
