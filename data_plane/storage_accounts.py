"""Storage accounts as Azure Resource Manager knows them: where they lie, and whose key they are behind.

Source: Microsoft.Storage/storageAccounts and their blobServices/containers and encryptionScopes, api-version
2024-01-01; "Customer-managed keys for Azure Storage encryption", "Encryption scopes for Blob storage".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from data_plane.errors import NotFoundError
from data_plane.session import Session

API_VERSION: Final = "2024-01-01"
_TYPE: Final = "Microsoft.Storage/storageAccounts"
_ACCOUNT_KEY: Final = "$account-encryption-key"


@dataclass(frozen=True)
class StorageAccount:
    """One storage account."""

    id: str
    """ARM id."""
    name: str
    resource_group: str
    location: str
    key_host: str
    """Host of the vault or pool with the key that everything in it is encrypted with; empty for Microsoft's own."""


def id_of(subscription_id: str, resource_group: str, name: str) -> str:
    """ARM id of an account."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/{_TYPE}/{name}"


def read(session: Session, account_id: str) -> StorageAccount | None:
    """The account of that id, or None where there is none. Raises DataPlaneError."""
    try:
        return _account(session.resource_manager_get(account_id, API_VERSION))
    except NotFoundError:
        return None


def find(session: Session, subscription_id: str, name: str) -> StorageAccount | None:
    """The account of that name in the subscription, as far as it may be seen. Raises DataPlaneError."""
    for resource in session.resource_manager_list(f"/subscriptions/{subscription_id}/providers/{_TYPE}", API_VERSION):
        if str(resource["name"]).lower() == name.lower():
            return _account(resource)
    return None


def container_key_host(session: Session, account: StorageAccount, container: str) -> str | None:
    """Host of the vault or pool whose key the container's blobs are encrypted with by default, or None where there is
    no such container; empty where it is the account's own key. Raises DataPlaneError.
    """
    try:
        found = session.resource_manager_get(f"{account.id}/blobServices/default/containers/{container}", API_VERSION)
    except NotFoundError:
        return None
    scope = (found.get("properties") or {}).get("defaultEncryptionScope") or _ACCOUNT_KEY
    if scope == _ACCOUNT_KEY:
        return ""
    properties = session.resource_manager_get(f"{account.id}/encryptionScopes/{scope}", API_VERSION)["properties"]
    return _host((properties.get("keyVaultProperties") or {}).get("keyUri"))


def _account(resource: Mapping[str, Any]) -> StorageAccount:
    encryption = (resource.get("properties") or {}).get("encryption") or {}
    key = encryption.get("keyvaultproperties") or {}
    own = str(encryption.get("keySource") or "").lower() == "microsoft.keyvault"
    return StorageAccount(
        id=str(resource["id"]),
        name=str(resource["name"]),
        resource_group=str(resource["id"]).split("/")[4],
        location=str(resource.get("location") or ""),
        key_host=_host(key.get("keyvaulturi")) if own else "",
    )


def _host(uri: Any) -> str:
    return str(urlsplit(str(uri or "")).hostname or "").lower()
