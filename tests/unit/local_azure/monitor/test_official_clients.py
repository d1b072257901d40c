"""The unmodified azure-mgmt-monitor, azure-monitor-query and azure-storage-blob against the daemon (W1.2)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.keyvault.keys import KeyClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.monitor.query import LogsQueryClient, LogsQueryResult
from azure.storage.blob import ContainerClient

from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import ByHand
from tests.support import Azure
from tests.unit.local_azure.managed_hsm.support import download_body
from tests.unit.local_azure.monitor.support import ACCOUNT, GROUP, NAMESPACE, POOL, RULE, SETTINGS, WORKSPACE

pytestmark = pytest.mark.daemon
URI = "https://az400popmhsm.managedhsm.azure.net"
HERE = {"location": "eastus2"}
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTAINER = "https://contosohsmlogs.blob.core.windows.net/insights-logs-auditevent"


@pytest.fixture
def hand(azure: Azure) -> ByHand:
    """A pool, not activated, and the three places for its log."""
    made = ByHand(azure.instance)
    made.arm("PUT", GROUP, "2024-03-01", HERE)
    pool = {
        "tenantId": TENANT_ID,
        "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
        "softDeleteRetentionInDays": 7,
        "enablePurgeProtection": False,
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
    }
    made.arm("PUT", POOL, "2024-11-01", {**HERE, "sku": {"family": "B", "name": "Standard_B1"}, "properties": pool})
    made.arm("PUT", ACCOUNT, "2024-01-01", {**HERE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    made.arm("PUT", WORKSPACE, "2023-09-01", {**HERE, "properties": {"sku": {"name": "PerGB2018"}}})
    made.arm("PUT", NAMESPACE, "2024-01-01", {**HERE, "sku": {"name": "Standard"}})
    made.arm("PUT", RULE, "2024-01-01", {"properties": {"rights": ["Send"]}})
    return made


@pytest.fixture
def monitor(hand: ByHand) -> MonitorManagementClient:
    """The management client of Azure Monitor, as the deployer."""
    assert hand
    return MonitorManagementClient(EnvironmentCredential(), SUBSCRIPTION_ID)


def log_everywhere(hand: ByHand) -> Any:
    """By hand: the management client has no diagnostic settings since version 7 (az has: test_azure_cli)."""
    where = {
        "storageAccountId": ACCOUNT,
        "eventHubAuthorizationRuleId": RULE,
        "eventHubName": "audit",
        "workspaceId": WORKSPACE,
        "logs": [{"category": "AuditEvent", "enabled": True}],
        "metrics": [{"category": "AllMetrics", "enabled": True}],
    }
    return hand.arm("PUT", f"{POOL}/{SETTINGS}/audit", "2021-05-01-preview", {"properties": where})


def activate(hand: ByHand) -> None:
    url = f"{URI}/securitydomain/download"
    resource = "https://managedhsm.azure.net"
    assert hand.ask("POST", f"{url}?api-version=7.5", resource, download_body()).status_code == 202
    assert hand.ask("GET", f"{url}/pending?api-version=7.5", resource).json()["status"] == "Success"


def test_the_clients_of_blobs_and_of_queries_read_the_activation(azure: Azure, hand: ByHand) -> None:
    log_everywhere(hand)
    activate(hand)
    assert stored_operations(hand)[0] == "SecurityDomainBackup"
    assert queried_operations(hand)[0] == "SecurityDomainBackup"
    (first, *_) = azure.control.messages("contosohsm", "audit")
    assert first["records"][0]["operationName"] == "SecurityDomainBackup"


def stored_operations(hand: ByHand) -> list[str]:
    """By the client of blobs, which needs a role for what is in the account."""
    subscription = f"/subscriptions/{SUBSCRIPTION_ID}"
    role = {
        "principalId": DEPLOYER_OBJECT_ID,
        "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_READER}",
    }
    assignment = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/5f0d7c1e-4a3b-4c2d-9e8f-7a6b5c4d3e2f"
    hand.arm("PUT", assignment, "2022-04-01", {"properties": role})
    with ContainerClient.from_container_url(CONTAINER, EnvironmentCredential()) as container:
        (blob,) = container.list_blobs(name_starts_with=f"resourceId={POOL.upper()}/")
        assert blob.blob_type == "AppendBlob"
        lines = container.download_blob(blob.name).readall().splitlines()
    return [json.loads(line)["operationName"] for line in lines]


def queried_operations(hand: ByHand) -> list[str]:
    customer_id = hand.arm("GET", WORKSPACE, "2023-09-01")["properties"]["customerId"]
    query = (
        'AzureDiagnostics | where ResourceType == "MANAGEDHSMS" | order by TimeGenerated asc | project OperationName'
    )
    with LogsQueryClient(EnvironmentCredential()) as client:
        answer = client.query_workspace(customer_id, query, timespan=timedelta(hours=1))
        assert isinstance(answer, LogsQueryResult)
        with pytest.raises(HttpResponseError, match="invalid properties"):
            client.query_workspace(customer_id, "AzureDiagnostics | where", timespan=None)
        return [str(row["OperationName"]) for row in answer.tables[0].rows]


def test_the_client_of_keys_leaves_its_first_request_without_a_token_in_the_log(hand: ByHand) -> None:
    log_everywhere(hand)
    activate(hand)
    with KeyClient(URI, EnvironmentCredential()) as keys, pytest.raises(HttpResponseError):
        list(keys.list_properties_of_keys())
    assert stored_operations(hand)[-2:] == ["Authentication", "KeyList"]


def test_alerts_and_action_groups_are_made_by_the_management_client(
    azure: Azure, hand: ByHand, monitor: MonitorManagementClient
) -> None:
    receivers = [{"name": "ops", "email_address": "ops@contoso.com", "use_common_alert_schema": True}]
    wanted: Any = {"location": "Global", "group_short_name": "hsm", "enabled": True, "email_receivers": receivers}
    group = monitor.action_groups.create_or_update("ContosoResourceGroup", "security", wanted)
    operation = {"field": "operationName", "equals": "Microsoft.KeyVault/managedHSMs/delete"}
    alert: Any = {
        "location": "Global",
        "scopes": [f"/subscriptions/{SUBSCRIPTION_ID}"],
        "condition": {"all_of": [{"field": "category", "equals": "Administrative"}, operation]},
        "actions": {"action_groups": [{"action_group_id": group.id}]},
    }
    monitor.activity_log_alerts.create_or_update("ContosoResourceGroup", "deleted", alert)
    assert azure.control.alerts() == []
    hand.arm("DELETE", POOL, "2024-11-01")
    (fired,) = azure.control.alerts()
    assert (fired["rule"], fired["actionGroups"]) == ("deleted", [group.id])
    since = "eventTimestamp ge '2020-01-01T00:00:00Z' and resourceGroupName eq 'ContosoResourceGroup'"
    events = list(monitor.activity_logs.list(filter=since))
    assert events[0].operation_name is not None
    assert events[0].operation_name.value == "Microsoft.KeyVault/managedHSMs/delete"
