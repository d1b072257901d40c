"""Microsoft.Insights: action groups, alerts on the activity log, alerts on what a workspace answers.

API descriptions: actionGroups_API.json, activityLogAlerts_API.json, scheduledQueryRule_API.json. The rules are kept and
checked; :mod:`local_azure.monitor.alerts` says which of them would fire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from local_azure.arm import api_versions, errors, ids
from local_azure.arm.resource_type import Change, ResourceType
from local_azure.arm.schema import ANYTHING, BOOLEAN, READ_ONLY, STRING, STRING_MAP, STRINGS, Field, array, choice, obj
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject
from local_azure.log_analytics import pipeline
from local_azure.log_analytics.tables import tables_of
from local_azure.log_analytics.words import QueryError

ACTION_GROUP = "Microsoft.Insights/actionGroups"
ACTIVITY_ALERT = "Microsoft.Insights/activityLogAlerts"
QUERY_RULE = "Microsoft.Insights/scheduledQueryRules"
_WORKSPACE = "microsoft.operationalinsights/workspaces"
_RECEIVERS = (
    "armRoleReceivers",
    "automationRunbookReceivers",
    "azureAppPushReceivers",
    "azureFunctionReceivers",
    "eventHubReceivers",
    "incidentReceivers",
    "itsmReceivers",
    "logicAppReceivers",
    "smsReceivers",
    "voiceReceivers",
    "webhookReceivers",
)
_LONGEST_SHORT_NAME = 12
_PERIODS = ("PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D")
_FIELDS = (
    "caller",
    "category",
    "claims",
    "level",
    "operationname",
    "resourcegroup",
    "resourceid",
    "resourceprovider",
    "resourcetype",
    "status",
    "subscriptionid",
    "substatus",
)


def _prepare_group(change: Change) -> None:
    properties = change.properties
    if len(properties["groupShortName"]) > _LONGEST_SHORT_NAME:
        raise _refusal(f"The group short name has at most {_LONGEST_SHORT_NAME} characters.")
    names = [str(each.get("name")) for kind in ("emailReceivers", *_RECEIVERS) for each in properties.get(kind, [])]
    if len({name.lower() for name in names}) < len(names):
        raise _refusal("Each receiver of an action group has a name of its own.")
    for receiver in properties.get("emailReceivers", []):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", receiver["emailAddress"]):
            raise _refusal(f"The email address of the receiver '{receiver['name']}' is not valid.")
        receiver["status"] = "Enabled"


def _prepare_activity(change: Change) -> None:
    properties = change.properties
    conditions = properties["condition"]["allOf"]
    if not any(str(each.get("field", "")).lower() == "category" for each in conditions):
        raise _refusal("The condition must name a category: allOf has {'field': 'category', 'equals': …}.")
    for leaf in _leaves(conditions):
        if str(leaf.get("field", "")).lower() not in _FIELDS and not str(leaf.get("field", "")).startswith(
            "properties."
        ):
            raise _refusal(f"The field '{leaf.get('field')}' is none of an activity log event.")
        if ("equals" in leaf) == ("containsAny" in leaf):
            raise _refusal("A condition has either 'equals' or 'containsAny'.")
    if len({str(ids.subscription_of(scope)).lower() for scope in properties["scopes"]}) != 1:
        raise _refusal("All scopes lie in one subscription.")
    _require_groups(change, [each["actionGroupId"] for each in properties["actions"].get("actionGroups", [])])


def _leaves(conditions: list[JsonObject]) -> Iterator[JsonObject]:
    for condition in conditions:
        if "anyOf" in condition:
            if set(condition) != {"anyOf"}:
                raise _refusal("A condition has either 'anyOf' or a field.")
            yield from condition["anyOf"]
        else:
            yield condition


def _prepare_rule(change: Change) -> None:
    properties = change.properties
    if len(properties["scopes"]) != 1:
        raise _refusal("A log alert has exactly one scope.")
    workspace = change.arm.find(properties["scopes"][0])
    if workspace is None or ids.type_of(workspace.id).lower() != _WORKSPACE:
        raise _refusal(f"The scope '{properties['scopes'][0]}' is no workspace that exists.")
    for name in ("evaluationFrequency", "windowSize", "severity"):
        if name not in properties:
            raise _refusal(f"A log alert needs '{name}'.")
    if _PERIODS.index(properties["windowSize"]) < _PERIODS.index(properties["evaluationFrequency"]):
        raise _refusal("The window cannot be shorter than the time between two evaluations.")
    for condition in properties["criteria"]["allOf"]:
        periods = condition.get("failingPeriods", {})
        if periods.get("minFailingPeriodsToAlert", 1) > periods.get("numberOfEvaluationPeriods", 1):
            raise _refusal("minFailingPeriodsToAlert cannot be more than numberOfEvaluationPeriods.")
        if not properties["skipQueryValidation"]:
            _validate(change, condition["query"], workspace.properties["customerId"])
    _require_groups(change, properties.get("actions", {}).get("actionGroups", []))


def _validate(change: Change, query: str, customer_id: str) -> None:
    world = change.arm.world
    try:
        pipeline.run(query, tables_of(world, customer_id), world.clock.now())
    except QueryError as error:
        raise _refusal(f"The query failed: {error}") from None


def _require_groups(change: Change, groups: list[str]) -> None:
    for group in groups:
        parsed = ids.parse(group)
        if parsed is None or parsed.type.lower() != ACTION_GROUP.lower() or change.arm.find(group) is None:
            raise _refusal(f"The action group '{group}' was not found.")


def _refusal(message: str) -> ServiceError:
    return errors.bad_request("BadRequest", message)


_NAME = r"[^:@/#{}%&+*<>?|]{1,260}"
_NUMBER = Field("any")
TYPES = (
    ResourceType(
        name=ACTION_GROUP,
        api_versions=api_versions.ACTION_GROUPS,
        properties={
            "groupShortName": Field(required=True),
            "enabled": Field("boolean", required=True),
            "emailReceivers": array(
                obj(
                    name=Field(required=True),
                    emailAddress=Field(required=True),
                    useCommonAlertSchema=BOOLEAN,
                    status=READ_ONLY,
                ),
                default=[],
            ),
            **{receivers: array(ANYTHING, default=[]) for receivers in _RECEIVERS},
        },
        envelope={"identity": ANYTHING},
        location="global",
        name_pattern=_NAME,
        has_state=False,
        delete_rank=12,
        prepare=_prepare_group,
        invalid_code="BadRequest",
    ),
    ResourceType(
        name=ACTIVITY_ALERT,
        api_versions=api_versions.ACTIVITY_ALERTS,
        properties={
            "scopes": array(STRING, required=True),
            "condition": obj(
                required=True,
                allOf=array(
                    obj(
                        field=STRING,
                        equals=STRING,
                        containsAny=STRINGS,
                        anyOf=array(obj(field=STRING, equals=STRING, containsAny=STRINGS)),
                    ),
                    required=True,
                ),
            ),
            "actions": obj(
                required=True,
                actionGroups=array(obj(actionGroupId=Field(required=True), webhookProperties=STRING_MAP), default=[]),
            ),
            "enabled": Field("boolean", default=True),
            "description": STRING,
        },
        location="global",
        name_pattern=_NAME,
        has_state=False,
        delete_rank=11,
        prepare=_prepare_activity,
        invalid_code="BadRequest",
    ),
    ResourceType(
        name=QUERY_RULE,
        api_versions=api_versions.QUERY_RULES,
        properties={
            "description": STRING,
            "displayName": STRING,
            "severity": Field("integer", minimum=0, maximum=4),
            "enabled": Field("boolean", default=True),
            "scopes": array(STRING, required=True),
            "evaluationFrequency": choice(*_PERIODS),
            "windowSize": choice(*_PERIODS),
            "overrideQueryTimeRange": STRING,
            "muteActionsDuration": STRING,
            "targetResourceTypes": STRINGS,
            "autoMitigate": Field("boolean", default=True),
            "checkWorkspaceAlertsStorageConfigured": Field("boolean", default=False),
            "skipQueryValidation": Field("boolean", default=False),
            "resolveConfiguration": ANYTHING,
            "criteria": obj(
                required=True,
                allOf=array(
                    obj(
                        criterionType=STRING,
                        query=Field(required=True),
                        timeAggregation=choice("Count", "Average", "Minimum", "Maximum", "Total", required=True),
                        metricMeasureColumn=STRING,
                        resourceIdColumn=STRING,
                        dimensions=array(ANYTHING),
                        operator=choice(
                            "Equals",
                            "GreaterThan",
                            "GreaterThanOrEqual",
                            "LessThan",
                            "LessThanOrEqual",
                            required=True,
                        ),
                        threshold=_NUMBER,
                        failingPeriods=obj(
                            minFailingPeriodsToAlert=Field("integer", minimum=1, maximum=6),
                            numberOfEvaluationPeriods=Field("integer", minimum=1, maximum=6),
                        ),
                    ),
                    required=True,
                ),
            ),
            "actions": obj(actionGroups=STRINGS, customProperties=STRING_MAP, actionProperties=STRING_MAP),
            "createdWithApiVersion": READ_ONLY,
            "isLegacyLogAnalyticsRule": READ_ONLY,
            "isWorkspaceAlertsStorageConfigured": READ_ONLY,
        },
        envelope={"kind": choice("LogAlert", default="LogAlert"), "identity": ANYTHING},
        name_pattern=_NAME,
        has_state=False,
        system_data=True,
        delete_rank=11,
        prepare=_prepare_rule,
        invalid_code="BadRequest",
    ),
)
