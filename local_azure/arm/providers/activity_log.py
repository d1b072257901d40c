"""Microsoft.Insights/eventtypes/management/values: the activity log, as clients read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from local_azure.arm import api_versions, errors, lists
from local_azure.arm.resource_type import ArmRequest, ArmRoute
from local_azure.core.http import JsonObject, Response
from local_azure.monitor import activity

_TIME = re.compile(r"eventTimestamp\s+(ge|le)\s+'?([0-9T:.+Z-]+)'?", re.IGNORECASE)
_EQUALS = re.compile(r"(\w+)\s+eq\s+'([^']*)'", re.IGNORECASE)
_FIELDS: Mapping[str, Callable[[JsonObject], str]] = {
    "resourcegroupname": lambda event: event["resourceGroupName"],
    "resourceuri": lambda event: event["resourceId"],
    "resourceid": lambda event: event["resourceId"],
    "resourceprovider": lambda event: event["resourceProviderName"]["value"],
    "correlationid": lambda event: event["correlationId"],
    "caller": lambda event: event["caller"],
    "status": lambda event: event["status"]["value"],
    "eventchannels": lambda _: "Admin, Operation",
}


def _list(arm_request: ArmRequest) -> Response:
    """Latest first; the filter must name the time from which on."""
    expression = arm_request.request.query.get("$filter", "")
    bounds = {word.lower(): _moment(text) for word, text in _TIME.findall(expression)}
    if "ge" not in bounds:
        raise errors.bad_request("BadRequest", "The $filter must hold an eventTimestamp ge condition.")
    wanted = _EQUALS.findall(expression)
    for name, _ in wanted:
        if name.lower() not in _FIELDS:
            raise errors.bad_request("BadRequest", f"The property '{name}' cannot be filtered by.")
    found = [
        event
        for event in activity.events(arm_request.arm.world)
        if _within(event, bounds)
        and all(_FIELDS[name.lower()](event).lower() == value.lower() for name, value in wanted)
    ]
    return lists.page(arm_request.request, found[::-1])


def _within(event: JsonObject, bounds: dict[str, datetime]) -> bool:
    moment = datetime.fromisoformat(event["eventTimestamp"])
    return bounds["ge"] <= moment and ("le" not in bounds or moment <= bounds["le"])


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise errors.bad_request("BadRequest", f"'{text}' is no point in time.") from None
    if found.tzinfo is None:
        found = datetime.fromisoformat(f"{text}+00:00")
    return found


_SUBSCRIPTION = "/subscriptions/{subscription}"
ROUTES = (
    ArmRoute(
        "GET",
        f"{_SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values",
        _list,
        api_versions.ACTIVITY_LOG,
        "Microsoft.Insights/eventtypes/values/read",
        _SUBSCRIPTION,
    ),
)
