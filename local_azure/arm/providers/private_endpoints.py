"""Microsoft.Network/privateEndpoints.

An endpoint gets the first free address of its subnet through a network interface that lives and dies with it, and
registers itself with the resource that it leads to. Shapes: the REST description ``privateEndpoint.json``.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from local_azure.arm import api_versions, errors, ids, rbac
from local_azure.arm.providers import network_common as common
from local_azure.arm.providers.network_common import INTERFACE, SUBNET
from local_azure.arm.providers.network_interfaces import network_of, subnet_required
from local_azure.arm.providers.private_link import APPROVED, PENDING, connect, group_of_target
from local_azure.arm.providers.subnets import first_free_address
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
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

ENDPOINT = "Microsoft.Network/privateEndpoints"
ZONE_GROUPS = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
_AUTOMATIC, _MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"
_MAXIMUM_CONNECTIONS = 64
"""Private endpoints of one managed HSM or vault."""

_CONNECTION = obj(
    name=Field(required=True),
    id=STRING,
    etag=STRING,
    type=STRING,
    properties=obj(
        required=True,
        privateLinkServiceId=Field(required=True),
        groupIds=STRINGS,
        requestMessage=STRING,
        privateLinkServiceConnectionState=obj(status=STRING, description=STRING, actionsRequired=STRING),
        provisioningState=STRING,
    ),
)


def _prepare(change: Change) -> None:
    subnet = subnet_required(change.arm, change.properties["subnet"]["id"], change.stored.id)
    if network_of(change.arm, subnet).location != change.stored.location:
        raise errors.bad_request(
            "InvalidResourceReference",
            f"Private endpoint {change.stored.id} is in location {change.stored.location}; the virtual network of "
            f"subnet {subnet.id} is not. A private endpoint and its virtual network are in the same region.",
        )
    rbac.require_linked(change.arm.resources, change.caller, f"{SUBNET}/join/action", change.stored.id, subnet.id)
    if change.properties.get("ipConfigurations") or change.properties.get("applicationSecurityGroups"):
        raise NotPlayed("static addresses and application security groups of private endpoints")
    change.properties["subnet"] = {"id": subnet.id}
    change.properties.setdefault(_AUTOMATIC, [])
    change.properties.setdefault(_MANUAL, [])
    change.properties.setdefault("customDnsConfigs", [])
    connections = [*change.properties[_AUTOMATIC], *change.properties[_MANUAL]]
    if len(connections) != 1:
        raise errors.bad_request(
            "PrivateEndpointMustHaveOneConnection",
            f"Private endpoint {change.stored.id} must have exactly one connection, not {len(connections)}.",
        )
    target = _target(change, connections[0])
    if change.existing is not None:
        _prepare_update(change, change.existing, connections[0])
        return
    _connect(change, connections[0], target, manual=bool(change.properties[_MANUAL]))
    _add_interface(change, subnet, target)


def _target(change: Change, connection: JsonObject) -> Stored:
    target_id = connection["properties"]["privateLinkServiceId"]
    found = group_of_target(target_id)
    if found is None:
        raise NotPlayed(f"private endpoints to {target_id}")
    target = change.arm.find(target_id)
    if target is None:
        raise common.reference_not_found(target_id, change.stored.id)
    groups = connection["properties"].get("groupIds", [])
    if [group.lower() for group in groups] != [found[0]]:
        raise errors.bad_request(
            "PrivateEndpointCannotBeCreatedInResourceWithInvalidGroupIds",
            f"Private endpoint {change.stored.id} asks for group ids {groups} of {target.id}. "
            f"Available group ids: ['{found[0]}'].",
        )
    return target


def _prepare_update(change: Change, existing: Stored, connection: JsonObject) -> None:
    """Nothing but tags can change; what the service wrote stays."""
    for kind in (_AUTOMATIC, _MANUAL):
        for old in existing.properties[kind]:
            if not ids.same(
                old["properties"]["privateLinkServiceId"], connection["properties"]["privateLinkServiceId"]
            ):
                raise errors.bad_request(
                    "CannotChangePrivateLinkConnectionOnPrivateEndpoint",
                    f"The connection of private endpoint {change.stored.id} cannot be changed.",
                )
    if not ids.same(existing.properties["subnet"]["id"], change.properties["subnet"]["id"]):
        raise errors.bad_request(
            "CannotChangeSubnetOfPrivateEndpoint",
            f"The subnet of private endpoint {change.stored.id} cannot be changed.",
        )
    for name in (_AUTOMATIC, _MANUAL, "customDnsConfigs", "networkInterfaces"):
        change.properties[name] = existing.properties[name]


def _connect(change: Change, connection: JsonObject, target: Stored, *, manual: bool) -> None:
    """Approved at once for who may approve, else the target's owner is asked."""
    namespace_type = str(target.resource["type"])
    approval = f"{namespace_type}/PrivateEndpointConnectionsApproval/action"
    if not manual:
        rbac.require_linked(change.arm.resources, change.caller, approval, change.stored.id, target.id)
    if target.properties.get("provisioningState") != "Succeeded":
        raise errors.conflict(
            "ReferencedResourceNotProvisioned",
            f"Cannot proceed because resource {target.id} used by resource {change.stored.id} is not in Succeeded "
            "state.",
        )
    existing = change.arm.resources.of_type(f"{namespace_type}/privateEndpointConnections", target.id)
    if len(existing) >= _MAXIMUM_CONNECTIONS:
        raise errors.bad_request(
            "PrivateEndpointConnectionLimitReached",
            f"{target.id} has {_MAXIMUM_CONNECTIONS} private endpoints already.",
        )
    state = {
        "status": PENDING if manual else APPROVED,
        "description": connection["properties"].get("requestMessage", "") if manual else "",
        "actionsRequired": "None",
    }
    name = connection["name"]
    if name.lower() in {each.name.lower() for each in existing}:
        name = f"{name}_{uuid.uuid4().hex}"
    connection |= {
        "id": f"{change.stored.id}/{_MANUAL if manual else _AUTOMATIC}/{connection['name']}",
        "type": f"{ENDPOINT}/{_MANUAL if manual else _AUTOMATIC}",
        "etag": change.stored.resource["etag"],
    }
    connection["properties"] |= {
        "privateLinkServiceId": target.id,
        "privateLinkServiceConnectionState": state,
        "provisioningState": "Succeeded",
    }
    change.stored.hidden["connection"] = connect(change.arm, target, change.stored.id, name, state)


