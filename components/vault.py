"""The vault as the settings describe it: who may read it, when it is made, how it is reached and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import azure_roles
from components.azure_roles import AzureRole
from components.diagnostics import Logging
from components.key_vault import AccessPolicy, KeyVault, KeyVaultArgs
from components.private_dns import PrivateZone, PrivateZoneArgs
from components.private_endpoint import PrivateEndpoint, PrivateEndpointArgs
from components.private_path import PrivatePath
from components.resource_group import ResourceGroup
from config import Settings
from config.access import Principal
from config.network import DnsLink, PrivateNetwork
from config.vault import Vault, VaultRoleAssignment
from data_plane import session
from dynamic.purge_vault_on_destroy import PurgeVaultOnDestroy
from dynamic.purging import PurgeArgs


@dataclass(frozen=True)
class VaultSurroundings:
    """What a vault is made among."""

    tenant_id: str
    subscription_id: str
    group: ResourceGroup
    principal_id: Callable[[Principal], pulumi.Input[str]]
    after: Sequence[pulumi.Resource]
    """What must not be kept waiting by the vault, nor be lost by its failure."""
    path: PrivatePath
    machines: Sequence[pulumi.Resource]
    """What takes its address in the subnet before the vault's endpoints do."""
    logging: Logging


def make_vault(settings: Settings, around: VaultSurroundings) -> dict[str, Any]:
    """Declares the vault that the settings describe, the roles in it and the private way to it.

    Answers what a next stack or a person wants to know of it, no secret among it; nothing where there is no vault.
    """
    vault = settings.vault
    if vault is None:
        return {}
    made = KeyVault(
        "vault",
        KeyVaultArgs(
            resource_group=around.group.name,
            location=settings.location,
            name=vault.name,
            tenant_id=around.tenant_id,
            sku=vault.sku,
            retention_days=vault.retention_days,
            purge_protection=vault.purge_protection,
            public_network_access=vault.firewall.public_network_access,
            default_action=vault.firewall.default_action,
            bypass=vault.firewall.bypass,
            ip_rules=vault.firewall.ip_rules,
            rbac=vault.enable_rbac_authorization,
            access_policies=_policies(vault, around),
            secrets={name: pulumi.Output.secret(value.get_secret_value()) for name, value in vault.secrets.items()},
            protect=settings.environment == "prod",
            retain_on_delete=vault.on_destroy == "retain",
            tags=vault.tags,
            after=[*around.after, *_purge(vault, settings.location, around)],
        ),
    )
    around.logging.of(
        "vault-log", made.id, pulumi.ResourceOptions(parent=made, retain_on_delete=vault.on_destroy == "retain")
    )
    for assignment in vault.role_assignments:
        _assign(assignment, made, around)
    endpoints = _endpoints(settings, vault, made, around)
    return {
        "id": made.id,
        "uri": made.uri,
        "secrets": {
            name: {"id": secret.versioned, "versionlessId": secret.versionless}
            for name, secret in made.secret_ids.items()
        },
        "privateEndpoints": {name: endpoint.ip_address for name, endpoint in endpoints.items()},
    }


def _policies(vault: Vault, around: VaultSurroundings) -> list[AccessPolicy]:
    """One policy a principal, as ARM wants it, also where the settings name somebody in two ways."""
    found: dict[pulumi.Input[str], list[str]] = {}
    for policy in vault.access_policies:
        found.setdefault(around.principal_id(policy.principal), []).extend(policy.permissions)
    return [AccessPolicy(principal_id, list(dict.fromkeys(allowed))) for principal_id, allowed in found.items()]


def _purge(vault: Vault, location: str, around: VaultSurroundings) -> list[pulumi.Resource]:
    if vault.on_destroy != "purge":
        return []
    args = PurgeArgs(subscription_id=around.subscription_id, location=location, name=vault.name)
    return [PurgeVaultOnDestroy("purge-vault-on-destroy", args)]


def _assign(assignment: VaultRoleAssignment, vault: KeyVault, around: VaultSurroundings) -> None:
    guid, principal = assignment.role_guid, assignment.principal
    if guid is None:
        raise TypeError("a role has a GUID; the configuration's reader refuses anything else")
    secret = vault.secrets.get(assignment.scope.removeprefix("/secrets/"))
    scope = vault.id.apply(lambda vault_id: vault_id + assignment.scope.rstrip("/"))
    azure_roles.assign(
        f"{assignment.role}: {principal.value or principal.kind} at {assignment.scope} of the vault",
        AzureRole(guid, principal, around.principal_id(principal), scope, around.subscription_id),
        pulumi.ResourceOptions(parent=vault, depends_on=[secret] if secret else []),
    )


def _endpoints(
    settings: Settings, vault: Vault, made: KeyVault, around: VaultSurroundings
) -> dict[str, PrivateEndpoint]:
    network, path = settings.network, around.path
    if network is None or path.subnet_id is None or not vault.private_endpoints:
        return {}
    zone_id = _zone_id(network, vault, around)
    return {
        endpoint.name: PrivateEndpoint(
            endpoint.name,
            PrivateEndpointArgs(
                resource_group=around.group.name,
                location=network.location,
                subnet_id=path.subnet_id,
                target_id=made.id,
                target_created_at=made.created_at,
                name=endpoint.name,
                connection_name=endpoint.connection_name,
                zone_id=zone_id,
                group_id="vault",
                after=[*path.reachable, *around.machines],
            ),
        )
        for endpoint in vault.private_endpoints
    }


def _zone_id(network: PrivateNetwork, vault: Vault, around: VaultSurroundings) -> pulumi.Input[str] | None:
    """The vault's zone is made as the pool's is, linked by a link of the same name; None where others answer."""
    if not isinstance(network.dns, DnsLink) or around.path.network_id is None:
        return vault.zone_id
    made = PrivateZone(
        "vault-private-zone",
        PrivateZoneArgs(
            resource_group=around.group.name,
            virtual_network_id=around.path.network_id,
            link_name=network.dns.link,
            # A network registers its machines in one zone only.
            registration=False,
            zone=session.current().identity.cloud.vault_zone,
        ),
    )
    return made.id
