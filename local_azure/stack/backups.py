"""The place of a rehearsal's backups: a storage account that no stack owns, so that none takes it along."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.stack.pulumi import StackError

ACCOUNT, CONTAINER = "contosobackups", "mhsm"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoBackups"
ACCOUNT_ID = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
CONTAINER_URL = f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}"
_ARM = "https://management.azure.com"
_STORAGE = "2023-05-01"
_SECONDS = 60.0


def make() -> None:
    """Makes group, account and container, as whoever owns them would. Raises StackError.

    The environment of this process leads to the local Azure.
    """
    _put(GROUP_ID, "2024-03-01", {"location": "westus2"})
    account = {"location": "westus2", "kind": "StorageV2", "sku": {"name": "Standard_GRS"}}
    _put(ACCOUNT_ID, _STORAGE, {**account, "properties": {"allowSharedKeyAccess": False}})
    _put(f"{ACCOUNT_ID}/blobServices/default/containers/{CONTAINER}", _STORAGE, {"properties": {}})


def _put(resource_id: str, api_version: str, body: Mapping[str, Any]) -> None:
    _ask("PUT", resource_id, api_version, body)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        answer = _ask("GET", resource_id, api_version)
        if answer.status_code == requests.codes.ok and _is_ready(answer.json()):
            return
        time.sleep(0.1)
    raise StackError(f"{resource_id}: was not made in time")


def _is_ready(resource: Mapping[str, Any]) -> bool:
    properties: Mapping[str, Any] = resource.get("properties") or {}
    return bool(properties.get("provisioningState", "Succeeded") == "Succeeded")


def _ask(method: str, resource_id: str, api_version: str, body: Mapping[str, Any] | None = None) -> requests.Response:
    from azure.identity import EnvironmentCredential

    token = EnvironmentCredential().get_token(f"{_ARM}/.default").token
    answer = requests.request(
        method,
        f"{_ARM}{resource_id}",
        params={"api-version": api_version},
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=_SECONDS,
    )
    if method == "PUT" and not answer.ok:
        raise StackError(f"{resource_id}: {answer.status_code}: {' '.join(answer.text.split())}")
    return answer
