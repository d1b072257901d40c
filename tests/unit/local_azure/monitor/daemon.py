"""A pool and places for its log in a running daemon, made by hand."""

from __future__ import annotations

from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import ByHand
from tests.support import Azure
from tests.unit.local_azure.managed_hsm.support import download_body
from tests.unit.local_azure.monitor.support import ACCOUNT, GROUP, NAMESPACE, POOL, RULE, SETTINGS, WORKSPACE

URI = "https://az400popmhsm.managedhsm.azure.net"
_BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
_HERE = {"location": "eastus2"}
_PLACES = {
    "storage": {"storageAccountId": ACCOUNT},
    "eventHub": {"eventHubAuthorizationRuleId": RULE, "eventHubName": "audit"},
    "workspace": {"workspaceId": WORKSPACE},
}


def make(azure: Azure) -> ByHand:
    """A pool, not activated, and the three places for its log."""
    made = ByHand(azure.instance)
    made.arm("PUT", GROUP, "2024-03-01", _HERE)
    pool = {
        "tenantId": TENANT_ID,
        "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
        "softDeleteRetentionInDays": 7,
        "enablePurgeProtection": False,
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
    }
    made.arm("PUT", POOL, "2024-11-01", {**_HERE, "sku": {"family": "B", "name": "Standard_B1"}, "properties": pool})
    made.arm("PUT", ACCOUNT, "2024-01-01", {**_HERE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    made.arm("PUT", WORKSPACE, "2023-09-01", {**_HERE, "properties": {"sku": {"name": "PerGB2018"}}})
    made.arm("PUT", NAMESPACE, "2024-01-01", {**_HERE, "sku": {"name": "Standard"}})
    made.arm("PUT", RULE, "2024-01-01", {"properties": {"rights": ["Send"]}})
    return made


def log_to(hand: ByHand, *places: str) -> None:
    """A diagnostic setting of the pool: ``storage``, ``eventHub``, ``workspace``.

    By hand: the management client has none since version 7, az has (test_azure_cli).
    """
    where: dict[str, object] = {name: value for place in places for name, value in _PLACES[place].items()}
    where["logs"] = [{"category": "AuditEvent", "enabled": True}]
    where["metrics"] = [{"category": "AllMetrics", "enabled": True}]
    hand.arm("PUT", f"{POOL}/{SETTINGS}/audit", "2021-05-01-preview", {"properties": where})


def activate(hand: ByHand) -> None:
    """Downloads the security domain, as the deployer."""
    url, resource = f"{URI}/securitydomain/download", "https://managedhsm.azure.net"
    assert hand.ask("POST", f"{url}?api-version=7.5", resource, download_body()).status_code == 202
    assert hand.ask("GET", f"{url}/pending?api-version=7.5", resource).json()["status"] == "Success"


def let_read_blobs(hand: ByHand) -> None:
    """The role that reading the account takes, to the deployer."""
    definitions = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
    role = {"principalId": DEPLOYER_OBJECT_ID, "roleDefinitionId": f"{definitions}/{_BLOB_READER}"}
    assignment = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/5f0d7c1e-4a3b-4c2d-9e8f-7a6b5c4d3e2f"
    hand.arm("PUT", assignment, "2022-04-01", {"properties": role})
