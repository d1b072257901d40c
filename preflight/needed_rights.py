"""What making a stack takes in ARM, and where.

Source: "Azure permissions" (the operations of Microsoft.KeyVault, Microsoft.Network and the others), "Azure role
assignments" and "Lock your resources" (Contributor may do neither), "Private endpoint RBAC permissions".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config import Settings
from config.hsm import Hsm
from config.identities import ExistingIdentity, UserAssignedIdentity, VmIdentity
from config.network import DnsLink, ExistingResource, Subnet
from preflight.line import Deployment

ROLES: Final = "Microsoft.Authorization/roleAssignments/write"
LOCKS: Final = "Microsoft.Authorization/locks/write"
GROUPS: Final = "Microsoft.Resources/subscriptions/resourceGroups/write"
"""What Contributor does not have, and what is asked for only above the group."""


@dataclass(frozen=True)
class Need:
    """An action, and the ARM id of where it is carried out."""

    action: str
    scope: str


def needed(deployment: Deployment) -> list[Need]:
    """All of them, each once. A group among the scopes may not be there yet."""
    settings = deployment.settings
    found = [Need(action, deployment.group) for action in _in_the_group(settings)]
    found += [Need(action, deployment.subscription) for action in _in_the_subscription(settings)]
    found += _elsewhere(deployment)
    return list(dict.fromkeys(found))


def _in_the_group(settings: Settings) -> Iterator[str]:
    if isinstance(settings.hsm, Hsm):
        yield "Microsoft.KeyVault/managedHSMs/write"
        if settings.hsm.lock:
            yield LOCKS
    if settings.vault is not None:
        yield "Microsoft.KeyVault/vaults/write"
        if settings.vault.role_assignments:
            yield ROLES
    yield from _network(settings)
    yield from _identities(settings)
    yield from _logs(settings)


def _network(settings: Settings) -> Iterator[str]:
    network = settings.network
    if network is None:
        return
    if not isinstance(network.vnet, ExistingResource):
        yield "Microsoft.Network/virtualNetworks/write"
    if isinstance(network.dns, DnsLink):
        yield "Microsoft.Network/privateDnsZones/write"
        yield "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write"
    if network.private_endpoints or (settings.vault is not None and settings.vault.private_endpoints):
        yield "Microsoft.Network/privateEndpoints/write"


def _identities(settings: Settings) -> Iterator[str]:
    identities = list(settings.identities.values())
    if any(isinstance(each, VmIdentity) or each.vms for each in identities):
        yield "Microsoft.Compute/virtualMachines/write"
        yield "Microsoft.Network/networkInterfaces/write"
    if any(isinstance(each, UserAssignedIdentity) for each in identities):
        yield "Microsoft.ManagedIdentity/userAssignedIdentities/write"


def _logs(settings: Settings) -> Iterator[str]:
    logs = settings.diagnostics
    if logs is None:
        return
    yield "Microsoft.Insights/diagnosticSettings/write"
    made = {
        "Microsoft.Storage/storageAccounts/write": logs.storage,
        "Microsoft.EventHub/namespaces/write": logs.event_hub,
        "Microsoft.OperationalInsights/workspaces/write": logs.log_analytics,
    }
    yield from (action for action, place in made.items() if place is not None and place.name is not None)
    read = (logs.storage, logs.log_analytics)
    if logs.readers and any(place is not None and place.name is not None for place in read):
        yield ROLES
    if logs.alerts is not None:
        yield "Microsoft.Insights/scheduledQueryRules/write"


def _in_the_subscription(settings: Settings) -> Iterator[str]:
    """What deletes for good belongs to the subscription: a role at the group is not enough."""
    pool, vault = settings.hsm, settings.vault
    if isinstance(pool, Hsm) and "purge" in (pool.on_destroy, pool.on_soft_deleted):
        yield "Microsoft.KeyVault/locations/deletedManagedHsms/purge/action"
    if vault is not None and vault.on_destroy == "purge":
        yield "Microsoft.KeyVault/locations/deletedVaults/purge/action"


def _elsewhere(deployment: Deployment) -> Iterator[Need]:
    settings = deployment.settings
    network, custody, backup = settings.network, settings.storage, settings.backup
    if network is not None and isinstance(network.vnet, ExistingResource):
        if isinstance(network.subnet, Subnet):
            yield Need("Microsoft.Network/virtualNetworks/subnets/write", network.vnet.id)
        yield Need("Microsoft.Network/virtualNetworks/subnets/join/action", network.vnet.id)
    if custody is not None:
        group = f"{deployment.subscription}/resourceGroups/{custody.resource_group}"
        yield Need("Microsoft.Storage/storageAccounts/write", group)
        yield Need(ROLES, group)
    if backup is not None and backup.account is not None:
        yield Need(ROLES, backup.account)
    yield from (
        Need("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", each.id)
        for each in settings.identities.values()
        if isinstance(each, ExistingIdentity) and each.vms
    )
