from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from local_azure.monitor.alerts import fired
from tests.unit.local_azure.monitor.support import GROUP, POOL, RULE, SETTINGS, WORKSPACE, Answer, Cloud

INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
ACTION_GROUP = f"{INSIGHTS}/actionGroups/security"
GROUPS, ACTIVITY, QUERIES = "2023-01-01", "2020-10-01", "2023-12-01"
QUERY = 'AzureDiagnostics | where requestUri_s contains "/securitydomain/download" and httpStatusCode_d == 202'


def make_group(cloud: Cloud, **properties: Any) -> Answer:
    receivers = [{"name": "ops", "emailAddress": "ops@contoso.com", "useCommonAlertSchema": True}]
    body = {"groupShortName": "security", "enabled": True, "emailReceivers": receivers, **properties}
    return cloud.arm("PUT", ACTION_GROUP, GROUPS, {"location": "Global", "properties": body})


def make_rule(cloud: Cloud, query: str = QUERY, **properties: Any) -> Answer:
    condition = {
        "query": query,
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    body = {
        "severity": 1,
        "scopes": [WORKSPACE],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT10M",
        "skipQueryValidation": True,
        "criteria": {"allOf": [condition]},
        "actions": {"actionGroups": [ACTION_GROUP]},
        **properties,
    }
    path = f"{INSIGHTS}/scheduledQueryRules/downloaded"
    return cloud.arm("PUT", path, QUERIES, {"location": "eastus2", "properties": body})


def make_activity_alert(cloud: Cloud, *conditions: dict[str, Any], **properties: Any) -> Answer:
    body = {
        "scopes": [GROUP.split("/resourceGroups/")[0]],
        "condition": {"allOf": list(conditions)},
        "actions": {"actionGroups": [{"actionGroupId": ACTION_GROUP}]},
        **properties,
    }
    path = f"{INSIGHTS}/activityLogAlerts/deleted"
    return cloud.arm("PUT", path, ACTIVITY, {"location": "Global", "properties": body})


ADMINISTRATIVE = {"field": "category", "equals": "Administrative"}
DELETED = {"field": "operationName", "equals": "Microsoft.KeyVault/managedHSMs/delete"}


def test_a_rule_on_the_log_fires_once_what_it_looks_for_is_there(cloud: Cloud) -> None:
    cloud.log_to(workspaceId=WORKSPACE)
    assert make_group(cloud).status == 201
    assert make_rule(cloud).status == 201
    assert fired(cloud.world) == []
    cloud.activate()
    assert fired(cloud.world) == [{"rule": "downloaded", "events": 1, "actionGroups": [ACTION_GROUP]}]


def test_a_rule_looks_back_no_further_than_its_window(cloud: Cloud) -> None:
    cloud.log_to(workspaceId=WORKSPACE)
    make_group(cloud)
    make_rule(cloud)
    cloud.activate()
    cloud.world.clock.move(timedelta(minutes=11))
    assert fired(cloud.world) == []


def test_a_rule_that_is_switched_off_is_silent(cloud: Cloud) -> None:
    cloud.log_to(workspaceId=WORKSPACE)
    make_group(cloud)
    make_rule(cloud, enabled=False)
    cloud.activate()
    assert fired(cloud.world) == []


def test_an_alert_on_the_activity_log_fires_when_the_pool_is_deleted(cloud: Cloud) -> None:
    make_group(cloud)
    assert make_activity_alert(cloud, ADMINISTRATIVE, {"anyOf": [DELETED]}).status == 201
    assert fired(cloud.world) == []
    assert cloud.arm("DELETE", POOL, "2024-11-01").status in (200, 202)
    assert [(each["rule"], each["events"]) for each in fired(cloud.world)] == [("deleted", 1)]


def test_the_activity_log_says_who_wrote_what_and_what_was_refused(cloud: Cloud) -> None:
    cloud.arm("PUT", POOL, "2024-11-01", {"location": "westus"})
    path = f"{GROUP.split('/resourceGroups/')[0]}/providers/Microsoft.Insights/eventtypes/management/values"
    url = f"https://management.azure.com{path}?api-version=2015-04-01&$filter=eventTimestamp ge '2020-01-01T00:00:00Z'"
    found = cloud.ask("GET", url + " and resourceGroupName eq 'ContosoResourceGroup'").body["value"]
    latest = found[0]
    assert latest["operationName"]["value"] == "Microsoft.KeyVault/managedHSMs/write"
    assert (latest["status"]["value"], latest["resourceId"]) == ("Failed", POOL)
    assert latest["httpRequest"] == {"clientIpAddress": "203.0.113.10", "method": "PUT"}
    assert {each["status"]["value"] for each in found} >= {"Accepted", "Succeeded", "Failed"}
    assert cloud.ask("GET", url.partition("&")[0]).status == 400


@pytest.mark.parametrize(
    "properties",
    [
        {"windowSize": "PT1M"},
        {"scopes": [POOL]},
        {"scopes": [WORKSPACE, WORKSPACE]},
        {"severity": 5},
        {"evaluationFrequency": "PT7M"},
        {"actions": {"actionGroups": [ACTION_GROUP + "x"]}},
        {"criteria": {"allOf": [{"timeAggregation": "Count", "operator": "GreaterThan"}]}},
    ],
)
def test_a_rule_that_cannot_work_is_refused(cloud: Cloud, properties: dict[str, Any]) -> None:
    make_group(cloud)
    assert make_rule(cloud, **properties).status == 400


def test_a_query_is_tried_unless_that_is_declined(cloud: Cloud) -> None:
    make_group(cloud)
    refused = make_rule(cloud, "AzureDiagnostics | where NoSuchColumn_s == 1", skipQueryValidation=False)
    assert (refused.status, "NoSuchColumn_s" in refused.body["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    "conditions",
    [
        (DELETED,),
        (ADMINISTRATIVE, {"field": "colour", "equals": "red"}),
        (ADMINISTRATIVE, {"field": "operationName"}),
        (ADMINISTRATIVE, {"field": "operationName", "equals": "x", "anyOf": [DELETED]}),
    ],
)
def test_a_condition_that_no_event_can_meet_is_refused(cloud: Cloud, conditions: tuple[dict[str, Any], ...]) -> None:
    make_group(cloud)
    assert make_activity_alert(cloud, *conditions).status == 400


def test_an_action_group_is_held_to_its_limits(cloud: Cloud) -> None:
    assert make_group(cloud, groupShortName="much too long").status == 400
    twice = [{"name": "ops", "emailAddress": "ops@contoso.com"}] * 2
    assert make_group(cloud, emailReceivers=twice).status == 400
    assert make_group(cloud, emailReceivers=[{"name": "ops", "emailAddress": "nobody"}]).status == 400


def test_a_setting_says_what_its_resource_can_send(cloud: Cloud) -> None:
    path = f"{POOL}/{SETTINGS}Categories"
    found = cloud.arm("GET", path, "2021-05-01-preview").body["value"]
    assert {each["name"]: each["properties"]["categoryType"] for each in found} == {
        "AuditEvent": "Logs",
        "AllMetrics": "Metrics",
    }


def test_a_hub_that_is_not_named_takes_a_rule_that_may_make_one(cloud: Cloud) -> None:
    refused = cloud.log_to(eventHubAuthorizationRuleId=RULE)
    assert (refused.status, "manage|send|listen" in refused.body["error"]["message"]) == (400, True)
    assert cloud.log_to(eventHubAuthorizationRuleId=RULE, eventHubName="audit").status == 200
