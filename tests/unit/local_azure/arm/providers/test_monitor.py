"""Diagnostic settings and the places that they send to: storage, event hubs, workspaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.local_azure.arm.support import GROUP, POOL, SUBSCRIPTION, ArmClient

SETTING = f"{POOL}/providers/Microsoft.Insights/diagnosticSettings/audit"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosologs"
HUBS = f"{GROUP}/providers/Microsoft.EventHub/namespaces/contosohubs"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/contosologs"
MONITOR, STORAGE, EVENT_HUB, INSIGHTS = "2021-05-01-preview", "2024-01-01", "2024-01-01", "2023-09-01"
RULE = f"{HUBS}/authorizationRules/RootManageSharedAccessKey"
AUDIT = [{"category": "AuditEvent", "enabled": True}]


def account_body(**more: Any) -> dict[str, Any]:
    return {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}, **more}


@pytest.fixture
def destinations(arm: ArmClient, pool: Any) -> None:
    """A storage account, an event hub namespace and a workspace beside the pool."""
    del pool
    arm.made(ACCOUNT, STORAGE, account_body())
    arm.made(HUBS, EVENT_HUB, {"location": "eastus2", "sku": {"name": "Standard"}})
    arm.made(WORKSPACE, INSIGHTS, {"location": "eastus2", "properties": {"sku": {"name": "PerGB2018"}}})


def test_a_setting_sends_to_all_three_at_once(arm: ArmClient, destinations: None) -> None:
    assert destinations is None
    properties = {
        "storageAccountId": ACCOUNT,
        "eventHubAuthorizationRuleId": RULE,
        "eventHubName": "logs",
        "workspaceId": WORKSPACE,
        "logs": AUDIT,
        "metrics": [{"category": "AllMetrics", "enabled": True}],
    }
    assert arm.put(SETTING, MONITOR, {"properties": properties}).status == 200
    assert arm.get(SETTING, MONITOR).body["properties"] == properties
    listed = arm.get(SETTING.rpartition("/")[0], MONITOR).body["value"]
    assert [each["name"] for each in listed] == ["audit"]
    assert arm.delete(SETTING, MONITOR).status == 200


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"logs": AUDIT}, 400),
        ({"storageAccountId": ACCOUNT}, 400),
        ({"storageAccountId": ACCOUNT + "x", "logs": AUDIT}, 400),
        ({"storageAccountId": WORKSPACE, "logs": AUDIT}, 400),
        ({"storageAccountId": ACCOUNT, "logs": [{"category": "Gossip", "enabled": True}]}, 400),
        ({"storageAccountId": ACCOUNT, "logs": [{"enabled": True}]}, 400),
        ({"storageAccountId": ACCOUNT, "logs": [{"category": "AuditEvent"}]}, 400),
    ],
)
def test_a_setting_that_sends_nothing_or_nowhere_is_refused(
    arm: ArmClient, destinations: None, properties: dict[str, Any], status: int
) -> None:
    assert destinations is None
    assert arm.put(SETTING, MONITOR, {"properties": properties}).status == status


def test_two_settings_do_not_send_the_same_to_the_same_place(arm: ArmClient, destinations: None) -> None:
    assert destinations is None
    body = {"properties": {"storageAccountId": ACCOUNT, "logs": AUDIT}}
    arm.put(SETTING, MONITOR, body)
    assert arm.put(SETTING + "2", MONITOR, body).status == 409


def test_a_storage_account_is_in_the_region_of_what_it_logs(arm: ArmClient, pool: Any) -> None:
    assert pool
    arm.made(ACCOUNT, STORAGE, account_body(location="westus"))
    answer = arm.put(SETTING, MONITOR, {"properties": {"storageAccountId": ACCOUNT, "logs": AUDIT}})
    assert answer.status == 400


def test_a_setting_goes_with_its_pool(arm: ArmClient, destinations: None) -> None:
    assert destinations is None
    arm.put(SETTING, MONITOR, {"properties": {"storageAccountId": ACCOUNT, "logs": AUDIT}})
    arm.gone(POOL, "2024-11-01")
    assert arm.world.store.scan("arm.microsoft.insights/diagnosticsettings") == []


def test_a_setting_of_nothing_is_refused(arm: ArmClient, group: str) -> None:
    assert group
    assert arm.put(SETTING, MONITOR, {"properties": {"logs": AUDIT}}).status == 404


def test_an_account_has_keys_containers_and_a_name_of_its_own(arm: ArmClient, destinations: None) -> None:
    assert destinations is None
    keys = arm.post(f"{ACCOUNT}/listKeys", STORAGE).body["keys"]
    assert [each["keyName"] for each in keys] == ["key1", "key2"]
    container = f"{ACCOUNT}/blobServices/default/containers/backups"
    assert arm.put(container, STORAGE, {"properties": {}}).status == 201
    listed = arm.get(f"{ACCOUNT}/blobServices/default/containers", STORAGE).body["value"]
    assert [each["name"] for each in listed] == ["backups"]
    assert arm.get(container + "x", STORAGE).code == "ContainerNotFound"
    check = f"{SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability"
    assert (
        arm.post(check, STORAGE, {"name": "contosologs", "type": "Microsoft.Storage/storageAccounts"}).body["reason"]
        == "AlreadyExists"
    )
    other = f"{SUBSCRIPTION}/resourceGroups/Other"
    arm.put(other, "2024-03-01", {"location": "westus"})
    path = f"{other}/providers/Microsoft.Storage/storageAccounts/contosologs"
    assert arm.put(path, STORAGE, account_body()).code == "StorageAccountAlreadyTaken"
    assert arm.put(ACCOUNT.replace("contosologs", "Contoso-Logs"), STORAGE, account_body()).code == "AccountNameInvalid"


def test_keys_are_shown_to_those_only_who_may_have_them(arm: ArmClient, destinations: None) -> None:
    assert destinations is None
    keys = arm.post(f"{ACCOUNT}/listKeys", STORAGE).body["keys"]
    assert keys[0]["value"] not in str(arm.get(ACCOUNT, STORAGE).body)
    shared = arm.post(f"{WORKSPACE}/sharedKeys", INSIGHTS).body
    assert shared["primarySharedKey"] not in str(arm.get(WORKSPACE, INSIGHTS).body)


def test_a_namespace_has_hubs_rules_and_connection_strings(arm: ArmClient, destinations: None) -> None:
    assert destinations is None
    assert arm.put(f"{HUBS}/eventhubs/logs", EVENT_HUB, {"properties": {"partitionCount": 2}}).body["properties"][
        "partitionIds"
    ] == ["0", "1"]
    assert arm.put(f"{HUBS}/eventhubs/logs", EVENT_HUB, {"properties": {"partitionCount": 4}}).status == 409
    rule = f"{HUBS}/eventhubs/logs/authorizationRules/send"
    assert arm.put(rule, EVENT_HUB, {"properties": {"rights": ["Manage"]}}).status == 400
    arm.put(rule, EVENT_HUB, {"properties": {"rights": ["Send"]}})
    keys = arm.post(f"{rule}/listKeys", EVENT_HUB).body
    assert keys["primaryConnectionString"].endswith(";EntityPath=logs")
    assert arm.post(f"{RULE}/listKeys", EVENT_HUB).body["keyName"] == "RootManageSharedAccessKey"
