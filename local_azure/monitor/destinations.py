"""Where a resource's diagnostic settings send what it logs, and what arrives there.

Layout in a storage account: "Azure resource logs, send to Azure Storage": a container a category, an append blob an
hour, a line a record ("Prepare for format change to Azure Monitor platform logs archived to a storage account").
An event hub gets ``{"records": [...]}``, a workspace a row. On Azure all of it takes minutes; here it is there at once.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from local_azure.arm.resources import Resources, Stored
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.storage import blobs

SETTINGS = "Microsoft.Insights/diagnosticSettings"
MESSAGES, ROWS, _ON_THE_WAY = "monitor.messages", "monitor.rows", "monitor.on_the_way"
"""Collections: what event hubs hold, by ``<namespace>/<hub>/…``; what workspaces hold, by ``<customer id>/…``; lines
that have not been put into their blobs yet."""
METRICS = "AllMetrics"
_GROUPS = {"AuditEvent": ("audit", "allLogs")}
_LAYOUT = {"AuditEvent": "insights-logs-auditevent", METRICS: "insights-metrics-pt1m"}
_log = logging.getLogger(__name__)


def settings_of(world: World, resource_id: str) -> list[Stored]:
    """The diagnostic settings of the resource, not those of what lies in it."""
    depth = resource_id.count("/") + SETTINGS.count("/") + 3
    return [each for each in Resources(world).of_type(SETTINGS, resource_id) if each.id.count("/") == depth]


def sending(settings: list[Stored], category: str) -> list[Stored]:
    """Those that send this category anywhere."""
    return [each for each in settings if category in _enabled(each)]


def deliver(world: World, settings: list[Stored], category: str, record: JsonObject, moment: datetime) -> None:
    """Writes the record wherever the settings say. A destination that is gone or shut takes nothing."""
    for setting in settings:
        properties = setting.properties
        if account := properties.get("storageAccountId"):
            _to_storage(world, account, category, record, moment)
        if rule := properties.get("eventHubAuthorizationRuleId"):
            _to_event_hub(world, rule, properties.get("eventHubName") or _LAYOUT[category], record)
        if workspace := properties.get("workspaceId"):
            dedicated = properties.get("logAnalyticsDestinationType") == "Dedicated"
            _to_workspace(world, workspace, category, record, dedicated=dedicated)


def messages(world: World, namespace: str, hub: str) -> list[JsonObject]:
    """What an event hub was sent, oldest first."""
    return [message for _, message in world.store.scan(MESSAGES, f"{namespace.lower()}/{hub.lower()}/")]


def blob_name(resource_id: str, moment: datetime) -> str:
    """The blob that a record of that moment goes to."""
    return f"resourceId={resource_id.upper()}/y={moment:%Y}/m={moment:%m}/d={moment:%d}/h={moment:%H}/m=00/PT1H.json"


def settle(world: World) -> None:
    """Puts what is on its way into its blobs: before anybody looks into a storage account, and while there is one.

    A blob is written once for many lines, as Azure does it too, not with every request to a pool.
    """
    waiting = world.store.scan(_ON_THE_WAY)
    if not waiting:
        return
    with world.store.transaction():
        for place, lines in groupby(world.store.scan(_ON_THE_WAY), lambda each: each[0].rsplit("|", 1)[0]):
            account, container, name = place.split("|")
            content = "".join(line["text"] + "\r\n" for _, line in lines).encode()
            try:
                blobs.append_blob(world, account, container, name, content)
            except ServiceError as error:
                _log.warning("a log is not written to %s: %s", account, error.code)
        world.store.delete_prefix(_ON_THE_WAY, "")


def _to_storage(world: World, account_id: str, category: str, record: JsonObject, moment: datetime) -> None:
    name = blob_name(str(record["resourceId"]), moment)
    place = "|".join((account_id.rsplit("/", 1)[-1], _LAYOUT[category], name, _sequence()))
    world.store.put(_ON_THE_WAY, place, {"text": json.dumps(record, separators=(",", ":"))})


def _to_event_hub(world: World, rule_id: str, hub: str, record: JsonObject) -> None:
    namespace_id = rule_id.rsplit("/", 2)[0]
    resources = Resources(world)
    if resources.find(rule_id) is None:
        _log.warning("a log is not sent to %s: there is no such rule", rule_id)
        return
    namespace = namespace_id.rsplit("/", 1)[-1].lower()
    world.store.put(MESSAGES, f"{namespace}/{hub.lower()}/{_sequence()}", {"records": [record]})


def _to_workspace(world: World, workspace_id: str, category: str, record: JsonObject, *, dedicated: bool) -> None:
    workspace = Resources(world).find(workspace_id)
    if workspace is None:
        _log.warning("a log is not sent to %s: there is no such workspace", workspace_id)
        return
    row = {"category": category, "dedicated": dedicated, "record": record}
    world.store.put(ROWS, f"{workspace.properties['customerId']}/{_sequence()}", row)


def _enabled(setting: Stored) -> set[str]:
    return {category for kind in ("logs", "metrics") for category in _of_kind(setting.properties.get(kind, []))}


def _of_kind(entries: list[JsonObject]) -> Iterator[str]:
    for entry in entries:
        if not entry["enabled"]:
            continue
        if entry.get("category"):
            yield entry["category"]
        for category, groups in _GROUPS.items():
            if entry.get("categoryGroup") in groups:
                yield category


def _sequence() -> str:
    return f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
