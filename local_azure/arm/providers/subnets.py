"""Microsoft.Network/virtualNetworks/subnets: address ranges, who uses them, what fits where."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from local_azure.arm import api_versions, errors, ids
from local_azure.arm.providers import network_common as common
from local_azure.arm.providers.network_common import INTERFACE, SUBNET
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
    BOOLEAN,
    READ_ONLY,
    REFERENCE,
    STRING,
    STRINGS,
    Field,
    array,
    choice,
    obj,
)
from local_azure.core.http import JsonObject

SUBNET_PROPERTIES = {
    "addressPrefix": STRING,
    "addressPrefixes": STRINGS,
    "networkSecurityGroup": REFERENCE,
    "routeTable": REFERENCE,
    "natGateway": REFERENCE,
    "serviceEndpoints": array(obj(service=Field(required=True), locations=STRINGS, provisioningState=STRING)),
    "delegations": array(ANYTHING, default=[]),
    "defaultOutboundAccess": BOOLEAN,
    "privateEndpointNetworkPolicies": choice(
        "Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", default="Disabled"
    ),
    "privateLinkServiceNetworkPolicies": choice("Enabled", "Disabled", default="Enabled"),
    "sharingScope": STRING,
    "ipConfigurations": READ_ONLY,
    "privateEndpoints": READ_ONLY,
    "purpose": READ_ONLY,
    "provisioningState": READ_ONLY,
    "resourceNavigationLinks": READ_ONLY,
    "serviceAssociationLinks": READ_ONLY,
}
_NAME = r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?"
INLINE_SUBNET = obj(
    name=Field(required=True, pattern=_NAME),
    id=STRING,
    etag=STRING,
    type=STRING,
    properties=Field("object", fields=SUBNET_PROPERTIES),
)


def subnets_of(arm: Arm, network_id: str) -> list[Stored]:
    """The subnets of a virtual network."""
    return arm.resources.of_type(SUBNET, network_id)


def prefixes_of(subnet: Stored) -> list[IPv4Network]:
    """The address ranges of a subnet."""
    return [common.network(text, subnet.id) for text in prefix_texts(subnet.properties)]


def first_free_address(arm: Arm, subnet: Stored) -> str:
    """The lowest address of the subnet that nobody has. Raises SubnetIsFull, 400."""
    taken = {configuration["privateIPAddress"] for configuration in configurations_in(arm, subnet.id)}
    for prefix in prefixes_of(subnet):
        first = int(prefix.network_address) + common.RESERVED_AT_THE_START
        for number in range(first, int(prefix.broadcast_address) + 1 - common.RESERVED_AT_THE_END):
            address = str(IPv4Address(number))
            if address not in taken:
                return address
    raise errors.bad_request("SubnetIsFull", f"Subnet {subnet.name} does not have enough capacity for 1 IP address.")


def configurations_in(arm: Arm, subnet_id: str) -> list[JsonObject]:
    """``properties`` of every IP configuration in the subnet, with the configuration's ``id``."""
    return [
        {**configuration["properties"], "id": configuration["id"]}
        for interface in arm.resources.of_type(INTERFACE)
        for configuration in interface.properties["ipConfigurations"]
        if ids.same(configuration["properties"].get("subnet", {}).get("id"), subnet_id)
    ]


def writable(properties: JsonObject) -> JsonObject:
    """What clients may write of a subnet's properties."""
    return {name: value for name, value in properties.items() if not SUBNET_PROPERTIES[name].read_only}


