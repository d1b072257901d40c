"""A private endpoint of the pool, and the DNS record that leads to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network


@dataclass(frozen=True)
class PrivateEndpointArgs:
    """What a private endpoint is made from."""

    resource_group: pulumi.Input[str]
    location: str
    """The subnet's region; the pool may be in another."""
    subnet_id: pulumi.Input[str]
    hsm_id: pulumi.Input[str]
    name: str
    connection_name: str
    zone_id: pulumi.Input[str] | None
    """The zone to keep the record in; None where somebody else answers for the name."""


class PrivateEndpoint(pulumi.ComponentResource):
    """A private endpoint whose address a DNS zone group keeps in the zone (docs/adr/0003)."""

    endpoint: pulumi.Resource
    ip_address: pulumi.Output[str]
    reachable: Sequence[pulumi.Resource]
    """Whoever goes through the endpoint waits for these."""

    def __init__(self, name: str, args: PrivateEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:PrivateEndpoint", name, {}, opts)
        endpoint = network.PrivateEndpoint(
            name,
            resource_group_name=args.resource_group,
            private_endpoint_name=args.name,
            location=args.location,
            subnet=network.SubnetArgs(id=args.subnet_id),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=args.connection_name,
                    private_link_service_id=args.hsm_id,
                    group_ids=["managedhsm"],
                )
            ],
            # Azure empties this list once a zone group is there; saying so here keeps that from being drift.
            custom_dns_configs=[] if args.zone_id is not None else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.endpoint = endpoint
        self.reachable = [endpoint]
        if args.zone_id is not None:
            group = network.PrivateDnsZoneGroup(
                f"{name}-dns",
                resource_group_name=args.resource_group,
                private_endpoint_name=endpoint.name,
                private_dns_zone_group_name="default",
                private_dns_zone_configs=[
                    network.PrivateDnsZoneConfigArgs(name="managedhsm", private_dns_zone_id=args.zone_id)
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.reachable = [endpoint, group]
        self.ip_address = endpoint.network_interfaces.apply(_private_ip)
        self.register_outputs({"ipAddress": self.ip_address})


def _private_ip(interfaces: Sequence[network.outputs.NetworkInterfaceResponse]) -> pulumi.Output[str]:
    # The endpoint's own customDnsConfigs would be nearer, but it goes empty once a zone group is there.
    parts = str(interfaces[0].id).split("/")
    interface = network.get_network_interface_output(resource_group_name=parts[4], network_interface_name=parts[-1])
    address: pulumi.Output[str] = interface.ip_configurations[0].private_ip_address
    return address
