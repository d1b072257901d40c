"""Microsoft.Network: virtual networks, their subnets, network security groups, public addresses.

A subnet is a resource of its own; the ``subnets`` of a virtual network are a view of them, and a PUT of the network
with ``subnets`` writes them all.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from local_azure.arm import engine, errors, ids
from local_azure.arm.providers import network_common as common
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
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject

NETWORK, SUBNET = "Microsoft.Network/virtualNetworks", "Microsoft.Network/virtualNetworks/subnets"
SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"
INTERFACE = "Microsoft.Network/networkInterfaces"

_SUBNET_PROPERTIES = {
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
_INLINE_SUBNET = obj(
    name=Field(required=True),
    id=STRING,
    etag=STRING,
    type=STRING,
    properties=Field("object", fields=_SUBNET_PROPERTIES),
)
_NETWORK_PROPERTIES = {
    "addressSpace": obj(required=True, addressPrefixes=STRINGS, ipamPoolPrefixAllocations=array(ANYTHING)),
    "dhcpOptions": obj(dnsServers=STRINGS),
    "subnets": array(_INLINE_SUBNET),
    "virtualNetworkPeerings": array(ANYTHING),
    "enableDdosProtection": Field("boolean", default=False),
    "enableVmProtection": BOOLEAN,
    "encryption": ANYTHING,
    "bgpCommunities": ANYTHING,
    "flowTimeoutInMinutes": Field("integer", minimum=4, maximum=30),
    "privateEndpointVNetPolicies": choice("Disabled", "Basic", default="Disabled"),
    "provisioningState": READ_ONLY,
    "resourceGuid": READ_ONLY,
    "flowLogs": READ_ONLY,
    "defaultPublicNatGateway": READ_ONLY,
    "subnetsCount": READ_ONLY,
}


def subnets_of(arm: Arm, network_id: str) -> list[Stored]:
    """The subnets of a virtual network."""
    return arm.resources.of_type(SUBNET, network_id)


def prefixes_of(subnet: Stored) -> list[IPv4Network]:
    """The address ranges of a subnet."""
    return [common.network(text, subnet.id) for text in _prefix_texts(subnet.properties)]


def first_free_address(arm: Arm, subnet: Stored) -> str:
    """The lowest address of the subnet that nobody has. Raises SubnetIsFull, 400."""
    taken = {configuration["privateIPAddress"] for configuration in configurations_in(arm, subnet.id)}
    for prefix in prefixes_of(subnet):
        # The first four addresses and the last are Azure's own.
        for number in range(int(prefix.network_address) + 4, int(prefix.broadcast_address)):
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


def _prepare_network(change: Change) -> None:
    space = _address_space(change)
    change.properties.setdefault("resourceGuid", common.resource_guid())
    change.properties.setdefault("dhcpOptions", {}).setdefault("dnsServers", [])
    if change.properties.pop("virtualNetworkPeerings", []):
        raise NotPlayed("peerings of virtual networks")
    inline = change.properties.pop("subnets", None)
    if inline is not None:
        _write_subnets(change, inline, space)
        return
    # Without `subnets` in a PUT the network provider keeps the subnets that there are.
    for subnet in subnets_of(change.arm, change.stored.id):
        _check_contained(prefixes_of(subnet), space, subnet.name)


def _write_subnets(change: Change, inline: list[JsonObject], space: list[IPv4Network]) -> None:
    """Makes the network's subnets those that the request lists."""
    wanted: list[tuple[str, IPv4Network]] = []
    for subnet in inline:
        owner = f"{change.stored.id}/subnets/{subnet['name']}"
        prefixes = [common.network(text, owner) for text in _prefix_texts(subnet.get("properties", {}))]
        _check_contained(prefixes, space, subnet["name"])
        for prefix in prefixes:
            _check_overlap(prefix, subnet["name"], wanted)
            wanted.append((subnet["name"], prefix))
    names_and_prefixes = {(name.lower(), prefix) for name, prefix in wanted}
    for stored in subnets_of(change.arm, change.stored.id):
        if not {(stored.name.lower(), prefix) for prefix in prefixes_of(stored)} <= names_and_prefixes:
            _check_delete_subnet(change.arm, stored)
            change.arm.resources.remove(stored.id)
    change.arm.resources.put(change.stored)
    for subnet in inline:
        properties = _writable(subnet.get("properties", {}))
        engine.create(
            change.arm, change.caller, f"{change.stored.id}/subnets/{subnet['name']}", {"properties": properties}
        )


