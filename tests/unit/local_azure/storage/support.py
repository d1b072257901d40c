"""A storage account to try things on."""

from __future__ import annotations

from typing import Any

from local_azure.arm.resources import Resources, Stored
from local_azure.arm.service import ArmService
from local_azure.core.http import Request
from local_azure.core.world import SUBSCRIPTION_ID, World
from local_azure.entra import directory, tokens

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoBackups"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosobackups"
VERSION = "2025-06-01"


def arm(world: World, method: str, resource_id: str, body: Any = None, version: str = VERSION) -> Any:
    """The deployer's request to ARM; the answer's JSON. Raises ServiceError."""
    import json

    deployer = directory.principal(world, directory.DEPLOYER_OBJECT_ID)
    assert deployer is not None
    token = tokens.issue(world, deployer, "https://management.azure.com")
    request = Request(
        method,
        "management.azure.com",
        resource_id,
        {"api-version": version},
        {"authorization": f"Bearer {token}", "content-type": "application/json"},
        b"" if body is None else json.dumps(body).encode(),
    )
    answer = ArmService(world).handle(request)
    return json.loads(answer.body) if answer.body else None


def make_account(world: World, **properties: Any) -> Stored:
    """A StorageV2 account, there and ready."""
    arm(world, "PUT", GROUP, {"location": "westus"}, "2024-03-01")
    body = {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_GRS"}, "properties": properties}
    arm(world, "PUT", ACCOUNT, body)
    arm(world, "GET", ACCOUNT)
    found = Resources(world).find(ACCOUNT)
    assert found is not None
    return found