def _prepare_subnet(change: Change) -> None:
    network = change.arm.find(str(change.id.parent))
    if network is None:
        raise errors.parent_not_found(change.id, "write")
    texts = prefix_texts(change.properties)
    if not texts:
        raise errors.bad_request(
            "AddressPrefixStringCannotBeNullOrEmpty",
            f"Address prefix string for resource {change.stored.id} cannot be null or empty.",
        )
    prefixes = [common.network(text, change.stored.id) for text in texts]
    check_size(prefixes, change.id.name)
    space = [common.network(text, network.id) for text in network.properties["addressSpace"]["addressPrefixes"]]
    check_contained(prefixes, space, change.id.name)
    others = [
        (other.name, prefix)
        for other in subnets_of(change.arm, network.id)
        if not ids.same(other.id, change.stored.id)
        for prefix in prefixes_of(other)
    ]
    for prefix in prefixes:
        check_overlap(prefix, change.id.name, others)
    if change.existing is not None and prefixes_of(change.existing) != prefixes:
        _check_unused(change.arm, change.existing, "InUsePrefixCannotBeDeleted")
    for name in ("networkSecurityGroup", "routeTable", "natGateway"):
        reference = change.properties.get(name)
        if reference is not None and change.arm.find(reference["id"]) is None:
            raise common.reference_not_found(reference["id"], change.stored.id)


def present_subnet(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    """The subnet with who uses it."""
    del api_version
    properties = dict(stored.properties)
    used = [{"id": configuration["id"]} for configuration in configurations_in(arm, stored.id)]
    if used:
        properties["ipConfigurations"] = used
    endpoints = [
        {"id": endpoint.id}
        for endpoint in arm.resources.of_type("Microsoft.Network/privateEndpoints")
        if ids.same(endpoint.properties["subnet"]["id"], stored.id)
    ]
    if endpoints:
        properties["privateEndpoints"] = endpoints
        properties["purpose"] = "PrivateEndpoints"
    return {**stored.resource, "properties": properties}


def check_delete_subnet(arm: Arm, stored: Stored) -> None:
    """Raises InUseSubnetCannotBeDeleted, 400, where something has an address in it."""
    _check_unused(arm, stored, "InUseSubnetCannotBeDeleted")


def _check_unused(arm: Arm, stored: Stored, code: str) -> None:
    used = configurations_in(arm, stored.id)
    if used:
        raise common.in_use(f"Subnet {stored.name}", used[0]["id"], code)


def prefix_texts(properties: JsonObject) -> list[str]:
    """The address ranges that the properties name, one or several."""
    if "addressPrefix" in properties:
        return [properties["addressPrefix"]]
    return list(properties.get("addressPrefixes", []))


def check_size(prefixes: list[IPv4Network], name: str) -> None:
    """Raises NetcfgInvalidSubnet, 400, for a range smaller than /29."""
    for prefix in prefixes:
        if prefix.prefixlen > 29:
            raise errors.bad_request(
                "NetcfgInvalidSubnet", f"Subnet '{name}' is not valid: {prefix} is smaller than /29."
            )


def check_contained(prefixes: list[IPv4Network], space: list[IPv4Network], name: str) -> None:
    """Raises NetcfgSubnetRangeOutsideVnet, 400, for a range outside of the network's address space."""
    for prefix in prefixes:
        if not any(prefix.subnet_of(outer) for outer in space):
            raise errors.bad_request(
                "NetcfgSubnetRangeOutsideVnet",
                f"Subnet '{name}' is not valid because its IP address range {prefix} is outside the IP address range "
                f"of the virtual network ({', '.join(str(outer) for outer in space)}).",
            )


def check_overlap(prefix: IPv4Network, name: str, others: list[tuple[str, IPv4Network]]) -> None:
    """Raises NetcfgSubnetRangesOverlap, 400; ``others`` are the other subnets' names and ranges."""
    for other_name, other in others:
        if prefix.overlaps(other):
            raise errors.bad_request(
                "NetcfgSubnetRangesOverlap",
                f"Subnet '{name}' is not valid because its IP address range {prefix} overlaps with {other} of subnet "
                f"'{other_name}'.",
            )


TYPES = (
    ResourceType(
        name=SUBNET,
        api_versions=api_versions.NETWORK,
        properties=SUBNET_PROPERTIES,
        tracked=False,
        name_pattern=_NAME,
        write=common.write("subnet.create"),
        delete=common.delete("network.delete"),
        patch=None,
        etag="weak",
        delete_rank=25,
        prepare=_prepare_subnet,
        check_delete=check_delete_subnet,
        present=present_subnet,
        missing_read=common.child_not_found,
        invalid_code="InvalidRequestFormat",
    ),
)