def _writable(properties: JsonObject) -> JsonObject:
    return {name: value for name, value in properties.items() if not _SUBNET_PROPERTIES[name].read_only}


def _address_space(change: Change) -> list[IPv4Network]:
    prefixes = change.properties["addressSpace"].get("addressPrefixes", [])
    if not prefixes:
        raise errors.bad_request(
            "MissingAddressSpace", f"The virtual network {change.stored.id} has no address prefix."
        )
    space = [common.network(text, change.stored.id) for text in prefixes]
    for position, one in enumerate(space):
        for other in space[position + 1 :]:
            if one.overlaps(other):
                raise errors.bad_request(
                    "VnetAddressSpacesOverlap",
                    f"Address prefixes {one} and {other} of virtual network {change.id.name} overlap.",
                )
    return space


def _present_network(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    subnets = [
        {
            "name": subnet.name,
            "id": subnet.id,
            "etag": subnet.resource["etag"],
            "properties": _present_subnet(arm, subnet, api_version)["properties"],
            "type": SUBNET,
        }
        for subnet in subnets_of(arm, stored.id)
    ]
    return {
        **stored.resource,
        "properties": {**stored.properties, "subnets": subnets, "virtualNetworkPeerings": []},
    }


def _check_delete_network(arm: Arm, stored: Stored) -> None:
    for subnet in subnets_of(arm, stored.id):
        _check_delete_subnet(arm, subnet)
    for link in arm.resources.of_type("Microsoft.Network/privateDnsZones/virtualNetworkLinks"):
        if ids.same(link.properties["virtualNetwork"]["id"], stored.id):
            raise common.in_use(f"Virtual network {stored.name}", link.id, "InUseVirtualNetworkCannotBeDeleted")


def _prepare_subnet(change: Change) -> None:
    network = change.arm.find(str(change.id.parent))
    if network is None:
        raise errors.parent_not_found(change.id, "write")
    texts = _prefix_texts(change.properties)
    if not texts:
        raise errors.bad_request(
            "AddressPrefixStringCannotBeNullOrEmpty",
            f"Address prefix string for resource {change.stored.id} cannot be null or empty.",
        )
    prefixes = [common.network(text, change.stored.id) for text in texts]
    _check_size(prefixes, change.id.name)
    space = [common.network(text, network.id) for text in network.properties["addressSpace"]["addressPrefixes"]]
    _check_contained(prefixes, space, change.id.name)
    others = [
        (other.name, prefix)
        for other in subnets_of(change.arm, network.id)
        if not ids.same(other.id, change.stored.id)
        for prefix in prefixes_of(other)
    ]
    for prefix in prefixes:
        _check_overlap(prefix, change.id.name, others)
    if change.existing is not None and prefixes_of(change.existing) != prefixes:
        _check_unused(change.arm, change.existing, "InUsePrefixCannotBeDeleted")
    for name in ("networkSecurityGroup", "routeTable", "natGateway"):
        reference = change.properties.get(name)
        if reference is not None and change.arm.find(reference["id"]) is None:
            raise common.reference_not_found(reference["id"], change.stored.id)


def _present_subnet(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
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


def _check_delete_subnet(arm: Arm, stored: Stored) -> None:
    _check_unused(arm, stored, "InUseSubnetCannotBeDeleted")


def _check_unused(arm: Arm, stored: Stored, code: str) -> None:
    used = configurations_in(arm, stored.id)
    if used:
        raise common.in_use(f"Subnet {stored.name}", used[0]["id"], code)


def _prefix_texts(properties: JsonObject) -> list[str]:
    if "addressPrefix" in properties:
        return [properties["addressPrefix"]]
    return list(properties.get("addressPrefixes", []))


def _check_size(prefixes: list[IPv4Network], name: str) -> None:
    for prefix in prefixes:
        if prefix.prefixlen > 29:
            raise errors.bad_request(
                "NetcfgInvalidSubnet", f"Subnet '{name}' is not valid: {prefix} is smaller than /29."
            )


def _check_contained(prefixes: list[IPv4Network], space: list[IPv4Network], name: str) -> None:
    for prefix in prefixes:
        if not any(prefix.subnet_of(outer) for outer in space):
            raise errors.bad_request(
                "NetcfgSubnetRangeOutsideVnet",
                f"Subnet '{name}' is not valid because its IP address range {prefix} is outside the IP address range "
                f"of the virtual network ({', '.join(str(outer) for outer in space)}).",
            )


def _check_overlap(prefix: IPv4Network, name: str, others: list[tuple[str, IPv4Network]]) -> None:
    for other_name, other in others:
        if prefix.overlaps(other):
            raise errors.bad_request(
                "NetcfgSubnetRangesOverlap",
                f"Subnet '{name}' is not valid because its IP address range {prefix} overlaps with {other} of subnet "
                f"'{other_name}'.",
            )


def _prepare_security_group(change: Change) -> None:
    change.properties.setdefault("resourceGuid", common.resource_guid())


def _check_delete_security_group(arm: Arm, stored: Stored) -> None:
    users = [*arm.resources.of_type(SUBNET), *arm.resources.of_type(INTERFACE)]
    for user in users:
        if ids.same(user.properties.get("networkSecurityGroup", {}).get("id"), stored.id):
            raise common.in_use(
                f"Network security group {stored.name}", user.id, "InUseNetworkSecurityGroupCannotBeDeleted"
            )


TYPES = (
    ResourceType(
        name=NETWORK,
        api_versions=common.API_VERSIONS,
        properties=_NETWORK_PROPERTIES,
        envelope={"extendedLocation": ANYTHING},
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,62}[0-9A-Za-z_])?",
        write=common.write("network.create"),
        delete=common.delete("network.delete"),
        patch="tags",
        etag="weak",
        delete_rank=30,
        prepare=_prepare_network,
        check_delete=_check_delete_network,
        present=_present_network,
        invalid_code="InvalidRequestFormat",
    ),
    ResourceType(
        name=SUBNET,
        api_versions=common.API_VERSIONS,
        properties=_SUBNET_PROPERTIES,
        tracked=False,
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?",
        write=common.write("subnet.create"),
        delete=common.delete("network.delete"),
        patch=None,
        etag="weak",
        delete_rank=25,
        prepare=_prepare_subnet,
        check_delete=_check_delete_subnet,
        present=_present_subnet,
        missing_read=common.child_not_found,
        invalid_code="InvalidRequestFormat",
    ),
    ResourceType(
        name=SECURITY_GROUP,
        api_versions=common.API_VERSIONS,
        properties={
            "securityRules": array(ANYTHING, default=[]),
            "defaultSecurityRules": READ_ONLY,
            "flushConnection": BOOLEAN,
            "networkInterfaces": READ_ONLY,
            "subnets": READ_ONLY,
            "resourceGuid": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?",
        write=common.write("network.create"),
        delete=common.delete("network.delete"),
        patch="tags",
        etag="weak",
        delete_rank=35,
        prepare=_prepare_security_group,
        check_delete=_check_delete_security_group,
        invalid_code="InvalidRequestFormat",
    ),
)
