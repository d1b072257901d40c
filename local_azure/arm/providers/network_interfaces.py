"""Microsoft.Network/networkInterfaces: those that users make for virtual machines, and those of private endpoints."""

from __future__ import annotations

from ipaddress import IPv4Address

from local_azure.arm import api_versions, errors, ids, rbac
from local_azure.arm.providers import network_common as common
from local_azure.arm.providers.network_common import INTERFACE, SUBNET
from local_azure.arm.providers.subnets import configurations_in, first_free_address, prefixes_of
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
    BOOLEAN,
    EMBEDDED_REFERENCE,
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

_CONFIGURATION = obj(
    name=Field(required=True),
    id=STRING,
    etag=STRING,
    type=STRING,
    properties=obj(
        required=True,
        subnet=EMBEDDED_REFERENCE,
        privateIPAddress=STRING,
        privateIPAllocationMethod=choice("Dynamic", "Static", default="Dynamic"),
        privateIPAddressVersion=choice("IPv4", "IPv6", default="IPv4"),
        primary=BOOLEAN,
        publicIPAddress=REFERENCE,
        provisioningState=STRING,
        privateLinkConnectionProperties=ANYTHING,
    ),
)


def subnet_required(arm: Arm, subnet_id: str, referrer: str) -> Stored:
    """The subnet that a resource refers to. Raises InvalidResourceReference, 400."""
    parsed = ids.parse(subnet_id)
    found = arm.find(subnet_id) if parsed and parsed.type.lower() == SUBNET.lower() else None
    if found is None:
        raise common.reference_not_found(subnet_id, referrer)
    return found


def network_of(arm: Arm, subnet: Stored) -> Stored:
    """The virtual network that a subnet is in."""
    parsed = ids.parse(subnet.id)
    found = arm.find(str(parsed.parent)) if parsed is not None else None
    if found is None:
        raise errors.not_found("NotFound", f"The virtual network of subnet {subnet.id} was not found.")
    return found


def _prepare(change: Change) -> None:
    if change.existing is not None and "private_endpoint" in change.existing.hidden:
        raise errors.conflict(
            "CannotModifyNicAttachedToPrivateEndpoint",
            f"Network interface {change.id.name} belongs to a private endpoint and cannot be modified.",
        )
    configurations = change.properties.get("ipConfigurations", [])
    if not configurations:
        raise errors.bad_request(
            "NetworkInterfaceMustHaveOneIpConfiguration",
            f"Network interface {change.stored.id} must have at least one IP configuration.",
        )
    for configuration in configurations:
        _prepare_configuration(change, configuration)
    if not any(each["properties"].get("primary") for each in configurations):
        configurations[0]["properties"]["primary"] = True
    change.properties.setdefault("resourceGuid", common.resource_guid())
    change.properties.setdefault("dnsSettings", {"dnsServers": [], "appliedDnsServers": []})
    change.properties.setdefault("nicType", "Standard")


def _prepare_configuration(change: Change, configuration: JsonObject) -> None:
    properties = configuration["properties"]
    if "subnet" not in properties:
        raise errors.bad_request(
            "InvalidIPConfigMissingSubnet", f"IP configuration {configuration['name']} has no subnet."
        )
    if "publicIPAddress" in properties or properties["privateIPAddressVersion"] == "IPv6":
        raise NotPlayed("public and IPv6 addresses of network interfaces")
    subnet = subnet_required(change.arm, properties["subnet"]["id"], change.stored.id)
    if network_of(change.arm, subnet).location != change.stored.location:
        raise common.reference_not_found(subnet.id, change.stored.id)
    rbac.require_linked(change.arm.resources, change.caller, f"{SUBNET}/join/action", change.stored.id, subnet.id)
    configuration |= {
        "id": f"{change.stored.id}/ipConfigurations/{configuration['name']}",
        "etag": change.stored.resource["etag"],
        "type": f"{INTERFACE}/ipConfigurations",
    }
    properties["subnet"] = {"id": subnet.id}
    properties["provisioningState"] = "Succeeded"
    properties["privateIPAddress"] = _address(change, configuration, subnet)


def _address(change: Change, configuration: JsonObject, subnet: Stored) -> str:
    properties = configuration["properties"]
    wanted = properties.get("privateIPAddress")
    own = _address_now(change.existing, configuration["id"], subnet.id)
    if properties["privateIPAllocationMethod"] == "Dynamic" or wanted is None:
        return own or first_free_address(change.arm, subnet)
    if not any(IPv4Address(wanted) in prefix for prefix in prefixes_of(subnet)):
        raise errors.bad_request(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {wanted} does not belong to the range of subnet {subnet.name}.",
        )
    taken = {each["privateIPAddress"] for each in configurations_in(change.arm, subnet.id)}
    if wanted in taken and wanted != own:
        raise errors.bad_request(
            "PrivateIPAddressInUse", f"IP address {wanted} is in use already in subnet {subnet.name}."
        )
    return str(wanted)


def _address_now(existing: Stored | None, configuration_id: str, subnet_id: str) -> str | None:
    for configuration in existing.properties["ipConfigurations"] if existing else []:
        same_subnet = ids.same(configuration["properties"]["subnet"]["id"], subnet_id)
        if ids.same(configuration["id"], configuration_id) and same_subnet:
            return str(configuration["properties"]["privateIPAddress"])
    return None


def _check_delete(arm: Arm, stored: Stored) -> None:
    if "private_endpoint" in stored.hidden:
        raise common.in_use(
            f"Network interface {stored.name}",
            f"private endpoint {stored.hidden['private_endpoint']}",
            "CannotDeleteNicAttachedToPrivateEndpoint",
        )
    for machine in arm.resources.of_type("Microsoft.Compute/virtualMachines"):
        interfaces = machine.properties.get("networkProfile", {}).get("networkInterfaces", [])
        if any(ids.same(interface.get("id"), stored.id) for interface in interfaces):
            raise common.in_use(f"Network interface {stored.name}", machine.id, "NicInUse")


TYPES = (
    ResourceType(
        name=INTERFACE,
        api_versions=api_versions.NETWORK,
        properties={
            "ipConfigurations": array(_CONFIGURATION, required=True),
            "networkSecurityGroup": REFERENCE,
            "dnsSettings": obj(
                dnsServers=STRINGS,
                appliedDnsServers=STRINGS,
                internalDnsNameLabel=STRING,
                internalDomainNameSuffix=STRING,
            ),
            "enableAcceleratedNetworking": Field("boolean", default=False),
            "enableIPForwarding": Field("boolean", default=False),
            "disableTcpStateTracking": BOOLEAN,
            "nicType": choice("Standard", "Elastic"),
            "auxiliaryMode": STRING,
            "auxiliarySku": STRING,
            "macAddress": READ_ONLY,
            "primary": READ_ONLY,
            "virtualMachine": READ_ONLY,
            "privateEndpoint": READ_ONLY,
            "hostedWorkloads": READ_ONLY,
            "tapConfigurations": READ_ONLY,
            "vnetEncryptionSupported": READ_ONLY,
            "resourceGuid": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        envelope={"extendedLocation": ANYTHING, "kind": READ_ONLY},
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?",
        write=common.write("network.create"),
        delete=common.delete("network.delete"),
        patch="tags",
        etag="weak",
        delete_rank=20,
        prepare=_prepare,
        check_delete=_check_delete,
        invalid_code="InvalidRequestFormat",
    ),
)
