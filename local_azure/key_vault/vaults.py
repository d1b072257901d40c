"""Vaults as their data plane knows them: what ARM holds of each, found by host name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_azure.arm.providers.private_link import connections_of
from local_azure.arm.resource_type import Arm
from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import JsonObject
from local_azure.core.world import World

VAULT_TYPE = "Microsoft.KeyVault/vaults"
SUFFIXES = (".vault.azure.net", ".privatelink.vaultcore.azure.net")
"""Of a vault's own name, and of the alias that a private zone answers."""


@dataclass(frozen=True)
class Vault:
    """One live vault."""

    name: str
    arm_id: str
    location: str
    tenant_id: str
    retention_days: int
    purge_protection: bool
    rbac: bool
    """Azure RBAC decides who may do what; else the access policies do."""
    access_policies: Sequence[JsonObject]
    public_network_access: str
    network_acls: Mapping[str, Any] | None

    @property
    def recovery_level(self) -> str:
        """One of ``DeletionRecoveryLevel`` of the REST description."""
        level = "Recoverable" if self.retention_days == 90 else "CustomizedRecoverable"
        return level if self.purge_protection else f"{level}+Purgeable"

    @property
    def label(self) -> str:
        """As errors name it."""
        return f"{self.name};location={self.location}"


def by_host(world: World, host: str) -> Vault | None:
    """The live vault that a data-plane host name belongs to."""
    host = host.lower()
    for suffix in SUFFIXES:
        name = host.removesuffix(suffix)
        if name != host and "." not in name:
            return _by_name(world, name)
    return None


def approved_endpoints(world: World, vault: Vault) -> frozenset[str]:
    """Ids, in lower case, of the private endpoints whose connection to the vault is approved."""
    found = connections_of(Arm(world, Resources(world), {}), vault.arm_id)
    return frozenset(
        str(each["properties"]["privateEndpoint"]["id"]).lower()
        for each in found
        if each["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    )


def _by_name(world: World, name: str) -> Vault | None:
    stored = next((each for each in Resources(world).of_type(VAULT_TYPE) if each.name.lower() == name), None)
    return None if stored is None else _vault(stored)


def _vault(stored: Stored) -> Vault:
    properties = stored.properties
    return Vault(
        name=stored.name,
        arm_id=stored.id,
        location=stored.location,
        tenant_id=properties["tenantId"],
        retention_days=properties.get("softDeleteRetentionInDays", 90),
        purge_protection=properties.get("enablePurgeProtection", False),
        rbac=properties.get("enableRbacAuthorization", False),
        access_policies=properties.get("accessPolicies", []),
        public_network_access=properties.get("publicNetworkAccess", "Enabled"),
        network_acls=properties.get("networkAcls"),
    )
