"""The services that are played."""

from __future__ import annotations

from local_azure.arm.service import ArmService
from local_azure.attestation.service import AttestationService
from local_azure.core.world import Service, World
from local_azure.entra.service import EntraService
from local_azure.graph.service import GraphService
from local_azure.key_vault.service import KeyVaultService
from local_azure.log_analytics.service import LogAnalyticsService
from local_azure.managed_hsm.service import ManagedHsmService
from local_azure.sovereign import China, UsGovernment
from local_azure.storage.service import BlobService
from local_azure.vm.imds.service import MetadataService


def all_services(world: World) -> list[Service]:
    """One of each, all on the same world."""
    return [*public_services(world), UsGovernment(world), China(world)]


def public_services(world: World) -> list[Service]:
    """Those of the public cloud, and the machines' metadata service."""
    return [
        EntraService(world),
        GraphService(world),
        ArmService(world),
        ManagedHsmService(world),
        KeyVaultService(world),
        AttestationService(world),
        LogAnalyticsService(world),
        BlobService(world),
        MetadataService(world),
    ]
