"""Which alerts would fire: every rule that is kept in ARM, held against what the logs have now.

Azure evaluates rules on the activity log as its events come, and rules on a workspace every few minutes; nobody waits
for that here, and nobody is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from local_azure.arm import ids
from local_azure.arm.providers.alerts import ACTIVITY_ALERT, QUERY_RULE
from local_azure.arm.resources import Resources, Stored
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.log_analytics import pipeline
from local_azure.log_analytics.pipeline import Table
from local_azure.log_analytics.tables import tables_of
from local_azure.log_analytics.words import QueryError
from local_azure.monitor import activity

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda count, threshold: count == threshold,
    "GreaterThan": lambda count, threshold: count > threshold,
    "GreaterThanOrEqual": lambda count, threshold: count >= threshold,
    "LessThan": lambda count, threshold: count < threshold,
    "LessThanOrEqual": lambda count, threshold: count <= threshold,
}


def fired(world: World) -> list[JsonObject]:
    """The rules that fire: name, whom they call, and how many events they see."""
    resources = Resources(world)
    rules = [(rule, _seen_in_activity(world, rule)) for rule in resources.of_type(ACTIVITY_ALERT)]
    rules += [(rule, _seen_in_log(world, rule)) for rule in resources.of_type(QUERY_RULE)]
    return [
        {"rule": rule.name, "events": count, "actionGroups": _called(rule)}
        for rule, count in rules
        if count and rule.properties["enabled"]
    ]


def _seen_in_activity(world: World, rule: Stored) -> int:
    conditions, scopes = rule.properties["condition"]["allOf"], rule.properties["scopes"]
    return sum(
        any(ids.within(event["resourceId"], scope) for scope in scopes)
        and all(_meets(event, condition) for condition in conditions)
        for event in activity.events(world)
    )


def _meets(event: JsonObject, condition: JsonObject) -> bool:
    if "anyOf" in condition:
        return any(_meets(event, leaf) for leaf in condition["anyOf"])
    value = event.get({name.lower(): name for name in event}.get(condition["field"].lower(), ""))
    text = str(value["value"] if isinstance(value, dict) else value).lower()
    if "equals" in condition:
        return text == str(condition["equals"]).lower()
    return any(str(part).lower() in text for part in condition["containsAny"])


def _seen_in_log(world: World, rule: Stored) -> int:
    workspace = Resources(world).find(rule.properties["scopes"][0])
    if workspace is None:
        return 0
    now = world.clock.now()
    since = now - _window(rule.properties["windowSize"])
    made = tables_of(world, workspace.properties["customerId"])
    tables = {name: (lambda make=make: _since(make(), since)) for name, make in made.items()}
    total = 0
    for condition in rule.properties["criteria"]["allOf"]:
        if condition["timeAggregation"] != "Count":
            raise NotPlayed(f"alerts on the {condition['timeAggregation']} of a column")
        try:
            count = len(pipeline.run(condition["query"], tables, now).rows)
        except QueryError:
            # As on Azure, a rule that cannot be evaluated does not fire.
            return 0
        if not _HOLDS[condition["operator"]](count, float(condition.get("threshold", 0))):
            return 0
        total += count
    return total


def _since(table: Table, since: datetime) -> Table:
    return Table(table.columns, [row for row in table.rows if row["TimeGenerated"] >= since])


def _window(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes)


def _called(rule: Stored) -> list[str]:
    groups = rule.properties.get("actions", {}).get("actionGroups", [])
    return [each["actionGroupId"] if isinstance(each, dict) else each for each in groups]
