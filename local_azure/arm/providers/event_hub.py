"""Microsoft.EventHub: namespaces, event hubs, authorization rules and their keys."""

from __future__ import annotations

import base64
import secrets

from local_azure.arm import api_versions, errors
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import ANYTHING, INTEGER, READ_ONLY, STRING, Field, array, choice, obj
from local_azure.core.clock import iso
from local_azure.core.http import Response, json_response

NAMESPACE = "Microsoft.EventHub/namespaces"
HUB, RULE, HUB_RULE = (
    f"{NAMESPACE}/eventhubs",
    f"{NAMESPACE}/authorizationRules",
    f"{NAMESPACE}/eventhubs/authorizationRules",
)
_ROOT_RULE = "RootManageSharedAccessKey"
_TIERS = ("Basic", "Standard", "Premium")


def _prepare_namespace(change: Change) -> None:
    if change.existing is None and _taken(change):
        raise errors.bad_request(
            "BadRequest", f"The specified service namespace '{change.id.name}' is not available: it is taken."
        )
    sku = change.stored.resource.setdefault("sku", {"name": "Standard"})
    sku.setdefault("tier", sku["name"])
    sku.setdefault("capacity", 1)
    now = iso(change.arm.world.clock.now())
    change.properties.update(
        {
            "createdAt": change.properties.get("createdAt", now),
            "updatedAt": now,
            "serviceBusEndpoint": f"https://{change.id.name}.servicebus.windows.net:443/",
            "metricId": f"{change.id.subscription}:{change.id.name.lower()}",
            "status": "Active",
        }
    )


def _taken(change: Change) -> bool:
    return any(each.name.lower() == change.id.name.lower() for each in change.arm.resources.of_type(NAMESPACE))


def _finished_namespace(arm: Arm, stored: Stored) -> None:
    """Each namespace is born with a rule that may do everything."""
    rule_id = f"{stored.id}/authorizationRules/{_ROOT_RULE}"
    if arm.find(rule_id) is None:
        rule = {
            "id": rule_id,
            "name": _ROOT_RULE,
            "type": RULE,
            "location": stored.location,
            "properties": {"rights": ["Listen", "Manage", "Send"]},
        }
        arm.resources.put(Stored(rule, _new_keys()))


def _prepare_rule(change: Change) -> None:
    rights = change.properties["rights"]
    if "Manage" in rights and not {"Send", "Listen"} <= set(rights):
        raise errors.bad_request("BadRequest", "The right Manage goes with Send and Listen only.")
    for name, key in _new_keys().items():
        change.stored.hidden.setdefault(name, key)


def _prepare_hub(change: Change) -> None:
    count = int(change.properties["partitionCount"])
    now = iso(change.arm.world.clock.now())
    change.properties.setdefault("createdAt", now)
    change.properties["updatedAt"] = now
    change.properties["partitionIds"] = [str(number) for number in range(count)]
    change.properties.setdefault("status", "Active")


def _list_keys(arm_request: ArmRequest) -> Response:
    stored = arm_request.arm.find(arm_request.request.path.rpartition("/")[0])
    if stored is None:
        raise errors.not_found("ResourceNotFound", f"The authorization rule '{arm_request['rule']}' was not found.")
    base = f"Endpoint=sb://{arm_request['namespace'].lower()}.servicebus.windows.net/;SharedAccessKeyName={stored.name}"
    hub = arm_request.request.parameters.get("hub")
    entity = f";EntityPath={hub}" if hub else ""
    return json_response(
        {
            "primaryConnectionString": f"{base};SharedAccessKey={stored.hidden['primary']}{entity}",
            "secondaryConnectionString": f"{base};SharedAccessKey={stored.hidden['secondary']}{entity}",
            "primaryKey": stored.hidden["primary"],
            "secondaryKey": stored.hidden["secondary"],
            "keyName": stored.name,
        }
    )


def _new_keys() -> dict[str, str]:
    return {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("primary", "secondary")}


