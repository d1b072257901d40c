"""Microsoft.Network: private DNS zones, their links to virtual networks, their A records.

Shapes: the REST description ``privatedns.json``; the course of a creation (202 with an empty object, both ways of
polling) and the counters: exchanges with the real service recorded in azure-cli's tests.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address

from local_azure.arm import api_versions, errors, ids, lists, rbac, writing
from local_azure.arm.ids import ResourceId
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
    READ_ONLY,
    STRING_MAP,
    Field,
    array,
    choice,
    obj,
)
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response

ZONE = "Microsoft.Network/privateDnsZones"
LINK = f"{ZONE}/virtualNetworkLinks"
A_RECORD, SOA_RECORD = f"{ZONE}/A", f"{ZONE}/SOA"

_LABEL = r"[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
_ZONE_NAME = rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+"
_RECORD_NAME = rf"@|(\*|{_LABEL})(\.{_LABEL})*"


def _written_zone(arm: Arm, stored: Stored) -> None:
    """A zone begins with its start of authority."""
    if arm.find(f"{stored.id}/SOA/@") is None:
        soa = {
            "host": "azureprivatedns.net",
            "email": "azureprivatedns-host.microsoft.com",
            "serialNumber": 1,
            "refreshTime": 3600,
            "retryTime": 300,
            "expireTime": 2419200,
            "minimumTtl": 10,
        }
        put_record(arm, stored, "SOA", "@", {"ttl": 3600, "soaRecord": soa})


def put_record(arm: Arm, zone: Stored, kind: str, name: str, properties: JsonObject) -> Stored:
    """Writes a record set as the service itself does."""
    fqdn = f"{zone.name}." if name == "@" else f"{name}.{zone.name}."
    stored = Stored(
        {
            "id": f"{zone.id}/{kind}/{name}",
            "name": name,
            "type": f"{ZONE}/{kind}",
            "etag": writing.new_etag("plain"),
            "properties": {**properties, "fqdn": fqdn, "isAutoRegistered": False},
        }
    )
    arm.resources.put(stored)
    return stored


def _present_zone(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del api_version
    links = arm.resources.of_type(LINK, stored.id)
    records = [*arm.resources.of_type(A_RECORD, stored.id), *arm.resources.of_type(SOA_RECORD, stored.id)]
    return {
        **stored.resource,
        "properties": {
            "maxNumberOfRecordSets": 25000,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
            "numberOfRecordSets": len(records),
            "numberOfVirtualNetworkLinks": len(links),
            "numberOfVirtualNetworkLinksWithRegistration": sum(
                bool(link.properties["registrationEnabled"]) for link in links
            ),
            **stored.properties,
        },
    }


def _check_delete_zone(arm: Arm, stored: Stored) -> None:
    if arm.resources.of_type(LINK, stored.id):
        raise errors.conflict("CannotDeleteResource", "Can not delete resource before nested resources are deleted.")


def _prepare_link(change: Change) -> None:
    network_id = change.properties["virtualNetwork"]["id"]
    parsed = ids.parse(network_id)
    is_network = parsed is not None and parsed.type.lower() == "microsoft.network/virtualnetworks"
    network = change.arm.find(network_id) if is_network else None
    if network is None:
        raise errors.bad_request(
            "VirtualNetworkNotFound", f"The virtual network '{network_id}' that the link names was not found."
        )
    action = "Microsoft.Network/virtualNetworks/join/action"
    rbac.require_linked(change.arm.resources, change.caller, action, change.stored.id, network.id)
    zone = change.id.names[0].lower()
    for other in change.arm.resources.of_type(LINK):
        if ids.same(other.id, change.stored.id) or not ids.same(other.properties["virtualNetwork"]["id"], network.id):
            continue
        other_zone = (ids.parse(other.id) or change.id).names[0].lower()
        if other_zone == zone:
            raise errors.conflict(
                "Conflict",
                "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link "
                f"virtual network {network.id} with '{zone}' and '{other_zone}' zones.",
            )
        if other.properties["registrationEnabled"] and change.properties["registrationEnabled"]:
            raise errors.conflict(
                "Conflict",
                f"Virtual network {network.id} registers its machines in zone '{other_zone}' already; it can do so in "
                "one zone only.",
            )
    change.properties["virtualNetwork"] = {"id": network.id}
    change.properties["virtualNetworkLinkState"] = "InProgress"


def _finished_link(arm: Arm, stored: Stored) -> None:
    del arm
    stored.properties["virtualNetworkLinkState"] = "Completed"


def _prepare_record(change: Change) -> None:
    addresses = [record["ipv4Address"] for record in change.properties["aRecords"]]
    for address in addresses:
        _check_address(address)
    if len(set(addresses)) < len(addresses):
        raise errors.bad_request("BadRequest", "A record set cannot hold the same address twice.")
    zone = change.id.names[0]
    name = change.id.name
    change.properties["fqdn"] = f"{zone}." if name == "@" else f"{name}.{zone}."
    change.properties["isAutoRegistered"] = False


def _check_address(address: str) -> None:
    try:
        IPv4Address(address)
    except (AddressValueError, ValueError):
        raise errors.bad_request("BadRequest", f"The value '{address}' is not a valid IPv4 address.") from None


def _check_delete_record(arm: Arm, stored: Stored) -> None:
    del arm
    if stored.name == "@" and stored.resource["type"] == SOA_RECORD:
        raise errors.bad_request("BadRequest", "The SOA record set of a zone cannot be deleted.")


def _record_not_found(resource: ResourceId) -> ServiceError:
    return errors.not_found(
        "NotFound",
        f"The resource record '{resource.name}' does not exist in resource group '{resource.group}' of subscription "
        f"'{resource.subscription}'.",
    )


def _list_all(arm_request: ArmRequest) -> Response:
    """Every record set of the zone, whatever its type."""
    zone_id = arm_request.request.path.rpartition("/")[0]
    arm = arm_request.arm
    if arm.find(zone_id) is None:
        raise errors.not_found("ResourceNotFound", f"The Resource '{ZONE}/{arm_request['zone']}' was not found.")
    suffix = arm_request.request.query.get("$recordsetnamesuffix", "")
    found = [
        stored.resource
        for kind in (A_RECORD, SOA_RECORD)
        for stored in arm.resources.of_type(kind, zone_id)
        if re.search(rf"{re.escape(suffix)}$", stored.name)
    ]
    return lists.page(arm_request.request, found)


_STATUSES = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
    "/privateDnsOperationStatuses/{operation}"
)
_RUNNING = LongRunning(
    figure="private_dns.create",
    poll=Poll.BOTH,
    status=202,
    update_status=202,
    body="object",
    state="Updating",
    statuses=_STATUSES,
    results=_STATUSES.replace("OperationStatuses", "OperationResults"),
)


def _record_type(name: str, *, writable: bool, **properties: Field) -> ResourceType:
    return ResourceType(
        name=name,
        api_versions=api_versions.PRIVATE_DNS,
        properties={
            "ttl": Field("integer", required=writable, minimum=1, maximum=2147483647),
            "metadata": STRING_MAP,
            "fqdn": READ_ONLY,
            "isAutoRegistered": READ_ONLY,
            **properties,
        },
        tracked=False,
        name_pattern=_RECORD_NAME,
        name_error="BadRequest",
        etag="plain",
        has_state=False,
        methods=frozenset({"GET", "PUT", "PATCH", "DELETE"} if writable else {"GET"}),
        delete_rank=45,
        prepare=_prepare_record,
        check_delete=_check_delete_record,
        missing_read=_record_not_found,
        invalid_code="BadRequest",
    )


TYPES = (
    ResourceType(
        name=ZONE,
        api_versions=api_versions.PRIVATE_DNS,
        properties={
            "maxNumberOfRecordSets": READ_ONLY,
            "numberOfRecordSets": READ_ONLY,
            "maxNumberOfVirtualNetworkLinks": READ_ONLY,
            "numberOfVirtualNetworkLinks": READ_ONLY,
            "maxNumberOfVirtualNetworkLinksWithRegistration": READ_ONLY,
            "numberOfVirtualNetworkLinksWithRegistration": READ_ONLY,
            "provisioningState": READ_ONLY,
            "internalId": READ_ONLY,
        },
        location="global",
        name_pattern=_ZONE_NAME,
        name_error="BadRequest",
        write=_RUNNING,
        delete=_RUNNING,
        etag="plain",
        delete_rank=46,
        written=_written_zone,
        check_delete=_check_delete_zone,
        present=_present_zone,
        invalid_code="BadRequest",
    ),
    ResourceType(
        name=LINK,
        api_versions=api_versions.PRIVATE_DNS,
        properties={
            "virtualNetwork": obj(required=True, id=Field(required=True)),
            "registrationEnabled": Field("boolean", default=False),
            "resolutionPolicy": choice("Default", "NxDomainRedirect"),
            "virtualNetworkLinkState": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        location="global",
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?",
        name_error="BadRequest",
        write=_RUNNING,
        delete=_RUNNING,
        etag="plain",
        delete_rank=20,
        prepare=_prepare_link,
        finished=_finished_link,
        invalid_code="BadRequest",
    ),
    _record_type(
        A_RECORD,
        writable=True,
        aRecords=array(obj(ipv4Address=Field(required=True)), default=[]),
    ),
    _record_type(SOA_RECORD, writable=False, soaRecord=ANYTHING),
)

_ZONE_PATH = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/privateDnsZones/{zone}"
ROUTES = (ArmRoute("GET", f"{_ZONE_PATH}/ALL", _list_all, api_versions.PRIVATE_DNS, f"{ZONE}/ALL/read", _ZONE_PATH),)
