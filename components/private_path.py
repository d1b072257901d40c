"""The private way to the pool: network, zone and endpoints, made here or somebody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.managed_hsm import ManagedHsm
from components.network import Subnet, SubnetArgs, VirtualNetwork, VirtualNetworkArgs
from components.private_dns import PrivateZone, PrivateZoneArgs
from components.private_endpoint import PrivateEndpoint, PrivateEndpointArgs
from components.resource_group import ResourceGroup
from config import Settings
from config.network import DnsLink, DnsZone, ExistingResource, PoolEndpoint, PrivateNetwork
from data_plane import session


@dataclass(frozen=True)
class PrivatePath:
    """What stands of the private way."""

    network_id: pulumi.Input[str] | None = None
    subnet_id: pulumi.Input[str] | None = None
    endpoints: Mapping[str, PrivateEndpoint] = field(default_factory=dict)
    """The pool's endpoints by name."""
    reachable: Sequence[pulumi.Resource] = field(default_factory=list)
    """Whoever goes this way waits for these."""

    @property
    def ip_addresses(self) -> dict[str, pulumi.Output[str]]:
        """Private address by endpoint."""
        return {name: endpoint.ip_address for name, endpoint in self.endpoints.items()}


def make_private_path(settings: Settings, group: ResourceGroup, hsm: ManagedHsm) -> PrivatePath:
    """Declares the private way that the settings describe; an empty one where they describe none."""
    network = settings.network
    if network is None:
        return PrivatePath()
    network_name, network_id = _virtual_network(network, group)
    subnet_id = _subnet(network, group, network_name)
    zone = _zone(network, group, network_id)
    endpoints = {
        endpoint.name: PrivateEndpoint(
            endpoint.name,
            PrivateEndpointArgs(
                resource_group=group.name,
                location=endpoint.location or network.location,
                subnet_id=endpoint.subnet or subnet_id,
                target_id=hsm.id,
                target_created_at=hsm.created_at,
                name=endpoint.name,
                connection_name=endpoint.connection_name,
                zone_id=_zone_id(network, endpoint, zone),
                asks=endpoint.approval == "manual",
                request_message=endpoint.request_message,
            ),
        )
        for endpoint in network.private_endpoints
    }
    made: list[pulumi.Resource] = [] if zone is None else [zone.link]
    return PrivatePath(
        network_id,
        subnet_id,
        endpoints,
        [*made, *(each for endpoint in endpoints.values() for each in endpoint.reachable)],
    )


def _zone(network: PrivateNetwork, group: ResourceGroup, network_id: pulumi.Input[str]) -> PrivateZone | None:
    if not isinstance(network.dns, DnsLink):
        return None
    return PrivateZone(
        "private-zone",
        PrivateZoneArgs(
            resource_group=group.name,
            virtual_network_id=network_id,
            link_name=network.dns.link,
            registration=network.dns.registration,
            zone=session.current().identity.cloud.hsm_zone,
        ),
    )


def _zone_id(network: PrivateNetwork, endpoint: PoolEndpoint, made: PrivateZone | None) -> pulumi.Input[str] | None:
    """The zone of the network that the endpoint lies in; None where somebody else answers there."""
    dns = network.dns if endpoint.subnet is None else endpoint.dns
    if isinstance(dns, DnsZone):
        return dns.zone_id
    return made.id if made is not None and isinstance(dns, DnsLink) else None


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
