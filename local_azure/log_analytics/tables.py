"""The tables of a workspace: rows made of the records that diagnostic settings sent to it.

``AzureDiagnostics`` is what a setting fills that says nothing else: a column for each property, its type at the end of
its name (``_s``, ``_d``, ``_b``, ``_g``), as in "Azure Monitor Logs reference, AzureDiagnostics" and the queries of
"Monitor Azure Managed HSM". ``AZKVAuditLogs`` is what one fills whose ``logAnalyticsDestinationType`` is Dedicated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from local_azure.arm import ids
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.log_analytics.expressions import Row
from local_azure.log_analytics.pipeline import Table
from local_azure.monitor.destinations import ROWS

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BASE = {
    "time": "TimeGenerated",
    "operationName": "OperationName",
    "operationVersion": "OperationVersion",
    "category": "Category",
    "resultType": "ResultType",
    "resultSignature": "ResultSignature",
    "resultDescription": "ResultDescription",
    "durationMs": "DurationMs",
    "callerIpAddress": "CallerIPAddress",
    "correlationId": "CorrelationId",
    "resourceId": "ResourceId",
}
"""Columns that are the same for every resource, by the record's fields."""
_COMPUTED = (
    "_ResourceId",
    "Resource",
    "ResourceGroup",
    "ResourceProvider",
    "ResourceType",
    "SubscriptionId",
    "TenantId",
)
_NOT_COLUMNS = ("TenantId", "resource", "resourceGroup", "resourceProvider", "resourceType", "properties", "identity")
_DEDICATED = (
    "TimeGenerated",
    "OperationName",
    "OperationVersion",
    "ResultType",
    "ResultSignature",
    "ResultDescription",
    "DurationMs",
    "CallerIpAddress",
    "CorrelationId",
    "HttpStatusCode",
    "RequestUri",
    "ClientInfo",
    "Id",
    "Identity",
    "Properties",
    "_ResourceId",
    "TenantId",
    "Type",
)
_METRICS = ("TimeGenerated", "MetricName", "Total", "Count", "Minimum", "Maximum", "Average", "TimeGrain", "ResourceId")


def tables_of(world: World, customer_id: str) -> dict[str, Callable[[], Table]]:
    """The tables of a workspace, by name, each made when it is asked for."""
    return {
        "AzureDiagnostics": partial(_table, world, customer_id, False, _diagnostics_row, (*_BASE.values(), *_COMPUTED)),
        "AZKVAuditLogs": partial(_table, world, customer_id, True, _dedicated_row, _DEDICATED),
        "AzureMetrics": partial(_metrics, world, customer_id),
    }


def _table(
    world: World, customer_id: str, dedicated: bool, row_of: Callable[[JsonObject, str], Row], columns: tuple[str, ...]
) -> Table:
    kept = [document for _, document in world.store.scan(ROWS, f"{customer_id}/")]
    rows = [
        row_of(each["record"], customer_id)
        for each in kept
        if each["category"] != "AllMetrics" and each["dedicated"] == dedicated
    ]
    seen = dict.fromkeys([*columns, *(column for row in rows for column in row)])
    return Table(tuple(seen), rows)


def _metrics(world: World, customer_id: str) -> Table:
    kept = [document["record"] for _, document in world.store.scan(ROWS, f"{customer_id}/")]
    rows = [
        {
            "TimeGenerated": datetime.fromisoformat(each["time"]),
            **{column: each[column[0].lower() + column[1:]] for column in _METRICS[1:]},
        }
        for each in kept
        if "metricName" in each
    ]
    return Table(_METRICS, rows)


def _diagnostics_row(record: JsonObject, customer_id: str) -> Row:
    row: dict[str, Any] = {column: record.get(field) for field, column in _BASE.items()}
    row["TimeGenerated"] = datetime.fromisoformat(record["time"])
    row["DurationMs"] = int(record["durationMs"])
    row |= _computed(record, customer_id)
    rest = {name: value for name, value in record.items() if name not in _BASE and name not in _NOT_COLUMNS}
    row |= _flat({**rest, **record.get("properties", {}), "identity": _identity(record)})
    return row


def _dedicated_row(record: JsonObject, customer_id: str) -> Row:
    properties = record.get("properties", {})
    row: dict[str, Any] = {column: record.get(field) for field, column in _BASE.items()}
    del row["ResourceId"], row["CallerIPAddress"], row["Category"]
    return {
        **row,
        "TimeGenerated": datetime.fromisoformat(record["time"]),
        "DurationMs": int(record["durationMs"]),
        "CallerIpAddress": record["callerIpAddress"],
        "HttpStatusCode": record.get("httpStatusCode", properties.get("httpStatusCode")),
        "RequestUri": record.get("requestUri", properties.get("requestUri")),
        "ClientInfo": record.get("clientInfo", properties.get("clientInfo")),
        "Id": properties.get("id"),
        "Identity": _identity(record),
        "Properties": properties,
        "_ResourceId": record["resourceId"].lower(),
        "TenantId": customer_id,
        "Type": "AZKVAuditLogs",
    }


def _computed(record: JsonObject, customer_id: str) -> JsonObject:
    parsed = ids.parse(record["resourceId"])
    return {
        "_ResourceId": record["resourceId"].lower(),
        "Resource": parsed.name if parsed else "",
        "ResourceGroup": parsed.group if parsed else "",
        "ResourceProvider": parsed.namespace if parsed else "",
        "ResourceType": parsed.types[-1] if parsed else "",
        "SubscriptionId": (parsed.subscription or "").lower() if parsed else "",
        "TenantId": customer_id,
    }


def _identity(record: JsonObject) -> JsonObject:
    identity = record.get("identity") or {}
    found: JsonObject = json.loads(identity) if isinstance(identity, str) else identity
    return found


def _flat(value: Mapping[str, Any], prefix: str = "") -> JsonObject:
    """``{"a": {"b": 1}}`` as ``a_b_d``: what is no letter, digit or underscore becomes an underscore."""
    row: JsonObject = {}
    for name, item in value.items():
        column = prefix + re.sub(r"\W", "_", name.removeprefix("http://"))
        column = f"{prefix}http_{column[len(prefix) :]}" if name.startswith("http://") else column
        if isinstance(item, dict):
            row |= _flat(item, f"{column}_")
        elif item is not None:
            row[f"{column}_{_suffix(item)}"] = item
    return row


def _suffix(value: object) -> str:
    if isinstance(value, bool):
        return "b"
    if isinstance(value, int | float):
        return "d"
    return "g" if isinstance(value, str) and _GUID.fullmatch(value) else "s"
