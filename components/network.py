"""The virtual network and the subnet that private endpoints and VMs lie in."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network


@dataclass(frozen=True)
class VirtualNetworkArgs:
    """What a virtual network is made from."""

    resource_group: pulumi.Input[str]
    location: str
    name: str
    address_space: str
    """CIDR."""


class VirtualNetwork(pulumi.ComponentResource):
    """A virtual network. Its subnets are resources of their own, so it never writes them."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: VirtualNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:VirtualNetwork", name, {}, opts)
        made = network.VirtualNetwork(
            name,
            resource_group_name=args.resource_group,
            virtual_network_name=args.name,
            location=args.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[args.address_space]),
            # An update of the network with an empty list would delete the subnets that others made in it.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["subnets"]),
        )
        self.id = made.id
        self.name = made.name
        self.register_outputs({"id": self.id})


@dataclass(frozen=True)
class SubnetArgs:
    """What a subnet is made from."""

    resource_group: pulumi.Input[str]
    virtual_network: pulumi.Input[str]
    """Name of the virtual network."""
    name: str
    address_prefix: str
    """CIDR."""


class Subnet(pulumi.ComponentResource):
    """A subnet for private endpoints, with network policies for them disabled."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: SubnetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:Subnet", name, {}, opts)
        made = network.Subnet(
            name,
            resource_group_name=args.resource_group,
            virtual_network_name=args.virtual_network,
            subnet_name=args.name,
            address_prefix=args.address_prefix,
            private_endpoint_network_policies="Disabled",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = made.id
        self.register_outputs({"id": self.id})
