"""Microsoft.Network, api-version 2024-05-01."""

from __future__ import annotations

from local_azure.plugin.resource_types import GROUP, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables import network_shapes
from local_azure.plugin.tables.network_references import REFERENCES

SHAPES = Shapes(REFERENCES, network_shapes.SHAPES)
_PROVIDER = GROUP + "/providers/Microsoft.Network"

RESOURCE_TYPES = (
    ResourceType(
        "network:VirtualNetwork",
        path=_PROVIDER + "/virtualNetworks/{virtualNetworkName}",
        api_version="2024-05-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
        subresources=("subnets", "virtualNetworkPeerings"),
    ),
    ResourceType(
        "network:Subnet",
        path=_PROVIDER + "/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
        api_version="2024-05-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "network:PrivateEndpoint",
        path=_PROVIDER + "/privateEndpoints/{privateEndpointName}",
        api_version="2024-05-01",
        shapes=SHAPES,
        force_new=frozenset({"subnet"}),
    ),
    ResourceType(
        "network:PrivateDnsZoneGroup",
        path=_PROVIDER + "/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}",
        api_version="2024-05-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "network:NetworkInterface",
        path=_PROVIDER + "/networkInterfaces/{networkInterfaceName}",
        api_version="2024-05-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "network:NetworkSecurityGroup",
        path=_PROVIDER + "/networkSecurityGroups/{networkSecurityGroupName}",
        api_version="2024-05-01",
        shapes=SHAPES,
        subresources=("securityRules",),
    ),
)
