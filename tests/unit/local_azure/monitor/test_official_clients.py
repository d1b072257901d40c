"""The unmodified azure-mgmt-monitor, azure-monitor-query and azure-storage-blob against the daemon (W1.2)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys._shared import HttpChallengeCache
from azure.mgmt.monitor import MonitorManagementClient
from azure.monitor.query import LogsQueryClient, LogsQueryResult
from azure.storage.blob import ContainerClient

from local_azure.core.world import SUBSCRIPTION_ID
from tests.by_hand import ByHand
from tests.support import Azure
from tests.unit.local_azure.monitor.daemon import URI, activate, let_read_blobs, log_to, make
from tests.unit.local_azure.monitor.support import POOL, WORKSPACE

pytestmark = pytest.mark.daemon
PLACES = ("storage", "eventHub", "workspace")
CONTAINER = "https://contosohsmlogs.blob.core.windows.net/insights-logs-auditevent"


@pytest.fixture
def hand(azure: Azure) -> ByHand:
    """A pool, not activated, and the three places for its log."""
    return make(azure)


@pytest.fixture
def monitor(hand: ByHand) -> MonitorManagementClient:
    """The management client of Azure Monitor, as the deployer."""
    assert hand
    return MonitorManagementClient(EnvironmentCredential(), SUBSCRIPTION_ID)


def test_the_clients_of_blobs_and_of_queries_read_the_activation(azure: Azure, hand: ByHand) -> None:
    log_to(hand, *PLACES)
    activate(hand)
    assert stored_operations(hand)[0] == "SecurityDomainBackup"
    assert queried_operations(hand)[0] == "SecurityDomainBackup"
    (first, *_) = azure.control.messages("contosohsm", "audit")
    assert first["records"][0]["operationName"] == "SecurityDomainBackup"


def stored_operations(hand: ByHand) -> list[str]:
    """By the client of blobs, which needs a role for what is in the account."""
    let_read_blobs(hand)
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
    log_to(hand, *PLACES)
    activate(hand)
    # Whoever was challenged at this address before, in this process, would know the answer already.
    HttpChallengeCache.clear()
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
