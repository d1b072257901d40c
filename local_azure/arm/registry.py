"""Every resource type and every other operation that is played."""

from __future__ import annotations

from local_azure.arm.operations import Completion
from local_azure.arm.providers import (
    activity_log,
    alerts,
    blob_services,
    compute,
    event_hub,
    immutability,
    key_vaults,
    managed_hsm_life,
    managed_hsms,
    managed_identity,
    management_locks,
    management_policies,
    monitor,
    network_interfaces,
    operational_insights,
    private_dns,
    private_endpoints,
    private_link,
    providers,
    resource_groups,
    role_assignments,
    role_definitions,
    run_commands,
    security_groups,
    storage,
    subnets,
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
        alerts,
        blob_services,
        compute,
        event_hub,
        key_vaults,
        managed_hsms,
        managed_identity,
        management_locks,
        management_policies,
        monitor,
        network_interfaces,
        operational_insights,
        private_dns,
        private_endpoints,
        private_link,
        role_assignments,
        role_definitions,
        run_commands,
        security_groups,
        storage,
        subnets,
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
        activity_log,
        subscriptions,
        providers,
        resource_groups,
        immutability,
        compute,
        event_hub,
        managed_hsm_life,
        monitor,
        operational_insights,
        private_dns,
        private_link,
        role_assignments,
        role_definitions,
        run_commands,
        storage,
        vault_life,
    )
    for route in module.ROUTES
)

COMPLETIONS: dict[str, Completion] = {
    resource_groups.DELETE_GROUP: resource_groups.finish_delete,
    managed_hsm_life.PURGE: managed_hsm_life.PURGING.finish,
    run_commands.ACTION: run_commands.finish_action,
    vault_life.PURGE: vault_life.PURGING.finish,
}
