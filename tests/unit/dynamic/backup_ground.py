"""What a full backup needs beside the pool, made through ARM: account, container, identity, role."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from data_plane import pool as pools
from data_plane import session
from data_plane.pool import Pool
from local_azure.core.world import SUBSCRIPTION_ID
from tests.unit.data_plane.support import GROUP, pool_props

ACCOUNT, CONTAINER = "contosobackups", "mhsm"
BACKUPS = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoBackups"
ACCOUNT_ID = f"{BACKUPS}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
CONTAINER_ID = f"{ACCOUNT_ID}/blobServices/default/containers/{CONTAINER}"
CONTAINER_URL = f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}"
IDENTITY_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/backup"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def make_container() -> None:
    """A storage account in a group of its own, with a container."""
    put(BACKUPS, "2024-03-01", {"location": "eastus2"})
    put(ACCOUNT_ID, "2023-05-01", {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_GRS"}})
    put(CONTAINER_ID, "2023-05-01", {"properties": {}})


def give_identity(pool: Pool) -> str:
    """Gives the pool a user-assigned identity; answers its object id."""
    put(IDENTITY_ID, "2023-01-31", {"location": "eastus2"})
    resource = session.current().resource_manager_get(pool.id, pools.API_VERSION)
    resource["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}}}
    put(pool.id, pools.API_VERSION, {name: resource[name] for name in ("location", "sku", "properties", "identity")})
    identity = session.current().resource_manager_get(IDENTITY_ID, "2023-01-31")
    return str(identity["properties"]["principalId"])


def give_role(principal_id: str) -> None:
    """Makes a principal Storage Blob Data Contributor at the container."""
    roles = "Microsoft.Authorization/roleDefinitions"
    properties = {
        "principalId": principal_id,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION_ID}/providers/{roles}/{BLOB_CONTRIBUTOR}",
    }
    assignment = "Microsoft.Authorization/roleAssignments/4c1d8e6a-2b7f-4f03-9a5e-6d8b0c3f7e21"
    put(f"{CONTAINER_ID}/providers/{assignment}", "2022-04-01", {"properties": properties})


def put(path: str, api_version: str, body: Any) -> None:
    """A resource in ARM, there and ready."""
    session.current().resource_manager_put(path, api_version, body)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = session.current().resource_manager_get(path, api_version)
        if (found.get("properties") or {}).get("provisioningState", "Succeeded") == "Succeeded":
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} was not made in time")


def backup_props(pool: Pool, directory: Path, **changes: Any) -> dict[str, Any]:
    """The inputs of a full backup."""
    journal = str(directory / "operations.json")
    return {**pool_props(pool), "container": CONTAINER_URL, "trigger": "first", "journal": journal, **changes}


def restore_props(pool: Pool, folder: str, directory: Path, **changes: Any) -> dict[str, Any]:
    """The inputs of a full restore that is confirmed."""
    journal = str(directory / "operations.json")
    given = {"hsm_name": pool.name, "folder": folder, "overwrite": pool.name, "trigger": "", "journal": journal}
    return {**pool_props(pool), **given, **changes}
