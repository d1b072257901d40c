"""The private way to the pool: virtual network, subnet, private DNS, private endpoints."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Tag

from config.fields import ArmId, Boolean, Integer, Network, Region, Section, Text, matching, setting

_RESOURCE_NAME = r"[0-9A-Za-z]([0-9A-Za-z._-]{0,78}[0-9A-Za-z_])?"
_NAME_ACCEPTED = "1 to 80 letters, digits and ._- starting with a letter or digit, not ending with . or -"

ResourceName = Annotated[str, BeforeValidator(matching(_RESOURCE_NAME, _NAME_ACCEPTED))]
"""The rule that Azure's network resources share."""

_SUBSCRIPTION = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoNetworks/providers"


class ExistingResource(Section):
    """A virtual network, or a resource in one, that somebody else owns, by id."""

    id: ArmId = setting(
        what="The id of one that exists. Instead of every other key of this section.",
        accepted="the ARM id of a virtual network",
        example=f"{_SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub",
    )

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.id.rsplit("/", 1)[-1]


class ExistingSubnet(ExistingResource):
    """A subnet that somebody else owns, by id."""

    id: ArmId = setting(
        what="The id of one that exists. Instead of every other key of this section.",
        accepted="the ARM id of a subnet",
        example=f"{_SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub/subnets/hsm",
    )


class VirtualNetwork(Section):
    """A virtual network that this stack makes."""

    name: ResourceName = setting(what="The network's name.", accepted=_NAME_ACCEPTED, example="vnetwest")
    address_space: Network = setting(
        what="Its addresses.",
        accepted="a private IPv4 network of /8 to /29, such as 10.0.0.0/16",
        example="10.0.0.0/16",
    )


class Subnet(Section):
    """A subnet that this stack makes."""

    name: ResourceName = setting(what="The subnet's name.", accepted=_NAME_ACCEPTED, example="mainsubnet")
    address_prefix: Network = setting(
        what="Its addresses, a part of the network's.",
        accepted="an IPv4 network of at least /29 within the virtual network's, such as 10.0.1.0/24",
        example="10.0.1.0/24",
    )


def network_of(subnet_id: str) -> str:
    """The ARM id of the virtual network that a subnet is in."""
    return subnet_id[: subnet_id.lower().rindex("/subnets/")]


class DnsLink(Section):
    """A private zone that this stack makes and links to the virtual network."""

    link: ResourceName = setting(what="The name of the link.", accepted=_NAME_ACCEPTED, example="managedhsmzone")
    registration: Boolean = setting(
        False,
        what="Whether VMs of the network register their names in the zone.",
        accepted="true or false",
        example=False,
    )


class DnsZone(Section):
    """A private zone that somebody else owns and has linked."""

    zone_id: ArmId = setting(
        what="The id of a zone privatelink.managedhsm.azure.net that exists. Instead of link.",
        accepted="the ARM id of a private DNS zone",
        example=f"{_SUBSCRIPTION}/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net",
    )


class PrivateEndpoint(Section):
    """An address of the pool inside the subnet."""

    name: ResourceName = setting(
        what="The endpoint's name.", accepted=_NAME_ACCEPTED, example="privateendpointmainsubnet"
    )
    connection: ResourceName | None = setting(
        None,
        what="The name of its connection to the pool; the endpoint's own if left out.",
        accepted=_NAME_ACCEPTED,
        example="privatelinkmain",
    )

    @property
    def connection_name(self) -> str:
        """The name of the connection."""
        return self.connection or self.name


def _own_dns_kind(value: object) -> str:
    return "<external>" if isinstance(value, str) else "<zone>"


EndpointDnsChoice = Annotated[
    Annotated[DnsZone, Tag("<zone>")] | Annotated[Literal["external"], Tag("<external>")],
    Discriminator(_own_dns_kind),
]


class PoolEndpoint(PrivateEndpoint):
    """An address of the pool: inside the stack's subnet, or inside another network's."""

    approval: Literal["automatic", "manual"] = setting(
        "automatic",
        what="Whether the deployer approves the connection by making it, or the pool's owner is asked.",
        accepted="automatic or manual",
        example="manual",
    )
    request_message: Text | None = setting(
        None,
        what="What the pool's owner is told with the request; only with `approval: manual`.",
        accepted="at most 140 characters",
        example="Payments asks for a way to the pool",
        max_length=140,
    )
    approval_minutes: Integer = setting(
        0,
        what="For how long `up` waits for the approval. 0 does not wait: the next `up` looks again.",
        accepted="0 to 1440 minutes",
        example=30,
        ge=0,
        le=1440,
    )
    subnet: ArmId | None = setting(
        None,
        what="A subnet of another network; the stack's own if left out.",
        accepted="the ARM id of a subnet",
        example=f"{_SUBSCRIPTION}/Microsoft.Network/virtualNetworks/branch/subnets/hsm",
    )
    location: Region | None = setting(
        None,
        what="The region of that network; only with `subnet`.",
        accepted="an Azure region such as westus",
        example="eastus",
    )
    dns: EndpointDnsChoice | None = setting(
        None,
        what="Who answers for the pool's name in that network: a zone of its own by id, or `external`.",
        accepted="zoneId, or external",
        example={"zoneId": f"{_SUBSCRIPTION}/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net"},
    )


def _new_or_existing(value: object) -> str:
    existing = isinstance(value, ExistingResource) or (isinstance(value, dict) and "id" in value)
    return "<existing>" if existing else "<new>"


def _dns_kind(value: object) -> str:
    if isinstance(value, str):
        return "<external>"
    return "<zone>" if isinstance(value, DnsZone) or (isinstance(value, dict) and "zoneId" in value) else "<link>"


VirtualNetworkChoice = Annotated[
    Annotated[VirtualNetwork, Tag("<new>")] | Annotated[ExistingResource, Tag("<existing>")],
    Discriminator(_new_or_existing),
]
SubnetChoice = Annotated[
    Annotated[Subnet, Tag("<new>")] | Annotated[ExistingSubnet, Tag("<existing>")],
    Discriminator(_new_or_existing),
]
DnsChoice = Annotated[
    Annotated[DnsLink, Tag("<link>")]
    | Annotated[DnsZone, Tag("<zone>")]
    | Annotated[Literal["external"], Tag("<external>")],
    Discriminator(_dns_kind),
]


class PrivateNetwork(Section):
    """The private way to the pool."""

    location: Region = setting(
        what="The region of network, endpoints and VMs; the stack's if left out. The pool may be in another.",
        accepted="an Azure region such as westus",
        example="westus",
    )
    vnet: VirtualNetworkChoice = setting(
        what="The virtual network.",
        accepted="name and addressSpace, or id",
        example={"name": "vnetwest", "addressSpace": "10.0.0.0/16"},
    )
    subnet: SubnetChoice = setting(
        what="The subnet that the private endpoints are in.",
        accepted="name and addressPrefix, or id",
        example={"name": "mainsubnet", "addressPrefix": "10.0.1.0/24"},
    )
    dns: DnsChoice = setting(
        what="Who answers for the pool's private name: a zone made here, a zone by id, or `external` (not this stack).",
        accepted="link and registration, or zoneId, or external",
        example={"link": "managedhsmzone", "registration": True},
    )
    private_endpoints: tuple[PoolEndpoint, ...] = setting(
        (),
        what="The pool's addresses: inside the subnet, and inside other networks.",
        accepted="a list of name and connection, approval, requestMessage, approvalMinutes, subnet, location and dns",
        example=[{"name": "privateendpointmainsubnet", "connection": "privatelinkmain"}],
        max_length=64,
    )
