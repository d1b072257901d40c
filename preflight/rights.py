"""What the deployer may do in ARM, and whether the pool will know it as an administrator.

Source: Microsoft.Authorization permissions, api-version 2022-04-01; "Understand Azure role definitions" (how actions
and notActions of one role combine, and how several roles add up).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from config import Settings
from config.hsm import Hsm
from config.identities import VmIdentity
from data_plane import pool as pools
from data_plane.errors import DataPlaneError, NotFoundError
from preflight.line import Deployment, Line, failed, notice, passed, unseen

_ARM: Final = "rights in ARM"
_POOL: Final = "rights in the pool"
_API_VERSION: Final = "2022-04-01"
_GROUPS: Final = "2024-03-01"


def needed(settings: Settings) -> list[str]:
    """The actions that making the stack takes."""
    pool, network, logs = settings.hsm, settings.network, settings.diagnostics
    own = isinstance(pool, Hsm)
    identities = settings.identities.values()
    wanted = {
        "Microsoft.KeyVault/managedHSMs/write": own,
        "Microsoft.KeyVault/locations/deletedManagedHsms/purge/action": isinstance(pool, Hsm)
        and pool.on_destroy == "purge",
        "Microsoft.KeyVault/vaults/write": settings.vault is not None,
        "Microsoft.Network/virtualNetworks/write": network is not None,
        "Microsoft.Network/privateEndpoints/write": network is not None and bool(network.private_endpoints),
        "Microsoft.Network/privateDnsZones/write": network is not None,
        "Microsoft.Compute/virtualMachines/write": any(isinstance(each, VmIdentity) or each.vms for each in identities),
        "Microsoft.ManagedIdentity/userAssignedIdentities/write": any(
            not isinstance(each, VmIdentity) for each in identities
        ),
        "Microsoft.Insights/diagnosticSettings/write": logs is not None,
        "Microsoft.Storage/storageAccounts/write": settings.storage is not None
        or (logs is not None and logs.storage is not None and logs.storage.name is not None),
    }
    return [action for action, is_needed in wanted.items() if is_needed]


def check_arm(deployment: Deployment) -> Iterator[Line]:
    """Compares what the deployer has with what the stack takes, at the group or, before it is there, above it."""
    wanted = needed(deployment.settings)
    try:
        there = _is_there(deployment, deployment.group, _GROUPS)
        scope = deployment.group if there else deployment.subscription
        if not there:
            wanted = ["Microsoft.Resources/subscriptions/resourceGroups/write", *wanted]
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        permissions = deployment.session.resource_manager_get(path, _API_VERSION).get("value") or []
    except DataPlaneError as error:
        yield unseen(_ARM, str(error))
        return
    missing = [action for action in wanted if not allowed(action, permissions)]
    where = f"the resource group {deployment.settings.resource_group}" if there else "the subscription"
    if missing:
        yield failed(_ARM, f"at {where} there is no {', '.join(missing)}", f"give the deployer Contributor at {where}")
    else:
        yield passed(_ARM, f"everything that the stack takes, at {where}")


def allowed(action: str, permissions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the permissions has the action and does not take it away again."""
    return any(
        _matches(action, each.get("actions") or ()) and not _matches(action, each.get("notActions") or ())
        for each in permissions
    )


def _matches(action: str, patterns: Iterable[str]) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE) for pattern in patterns
    )


def check_administrator(deployment: Deployment) -> Iterator[Line]:
    """Whether the deployer can activate the pool and give roles in it: only its administrators can."""
    pool, who = deployment.settings.hsm, deployment.principal
    if not isinstance(pool, Hsm):
        yield unseen(_POOL, "the pool is somebody else's")
        return
    try:
        there = pools.read(deployment.session, deployment.pool)
    except DataPlaneError as error:
        yield unseen(_POOL, str(error))
        return
    if there is not None and there.activation_status == pools.ACTIVE:
        yield notice(_POOL, "the pool is active: python -m access matrix shows who may do what in it")
        return
    administrators = [each.lower() for each in pool.initial_administrators]
    if "deployer" in administrators or who.object_id.lower() in administrators:
        yield passed(_POOL, "the deployer is an initial administrator")
    else:
        yield notice(
            _POOL,
            f"{who} is no initial administrator by itself, and nobody else can activate the pool",
            "let it be a member of a group in managed-hsm:hsm.initialAdministrators, or name it there",
        )


def _is_there(deployment: Deployment, path: str, api_version: str) -> bool:
    try:
        deployment.session.resource_manager_get(path, api_version)
    except NotFoundError:
        return False
    return True
