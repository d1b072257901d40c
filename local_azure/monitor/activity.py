"""The activity log: what was done to resources by way of ARM, who did it, and whether it was done.

Shapes: "Activity Logs - List" of the Azure Monitor REST reference and "Azure activity log event schema", category
Administrative. An event is written when ARM has answered; what a deletion of a group takes along has none of its own.
"""

from __future__ import annotations

import time
import uuid

from local_azure.arm import ids
from local_azure.arm.authentication import Caller
from local_azure.core.clock import iso
from local_azure.core.http import JsonObject, Request
from local_azure.core.world import TENANT_ID, World

EVENTS = "monitor.activity"
"""Collection: events in the order in which they happened."""
_GROUP_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"
_VERBS = {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
_REFUSED = 400
_ACCEPTED = 202


def note(world: World, caller: Caller, request: Request, status: int) -> None:
    """Writes the event of a request that changes something, or was to."""
    if request.method not in _VERBS:
        return
    operation, resource_id = _operation(request)
    key = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
    world.store.put(EVENTS, key, _event(world, caller, request, operation, resource_id, status))


def events(world: World) -> list[JsonObject]:
    """Every event, oldest first."""
    return [event for _, event in world.store.scan(EVENTS)]


def _operation(request: Request) -> tuple[str, str]:
    """``Microsoft.KeyVault/managedHSMs/write``, and what it was done to."""
    parsed, verb = ids.parse(request.path), _VERBS[request.method]
    if parsed is None:
        return f"{_GROUP_TYPE}/{verb}", request.path
    target = str(parsed)
    if verb == "action" and parsed.is_collection:
        target = target.rpartition("/")[0]
    return f"{parsed.type}/{verb}", target


def _event(world: World, caller: Caller, request: Request, operation: str, resource_id: str, status: int) -> JsonObject:
    now = iso(world.clock.now())
    event_id = str(uuid.uuid4())
    outcome = "Failed" if status >= _REFUSED else "Accepted" if status == _ACCEPTED else "Succeeded"
    subscription = ids.subscription_of(resource_id) or ""
    provider = operation.partition("/")[0]
    return {
        "id": f"{resource_id}/events/{event_id}/ticks/{time.time_ns() // 100}",
        "eventDataId": event_id,
        "eventTimestamp": now,
        "submissionTimestamp": now,
        "caller": caller.name,
        "claims": {"http://schemas.microsoft.com/identity/claims/objectidentifier": caller.object_id},
        "category": _named("Administrative"),
        "operationName": _named(operation),
        "resourceId": resource_id,
        "resourceGroupName": ids.group_of(resource_id) or "",
        "resourceProviderName": _named(provider),
        "resourceType": _named(operation.rpartition("/")[0]),
        "status": _named(outcome),
        "subStatus": _named(str(status)),
        "level": "Error" if outcome == "Failed" else "Informational",
        "correlationId": request.headers.get("x-ms-correlation-request-id", event_id),
        "operationId": event_id,
        "httpRequest": {"clientIpAddress": request.origin.public_address or "", "method": request.method},
        "subscriptionId": subscription,
        "tenantId": TENANT_ID,
        "properties": {"statusCode": str(status), "eventCategory": "Administrative"},
    }


def _named(value: str) -> JsonObject:
    return {"value": value, "localizedValue": value}
