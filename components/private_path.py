"""The private way to the pool: network, zone and endpoints, made here or somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from components.managed_hsm import ManagedHsm
from components.network import Subnet, SubnetArgs, VirtualNetwork, VirtualNetworkArgs
from components.private_dns import PrivateZone, PrivateZoneArgs
from components.private_endpoint import PrivateEndpoint, PrivateEndpointArgs
from components.resource_group import ResourceGroup
from config import Settings
from config.network import DnsLink, DnsZone, ExistingResource, PrivateNetwork


@dataclass(frozen=True)
class PrivatePath:
    """What stands of the private way."""

    subnet_id: pulumi.Input[str] | None = None
    ip_addresses: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Private address by endpoint."""
    endpoints: Sequence[pulumi.Resource] = field(default_factory=list)
    reachable: Sequence[pulumi.Resource] = field(default_factory=list)
    """Whoever goes this way waits for these."""


def make_private_path(settings: Settings, group: ResourceGroup, hsm: ManagedHsm) -> PrivatePath:
    """Declares the private way that the settings describe; an empty one where they describe none."""
    network = settings.network
    if network is None:
        return PrivatePath()
    network_name, network_id = _virtual_network(network, group)
    subnet_id = _subnet(network, group, network_name)
    zone_id: pulumi.Input[str] | None = None
    waits: list[pulumi.Resource] = []
    if isinstance(network.dns, DnsZone):
        zone_id = network.dns.zone_id
    elif isinstance(network.dns, DnsLink):
        zone = PrivateZone(
            "private-zone",
            PrivateZoneArgs(
                resource_group=group.name,
                virtual_network_id=network_id,
                link_name=network.dns.link,
                registration=network.dns.registration,
            ),
        )
        zone_id = zone.id
        waits.append(zone.link)
    addresses: dict[str, pulumi.Output[str]] = {}
    endpoints: list[pulumi.Resource] = []
    for endpoint in network.private_endpoints:
        made = PrivateEndpoint(
            endpoint.name,
            PrivateEndpointArgs(
                resource_group=group.name,
                location=network.location,
                subnet_id=subnet_id,
                hsm_id=hsm.id,
                name=endpoint.name,
                connection_name=endpoint.connection_name,
                zone_id=zone_id,
            ),
        )
        addresses[endpoint.name] = made.ip_address
        endpoints.append(made.endpoint)
        waits += made.reachable
    return PrivatePath(subnet_id, addresses, endpoints, waits)


def _virtual_network(network: PrivateNetwork, group: ResourceGroup) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
    if isinstance(network.vnet, ExistingResource):
        return network.vnet.name, network.vnet.id
    made = VirtualNetwork(
        "virtual-network",
        VirtualNetworkArgs(
            resource_group=group.name,
            location=network.location,
            name=network.vnet.name,
            address_space=network.vnet.address_space,
        ),
    )
    return made.name, made.id


def _subnet(network: PrivateNetwork, group: ResourceGroup, network_name: pulumi.Input[str]) -> pulumi.Input[str]:
    if isinstance(network.subnet, ExistingResource):
        return network.subnet.id
    # A subnet belongs to its network's resource group, which is another one where the network is somebody else's.
    existing = network.vnet.id if isinstance(network.vnet, ExistingResource) else None
    made = Subnet(
        "subnet",
        SubnetArgs(
            resource_group=existing.split("/")[4] if existing else group.name,
            virtual_network=network_name,
            name=network.subnet.name,
            address_prefix=network.subnet.address_prefix,
        ),
    )
    return made.id
