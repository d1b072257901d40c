"""Platform metrics of pools and vaults: a record for each minute that has passed, wherever the settings send it.

Names: "Supported metrics for microsoft.keyvault/managedhsms" and of vaults. Shape: "Azure Monitor platform metrics,
export to a storage account", container ``insights-metrics-pt1m``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from local_azure.core.clock import iso
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.monitor import destinations

_COUNTED = "monitor.metrics"
"""Collection: what a minute has seen so far, by ``<minute>|<resource id>``."""
_SECONDS = 60
_SERVER_ERROR = 500


def count(world: World, resource_id: str, status: int, milliseconds: int) -> None:
    """Counts one request."""
    key = f"{_minute(world):012d}|{resource_id}"
    with world.store.transaction():
        seen = world.store.get(_COUNTED, key) or {
            "count": 0,
            "total": 0,
            "minimum": milliseconds,
            "maximum": milliseconds,
            "failed": 0,
        }
        changed = {
            "count": seen["count"] + 1,
            "total": seen["total"] + milliseconds,
            "minimum": min(seen["minimum"], milliseconds),
            "maximum": max(seen["maximum"], milliseconds),
            "failed": seen["failed"] + (status >= _SERVER_ERROR),
        }
        world.store.put(_COUNTED, key, changed)


def settle(world: World) -> None:
    """Sends the records of the minutes that are over."""
    now = _minute(world)
    for key, seen in world.store.scan(_COUNTED):
        minute, _, resource_id = key.partition("|")
        if int(minute) < now:
            moment = datetime.fromtimestamp(int(minute) * _SECONDS, UTC)
            settings = destinations.sending(destinations.settings_of(world, resource_id), destinations.METRICS)
            for record in _records(resource_id, moment, seen):
                destinations.deliver(world, settings, destinations.METRICS, record, moment)
            world.store.delete(_COUNTED, key)


def _records(resource_id: str, moment: datetime, seen: JsonObject) -> list[JsonObject]:
    made = partial(_record, resource_id, moment)
    count, share = seen["count"], 100.0 * (seen["count"] - seen["failed"]) / seen["count"]
    return [
        made("ServiceApiHit", count, count, 1, 1),
        made("ServiceApiLatency", count, seen["total"], seen["minimum"], seen["maximum"]),
        made("Availability", 1, share, share, share),
    ]


def _record(
    resource_id: str, moment: datetime, name: str, count: int, total: float, minimum: float, maximum: float
) -> JsonObject:
    return {
        "count": count,
        "total": total,
        "minimum": minimum,
        "maximum": maximum,
        "average": total / count,
        "resourceId": resource_id.upper(),
        "time": iso(moment),
        "metricName": name,
        "timeGrain": "PT1M",
    }


def _minute(world: World) -> int:
    return int(world.clock.timestamp()) // _SECONDS
