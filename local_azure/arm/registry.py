"""Every resource type and every other operation that is played."""

from __future__ import annotations

from local_azure.arm.operations import Completion
from local_azure.arm.providers import (
    authorization,
    compute,
    event_hub,
    key_vaults,
    managed_hsm_life,
    managed_hsms,
    managed_identity,
    monitor,
    network_interfaces,
    operational_insights,
    private_dns,
    private_endpoints,
    private_link,
    providers,
    resource_groups,
    storage,
    subscriptions,
    vault_life,
    vault_secrets,
    virtual_networks,
    zone_groups,
)
from local_azure.arm.resource_type import ArmRoute, ResourceType

TYPES: dict[str, ResourceType] = {
    kind.name.lower(): kind
    for module in (
        authorization,
        compute,
        event_hub,
        key_vaults,
        managed_hsms,
        managed_identity,
        monitor,
        network_interfaces,
        operational_insights,
        private_dns,
        private_endpoints,
        private_link,
        storage,
        vault_secrets,
        virtual_networks,
        zone_groups,
    )
    for kind in module.TYPES
}
"""By name in lower case."""

ROUTES: tuple[ArmRoute, ...] = tuple(
    route
    for module in (
        subscriptions,
        providers,
        resource_groups,
        authorization,
        compute,
        event_hub,
        managed_hsm_life,
        operational_insights,
        private_dns,
        private_link,
        storage,
        vault_life,
    )
    for route in module.ROUTES
)

COMPLETIONS: dict[str, Completion] = {
    resource_groups.DELETE_GROUP: resource_groups.finish_delete,
    managed_hsm_life.PURGE: managed_hsm_life.finish_purge,
    vault_life.PURGE: vault_life.finish_purge,
}
