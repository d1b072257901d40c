"""A pool and a vault with places for their logs, all in this process, reached by anybody in the directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from local_azure.core.http import OUTSIDE, Origin, Request
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID, World
from local_azure.entra import directory, tokens
from local_azure.monitor import arrival
from local_azure.monitor.destinations import MESSAGES, ROWS
from local_azure.server.dispatch import Dispatcher
from local_azure.services import all_services
from local_azure.storage import blobs
from tests.unit.local_azure.managed_hsm.support import download_body

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoResourceGroup"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contosomivault"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosohsmlogs"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/contosohsm"
NAMESPACE = f"{GROUP}/providers/Microsoft.EventHub/namespaces/contosohsm"
RULE = f"{NAMESPACE}/authorizationRules/diagnostics"
POOL_HOST, VAULT_HOST = "az400popmhsm.managedhsm.azure.net", "contosomivault.vault.azure.net"
SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"
_RESOURCES = {
    POOL_HOST: "https://managedhsm.azure.net",
    VAULT_HOST: "https://vault.azure.net",
    "management.azure.com": "https://management.azure.com/",
    "api.loganalytics.io": "https://api.loganalytics.io",
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Cloud:
    """Somebody who asks services of one world."""

    world: World
    object_id: str = directory.DEPLOYER_OBJECT_ID
    origin: Origin = OUTSIDE

    def ask(self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request with this caller's token, unless ``headers`` say otherwise."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if headers is None:
            principal = directory.principal(self.world, self.object_id)
            assert principal is not None
            headers = {"authorization": f"Bearer {tokens.issue(self.world, principal, _RESOURCES[host])}"}
        content = b"" if body is None else json.dumps(body).encode()
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(method, host, unquote(parts.path), query, {"host": host, **headers}, content, self.origin)
        response = Dispatcher(self.world, all_services(self.world)).handle(request)
        return Answer(
            response.status, response.headers, json.loads(response.body) if response.body[:1] == b"{" else None
        )

    def arm(self, method: str, resource_id: str, version: str, body: object = None) -> Answer:
        """One request to ARM."""
        return self.ask(method, f"https://management.azure.com{resource_id}?api-version={version}", body)

    def pool(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """One request to the pool."""
        return self.ask(method, f"https://{POOL_HOST}{path}?api-version=7.5", body, **more)

    def vault(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """One request to the vault."""
        return self.ask(method, f"https://{VAULT_HOST}{path}?api-version=7.4", body, **more)

    def make(self) -> None:
        """The group, the pool, not activated, and the three places for logs."""
        assert self.arm("PUT", GROUP, "2024-03-01", {"location": "eastus2"}).status in (200, 201)
        pool = {
            "tenantId": TENANT_ID,
            "initialAdminObjectIds": [directory.DEPLOYER_OBJECT_ID],
            "softDeleteRetentionInDays": 7,
            "enablePurgeProtection": False,
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
        }
        sku = {"family": "B", "name": "Standard_B1"}
        body = {"location": "eastus2", "sku": sku, "properties": pool}
        assert self.arm("PUT", POOL, "2024-11-01", body).status in (200, 201, 202)
        account = {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        assert self.arm("PUT", ACCOUNT, "2024-01-01", account).status in (200, 202)
        workspace = {"location": "eastus2", "properties": {"sku": {"name": "PerGB2018"}}}
        assert self.arm("PUT", WORKSPACE, "2023-09-01", workspace).status in (200, 201)
        namespace = {"location": "eastus2", "sku": {"name": "Standard"}}
        assert self.arm("PUT", NAMESPACE, "2024-01-01", namespace).status in (200, 201, 202)
        self.arm("GET", NAMESPACE, "2024-01-01")
        assert self.arm("PUT", f"{NAMESPACE}/eventhubs/audit", "2024-01-01", {"properties": {}}).status in (200, 201)
        assert self.arm("PUT", RULE, "2024-01-01", {"properties": {"rights": ["Send"]}}).status in (200, 201)

    def make_vault(self) -> None:
        """The vault, whose deployer may do everything with secrets."""
        policy = {
            "tenantId": TENANT_ID,
            "objectId": directory.DEPLOYER_OBJECT_ID,
            "permissions": {"secrets": ["get", "list", "set"]},
        }
        properties = {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
            "accessPolicies": [policy],
        }
        body = {"location": "eastus2", "properties": properties}
        assert self.arm("PUT", VAULT, "2024-11-01", body).status in (200, 201)

    def log_to(self, resource: str = POOL, name: str = "audit", *, metrics: bool = True, **where: str) -> Answer:
        """A diagnostic setting: audit log and metrics, to the places that are named."""
        properties = {
            **where,
            "logs": [{"category": "AuditEvent", "enabled": True}],
            "metrics": [{"category": "AllMetrics", "enabled": metrics}],
        }
        return self.arm("PUT", f"{resource}/{SETTINGS}/{name}", "2021-05-01-preview", {"properties": properties})

    def activate(self) -> None:
        """Downloads the security domain, as the deployer, and gives the deployer what keys take."""
        assert self.pool("POST", "/securitydomain/download", download_body()).status == 202
        assert self.pool("GET", "/securitydomain/download/pending").body["status"] == "Success"

    def give(self, role: str, name: str = "0d5b5a3e-7c49-4f0e-9b1c-2a6d3e4f5a6b") -> Answer:
        """A local role at / to the deployer."""
        definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"principalId": directory.DEPLOYER_OBJECT_ID, "roleDefinitionId": definition}
        path = f"/providers/Microsoft.Authorization/roleAssignments/{name}"
        return self.pool("PUT", path, {"properties": properties})

    def stored(self, container: str = "insights-logs-auditevent") -> list[dict[str, Any]]:
        """The records in the storage account, oldest first."""
        arrival.settle(self.world)
        found = []
        for name in blobs.list_blobs(self.world, "contosohsmlogs", container):
            content = blobs.get_blob(self.world, "contosohsmlogs", container, name)
            assert content is not None
            found += [json.loads(line) for line in content.decode().splitlines()]
        return found

    def sent(self) -> list[dict[str, Any]]:
        """The records in the event hub."""
        messages = self.world.store.scan(MESSAGES, "contosohsm/audit/")
        return [record for _, message in messages for record in message["records"]]

    def rows(self) -> list[dict[str, Any]]:
        """The records in the workspace."""
        return [row["record"] for _, row in self.world.store.scan(ROWS) if row["category"] == "AuditEvent"]
