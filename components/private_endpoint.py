"""A private endpoint, and the DNS record that leads to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from dynamic.target_instance import TargetInstance, TargetInstanceArgs


@dataclass(frozen=True)
class PrivateEndpointArgs:
    """What a private endpoint is made from."""

    resource_group: pulumi.Input[str]
    location: str
    """The subnet's region; the pool may be in another."""
    subnet_id: pulumi.Input[str]
    target_id: pulumi.Input[str]
    """ARM id of what it leads to."""
    name: str
    connection_name: str
    zone_id: pulumi.Input[str] | None
    """The zone to keep the record in; None where somebody else answers for the name."""
    group_id: str = "managedhsm"
    """Which part of the target: ``managedhsm`` or ``vault`` ("Private-link resource")."""
    asks: bool = False
    """Whether the target's owner is asked for approval; else the deployer has to be allowed to approve."""
    request_message: str | None = None
    """What the owner is told."""
    target_created_at: pulumi.Input[str] | None = None
    """When the target was made: another target of the same id is another one, whose endpoint has to be made anew."""
    after: Sequence[pulumi.Resource] = ()
    """What takes its address in the subnet before the endpoint does."""


class PrivateEndpoint(pulumi.ComponentResource):
    """A private endpoint whose address a DNS zone group keeps in the zone (docs/adr/0003)."""

    endpoint: network.PrivateEndpoint
    ip_address: pulumi.Output[str]
    reachable: Sequence[pulumi.Resource]
    """Whoever goes through the endpoint waits for these."""

    def __init__(self, name: str, args: PrivateEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:PrivateEndpoint", name, {}, opts)
        connections = [
            network.PrivateLinkServiceConnectionArgs(
                name=args.connection_name,
                private_link_service_id=args.target_id,
                group_ids=[args.group_id],
                request_message=args.request_message,
            )
        ]
        kind = "manualPrivateLinkServiceConnections" if args.asks else "privateLinkServiceConnections"
        instance = None
        if args.target_created_at is not None:
            instance = TargetInstance(
                f"{name}-target",
                TargetInstanceArgs(target_id=args.target_id, created_at=args.target_created_at),
                opts=pulumi.ResourceOptions(parent=self),
            )
        endpoint = network.PrivateEndpoint(
            name,
            resource_group_name=args.resource_group,
            private_endpoint_name=args.name,
            location=args.location,
            subnet=network.SubnetArgs(id=args.subnet_id),
            private_link_service_connections=[] if args.asks else connections,
            manual_private_link_service_connections=connections if args.asks else [],
            # Azure empties this list once a zone group is there; saying so here keeps that from being drift.
            custom_dns_configs=[] if args.zone_id is not None else None,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                delete_before_replace=True,
                replacement_trigger=instance.created_at if instance else None,
                # The service keeps it; EndpointConnection looks at it where it counts, at the target.
                ignore_changes=[f"{kind}[0].privateLinkServiceConnectionState"],
                # Nothing but tags of an endpoint changes in place.
                replace_on_changes=["privateLinkServiceConnections", "manualPrivateLinkServiceConnections", "subnet"],
            ),
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
                    network.PrivateDnsZoneConfigArgs(name=args.group_id, private_dns_zone_id=args.zone_id)
                ],
                # It lives in the endpoint, and goes with one that is made anew.
                opts=pulumi.ResourceOptions(parent=self, replace_with=[endpoint], delete_before_replace=True),
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
