"""A private DNS zone that answers for a data plane's name inside the network."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import privatedns


@dataclass(frozen=True)
class PrivateZoneArgs:
    """What the zone and its link are made from."""

    resource_group: pulumi.Input[str]
    virtual_network_id: pulumi.Input[str]
    link_name: str
    registration: bool
    """Whether VMs of the network register their own names in the zone."""
    zone: str
    """Which names it answers for; it is where Azure's public DNS leads them to."""


class PrivateZone(pulumi.ComponentResource):
    """The zone, linked to the virtual network."""

    id: pulumi.Output[str]
    link: pulumi.Resource
    """Whoever needs the zone's answers inside the network waits for this."""

    def __init__(self, name: str, args: PrivateZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:PrivateZone", name, {}, opts)
        zone = privatedns.PrivateZone(
            name,
            resource_group_name=args.resource_group,
            private_zone_name=args.zone,
            location="global",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.link = privatedns.VirtualNetworkLink(
            f"{name}-link",
            resource_group_name=args.resource_group,
            private_zone_name=zone.name,
            virtual_network_link_name=args.link_name,
            location="global",
            registration_enabled=args.registration,
            virtual_network=privatedns.SubResourceArgs(id=args.virtual_network_id),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = zone.id
        self.register_outputs({"id": self.id})