def _rule_type(name: str, rank: int) -> ResourceType:
    return ResourceType(
        name=name,
        api_versions=api_versions.EVENT_HUB,
        properties={"rights": array(choice("Manage", "Send", "Listen"), required=True)},
        envelope={"location": READ_ONLY},
        tracked=False,
        created_status=200,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=rank,
        prepare=_prepare_rule,
        invalid_code="BadRequest",
    )


TYPES = (
    ResourceType(
        name=NAMESPACE,
        api_versions=api_versions.EVENT_HUB,
        properties={
            "minimumTlsVersion": choice("1.0", "1.1", "1.2", default="1.2"),
            "publicNetworkAccess": choice("Enabled", "Disabled", "SecuredByPerimeter", default="Enabled"),
            "disableLocalAuth": Field("boolean", default=False),
            "zoneRedundant": Field("boolean", default=True),
            "isAutoInflateEnabled": Field("boolean", default=False),
            "maximumThroughputUnits": Field("integer", default=0, minimum=0, maximum=40),
            "kafkaEnabled": Field("boolean", default=True),
            "clusterArmId": STRING,
            "encryption": ANYTHING,
            "alternateName": STRING,
            "geoDataReplication": ANYTHING,
            "platformCapabilities": ANYTHING,
            "createdAt": READ_ONLY,
            "updatedAt": READ_ONLY,
            "serviceBusEndpoint": READ_ONLY,
            "metricId": READ_ONLY,
            "status": READ_ONLY,
            "privateEndpointConnections": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        envelope={
            "sku": obj(name=choice(*_TIERS, required=True), tier=choice(*_TIERS), capacity=INTEGER),
            "identity": ANYTHING,
        },
        name_pattern=r"[A-Za-z][0-9A-Za-z-]{4,48}[0-9A-Za-z]",
        name_advice="It has 6 to 50 letters, digits and hyphens, begins with a letter and ends with a letter or digit.",
        write=LongRunning(figure="event_hub.create", poll=Poll.BODY, state="Creating", update_state="Updating"),
        delete=LongRunning(
            figure="resource.delete",
            poll=Poll.LOCATION,
            status=202,
            body="none",
            results="/subscriptions/{subscription}/providers/Microsoft.EventHub/locations/{location}/operationResults/{operation}",
        ),
        system_data=True,
        delete_rank=56,
        prepare=_prepare_namespace,
        finished=_finished_namespace,
        invalid_code="BadRequest",
    ),
    ResourceType(
        name=HUB,
        api_versions=api_versions.EVENT_HUB,
        properties={
            "partitionCount": Field("integer", default=4, minimum=1, maximum=32, immutable=True),
            "messageRetentionInDays": Field("integer", default=7, minimum=1, maximum=90),
            "retentionDescription": ANYTHING,
            "captureDescription": ANYTHING,
            "messageTimestampDescription": ANYTHING,
            "userMetadata": STRING,
            "status": STRING,
            "createdAt": READ_ONLY,
            "updatedAt": READ_ONLY,
            "partitionIds": READ_ONLY,
        },
        envelope={"location": READ_ONLY},
        tracked=False,
        created_status=200,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=54,
        prepare=_prepare_hub,
        invalid_code="BadRequest",
    ),
    _rule_type(RULE, 53),
    _rule_type(HUB_RULE, 52),
)

_NAMESPACE_PATH = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.EventHub/namespaces/{namespace}"
)
_PATHS = (
    f"{_NAMESPACE_PATH}/authorizationRules/{{rule}}",
    f"{_NAMESPACE_PATH}/eventhubs/{{hub}}/authorizationRules/{{rule}}",
)
ROUTES = tuple(
    ArmRoute("POST", f"{path}/listKeys", _list_keys, api_versions.EVENT_HUB, f"{name}/listKeys/action", path)
    for path, name in zip(_PATHS, (RULE, HUB_RULE), strict=True)
)
