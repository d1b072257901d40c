"""Addresses that fit into one another, and names that are used once."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from config.network import DnsZone, ExistingResource, PrivateNetwork, Subnet, VirtualNetwork
from config.problems import Problem, not_accepted
from config.settings import Settings
from data_plane.clouds import CLOUDS, PUBLIC

_NETWORK = "managed-hsm:network"
SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_ZONES = tuple(f"/{cloud.hsm_zone}" for cloud in CLOUDS.values())
ZONE_ACCEPTED = f"the ARM id of a private DNS zone {PUBLIC.hsm_zone}"
_LARGEST, _SMALLEST = 8, 29
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""RFC 1918 and RFC 6598."""

_RESERVED_IN_SUBNET = 5
"""Addresses that Azure keeps of each subnet."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of the network."""
    if settings.network is not None:
        yield from _address_problems(settings.network)
        yield from _id_problems(settings.network)
        yield from _endpoint_problems(settings.network)


def _address_problems(network: PrivateNetwork) -> Iterator[Problem]:
    space = None
    if isinstance(network.vnet, VirtualNetwork):
        space = ipaddress.IPv4Network(network.vnet.address_space)
        private = any(space.subnet_of(block) for block in _PRIVATE)
        if not private or not _LARGEST <= space.prefixlen <= _SMALLEST:
            accepted = f"a private IPv4 network of /{_LARGEST} to /{_SMALLEST}, such as 10.0.0.0/16"
            yield not_accepted(f"{_NETWORK}.vnet.addressSpace", str(space), accepted)
    if not isinstance(network.subnet, Subnet):
        return
    subnet = ipaddress.IPv4Network(network.subnet.address_prefix)
    path = f"{_NETWORK}.subnet.addressPrefix"
    if subnet.prefixlen > _SMALLEST:
        yield not_accepted(path, str(subnet), f"a network of at least /{_SMALLEST}")
    elif space is not None and not subnet.subnet_of(space):
        accepted = f"a network within the virtual network's {space}"
        yield not_accepted(path, str(subnet), accepted, (f"{_NETWORK}.vnet.addressSpace",))
    elif subnet.num_addresses - _RESERVED_IN_SUBNET < len(network.private_endpoints):
        accepted = f"a network with room for {len(network.private_endpoints)} private endpoints"
        yield not_accepted(path, str(subnet), accepted, (f"{_NETWORK}.privateEndpoints",))


def _id_problems(network: PrivateNetwork) -> Iterator[Problem]:
    vnet, subnet, dns = network.vnet, network.subnet, network.dns
    if isinstance(vnet, ExistingResource) and not is_type(vnet.id, "Microsoft.Network/virtualNetworks"):
        yield not_accepted(f"{_NETWORK}.vnet.id", vnet.id, "the ARM id of a virtual network")
    if isinstance(subnet, ExistingResource):
        if not is_type(subnet.id, SUBNET):
            yield not_accepted(f"{_NETWORK}.subnet.id", subnet.id, "the ARM id of a subnet")
        elif isinstance(vnet, VirtualNetwork):
            accepted = "name and addressPrefix, as the virtual network is made by this stack"
            yield not_accepted(f"{_NETWORK}.subnet.id", subnet.id, accepted, (f"{_NETWORK}.vnet",))
        elif not subnet.id.lower().startswith(f"{vnet.id.lower()}/subnets/"):
            accepted = f"a subnet of the virtual network {vnet.name}"
            yield not_accepted(f"{_NETWORK}.subnet.id", subnet.id, accepted, (f"{_NETWORK}.vnet.id",))
    if isinstance(dns, DnsZone) and not is_zone(dns.zone_id):
        yield not_accepted(f"{_NETWORK}.dns.zoneId", dns.zone_id, ZONE_ACCEPTED)


def _endpoint_problems(network: PrivateNetwork) -> Iterator[Problem]:
    names: dict[str, int] = {}
    connections: dict[str, int] = {}
    for index, endpoint in enumerate(network.private_endpoints):
        path = f"{_NETWORK}.privateEndpoints[{index}]"
        earlier = names.setdefault(endpoint.name.lower(), index)
        if earlier != index:
            accepted = f"a name that privateEndpoints[{earlier}] does not have"
            yield not_accepted(f"{path}.name", endpoint.name, accepted)
        earlier = connections.setdefault(endpoint.connection_name.lower(), index)
        if earlier != index and endpoint.connection is not None:
            accepted = f"a name that privateEndpoints[{earlier}] does not have"
            yield not_accepted(f"{path}.connection", endpoint.connection, accepted)


def is_type(arm_id: str, resource_type: str) -> bool:
    """Whether an ARM id names a resource of this type."""
    provider, *segments = arm_id.lower().split("/providers/")[-1].split("/")
    return "/".join([provider, *segments[::2]]) == resource_type.lower()


def is_zone(arm_id: str) -> bool:
    """Whether an ARM id names a private DNS zone for the names of Managed HSMs."""
    return is_type(arm_id, "Microsoft.Network/privateDnsZones") and arm_id.lower().endswith(_ZONES)