def _add_interface(change: Change, subnet: Stored, target: Stored) -> None:
    group, _ = group_of_target(target.id) or ("", "")
    address = first_free_address(change.arm, subnet)
    name = change.properties.get("customNetworkInterfaceName") or f"{change.id.name}.nic.{uuid.uuid4()}"
    interface_id = f"{change.id.scope}/providers/{INTERFACE}/{name}"
    names = [f"{target.name.lower()}.{'managedhsm.azure.net' if group == 'managedhsm' else 'vault.azure.net'}"]
    configuration_name = f"privateEndpointIpConfig.{uuid.uuid4()}"
    etag = f'W/"{uuid.uuid4()}"'
    configuration: JsonObject = {
        "name": configuration_name,
        "id": f"{interface_id}/ipConfigurations/{configuration_name}",
        "etag": etag,
        "type": f"{INTERFACE}/ipConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic",
            "subnet": {"id": subnet.id},
            "primary": True,
            "privateIPAddressVersion": "IPv4",
            "privateLinkConnectionProperties": {
                "groupId": group,
                "requiredMemberName": "default",
                "fqdns": names,
            },
        },
    }
    interface: dict[str, Any] = {
        "name": name,
        "id": interface_id,
        "etag": etag,
        "type": INTERFACE,
        "location": change.stored.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": common.resource_guid(),
            "ipConfigurations": [configuration],
            "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
            "macAddress": "",
            "enableAcceleratedNetworking": False,
            "enableIPForwarding": False,
            "disableTcpStateTracking": False,
            "privateEndpoint": {"id": change.stored.id},
            "hostedWorkloads": [],
            "tapConfigurations": [],
            "nicType": "Standard",
        },
        "kind": "Regular",
    }
    change.arm.resources.put(Stored(interface, {"private_endpoint": change.stored.id}))
    change.properties["networkInterfaces"] = [{"id": interface_id}]
    change.properties["customDnsConfigs"] = [{"fqdn": fqdn, "ipAddresses": [address]} for fqdn in names]
    change.properties["resourceGuid"] = common.resource_guid()


def _finished(arm: Arm, stored: Stored) -> None:
    """The connection's state may have changed while the endpoint was being made."""
    connection = arm.find(stored.hidden["connection"])
    if connection is not None:
        for kind in (_AUTOMATIC, _MANUAL):
            for each in stored.properties[kind]:
                state = connection.properties["privateLinkServiceConnectionState"]
                each["properties"]["privateLinkServiceConnectionState"] = state


def _present(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    """With a DNS zone group there are no custom DNS configurations: the zone has the records."""
    del api_version
    if not arm.resources.of_type(ZONE_GROUPS, stored.id):
        return stored.resource
    return {**stored.resource, "properties": {**stored.properties, "customDnsConfigs": []}}


def _deleted(arm: Arm, stored: Stored) -> None:
    for interface in stored.properties.get("networkInterfaces", []):
        arm.resources.remove(interface["id"])
    arm.resources.remove(stored.hidden["connection"])


TYPES = (
    ResourceType(
        name=ENDPOINT,
        api_versions=api_versions.NETWORK,
        properties={
            "subnet": replace(EMBEDDED_REFERENCE, required=True),
            _AUTOMATIC: array(_CONNECTION),
            _MANUAL: array(_CONNECTION),
            "customDnsConfigs": array(obj(fqdn=STRING, ipAddresses=STRINGS)),
            "applicationSecurityGroups": array(REFERENCE),
            "ipConfigurations": array(ANYTHING),
            "ipVersionType": choice("IPv4", "DualStack", "IPv6", default="IPv4"),
            "customNetworkInterfaceName": STRING,
            "networkInterfaces": READ_ONLY,
            "resourceGuid": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        envelope={"extendedLocation": ANYTHING},
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,62}[0-9A-Za-z_])?",
        write=common.write("private_endpoint.create"),
        delete=common.delete("private_endpoint.delete"),
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        etag="weak",
        delete_rank=10,
        prepare=_prepare,
        finished=_finished,
        present=_present,
        deleted=_deleted,
        invalid_code="InvalidRequestFormat",
    ),
)
