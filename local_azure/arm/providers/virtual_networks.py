"""Microsoft.Network/virtualNetworks.

A subnet is a resource of its own; the ``subnets`` of a virtual network are a view of them, and a PUT of the network
with ``subnets`` writes them all.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from local_azure.arm import api_versions, errors, ids, writing
from local_azure.arm.providers import network_common as common
from local_azure.arm.providers.network_common import NETWORK, SUBNET
from local_azure.arm.providers.subnets import (
    INLINE_SUBNET,
    check_contained,
    check_delete_subnet,
    check_overlap,
    prefix_texts,
    prefixes_of,
    present_subnet,
    subnets_of,
    writable,
)
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
    BOOLEAN,
    READ_ONLY,
    STRINGS,
    Field,
    array,
    choice,
    obj,
)
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject

_NETWORK_PROPERTIES = {
    "addressSpace": obj(required=True, addressPrefixes=STRINGS, ipamPoolPrefixAllocations=array(ANYTHING)),
    "dhcpOptions": obj(dnsServers=STRINGS),
    "subnets": array(INLINE_SUBNET),
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
        check_contained(prefixes_of(subnet), space, subnet.name)


def _write_subnets(change: Change, inline: list[JsonObject], space: list[IPv4Network]) -> None:
    """Makes the network's subnets those that the request lists."""
    wanted: list[tuple[str, IPv4Network]] = []
    for subnet in inline:
        owner = f"{change.stored.id}/subnets/{subnet['name']}"
        prefixes = [common.network(text, owner) for text in prefix_texts(subnet.get("properties", {}))]
        check_contained(prefixes, space, subnet["name"])
        for prefix in prefixes:
            check_overlap(prefix, subnet["name"], wanted)
            wanted.append((subnet["name"], prefix))
    names_and_prefixes = {(name.lower(), prefix) for name, prefix in wanted}
    for stored in subnets_of(change.arm, change.stored.id):
        if not {(stored.name.lower(), prefix) for prefix in prefixes_of(stored)} <= names_and_prefixes:
            check_delete_subnet(change.arm, stored)
            change.arm.resources.remove(stored.id)
    change.arm.resources.put(change.stored)
    for subnet in inline:
        properties = writable(subnet.get("properties", {}))
        writing.create(
            change.arm, change.caller, f"{change.stored.id}/subnets/{subnet['name']}", {"properties": properties}
        )


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
            "properties": present_subnet(arm, subnet, api_version)["properties"],
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
        check_delete_subnet(arm, subnet)
    for link in arm.resources.of_type("Microsoft.Network/privateDnsZones/virtualNetworkLinks"):
        if ids.same(link.properties["virtualNetwork"]["id"], stored.id):
            raise common.in_use(f"Virtual network {stored.name}", link.id, "InUseVirtualNetworkCannotBeDeleted")


TYPES = (
    ResourceType(
        name=NETWORK,
        api_versions=api_versions.NETWORK,
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
)
