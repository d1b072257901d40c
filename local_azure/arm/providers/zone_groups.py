"""Microsoft.Network/privateEndpoints/privateDnsZoneGroups: the endpoint writes its records into private DNS zones.

Two endpoints of one resource in one zone want the same record, and the later gets it: Azure deletes the first one's
("Azure Private Endpoint private DNS zone values"). What becomes of the later's when the first goes is nowhere said;
here a group takes away only the record that is still its own.
"""

from __future__ import annotations

from local_azure.arm import api_versions, errors, ids
from local_azure.arm.providers import network_common as common
from local_azure.arm.providers.private_dns import A_RECORD, ZONE, put_record
from local_azure.arm.providers.private_endpoints import ZONE_GROUPS
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import ANYTHING, READ_ONLY, STRING, Field, array, obj
from local_azure.core.http import JsonObject

_TTL = 10
"""Seconds, as the service writes them."""
_GROUP = "zone_group"
"""What a record remembers its group as."""


def _prepare(change: Change) -> None:
    endpoint = change.arm.find(str(change.id.parent))
    if endpoint is None:
        raise errors.parent_not_found(change.id, "write")
    others = change.arm.resources.of_type(ZONE_GROUPS, endpoint.id)
    if any(not ids.same(other.id, change.stored.id) for other in others):
        raise errors.bad_request(
            "PrivateDnsZoneGroupLimitReached", f"Private endpoint {endpoint.id} has a DNS zone group already."
        )
    if change.existing is not None:
        _remove_records(change.arm, change.existing)
    for config in change.properties["privateDnsZoneConfigs"]:
        config["id"] = f"{change.stored.id}/privateDnsZoneConfigs/{config['name']}"
        config["type"] = f"{ZONE_GROUPS}/privateDnsZoneConfigs"
        config["etag"] = change.stored.resource["etag"]
        zone = _zone(change, config)
        config["properties"] = {
            "provisioningState": "Succeeded",
            "privateDnsZoneId": zone.id,
            "recordSets": [
                _add_record(change.arm, zone, each, change.stored.id)
                for each in endpoint.properties["customDnsConfigs"]
            ],
        }


def _zone(change: Change, config: JsonObject) -> Stored:
    zone_id = config["properties"]["privateDnsZoneId"]
    parsed = ids.parse(zone_id)
    zone = change.arm.find(zone_id) if parsed is not None and parsed.type.lower() == ZONE.lower() else None
    if zone is None:
        raise common.reference_not_found(zone_id, change.stored.id)
    return zone


def _add_record(arm: Arm, zone: Stored, configuration: JsonObject, group_id: str) -> JsonObject:
    name = str(configuration["fqdn"]).partition(".")[0]
    existing = arm.find(f"{zone.id}/A/{name}")
    if existing is not None and _GROUP not in existing.hidden:
        raise errors.conflict(
            "PrivateDnsRecordSetAlreadyExists",
            f"The zone {zone.id} has an A record set '{name}' that no DNS zone group made.",
        )
    addresses = list(configuration["ipAddresses"])
    record = put_record(arm, zone, "A", name, {"ttl": _TTL, "aRecords": [{"ipv4Address": each} for each in addresses]})
    record.hidden[_GROUP] = group_id
    arm.resources.put(record)
    return {
        "recordType": "A",
        "recordSetName": name,
        "fqdn": f"{name}.{zone.name}",
        "ttl": _TTL,
        "ipAddresses": addresses,
        "provisioningState": "Succeeded",
    }


def _remove_records(arm: Arm, stored: Stored) -> None:
    for config in stored.properties["privateDnsZoneConfigs"]:
        for record in config["properties"].get("recordSets", []):
            zone_id = config["properties"]["privateDnsZoneId"]
            found = arm.find(f"{zone_id}/{A_RECORD.rpartition('/')[2]}/{record['recordSetName']}")
            if found is not None and ids.same(str(found.hidden.get(_GROUP)), stored.id):
                arm.resources.remove(found.id)


TYPES = (
    ResourceType(
        name=ZONE_GROUPS,
        api_versions=api_versions.NETWORK,
        properties={
            "privateDnsZoneConfigs": array(
                obj(
                    name=Field(required=True),
                    id=STRING,
                    etag=STRING,
                    type=STRING,
                    properties=obj(
                        required=True,
                        privateDnsZoneId=Field(required=True),
                        recordSets=ANYTHING,
                        provisioningState=STRING,
                    ),
                ),
                default=[],
            ),
            "provisioningState": READ_ONLY,
        },
        tracked=False,
        write=common.write("network.create"),
        delete=common.delete("network.delete"),
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        etag="weak",
        delete_rank=5,
        prepare=_prepare,
        deleted=_remove_records,
        missing_read=common.child_not_found,
        invalid_code="InvalidRequestFormat",
    ),
)
