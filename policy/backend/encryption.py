"""Whether the account that keeps the state is itself encrypted with a key of the pool that the state describes.

Source: Microsoft.Storage/storageAccounts, api-version 2023-05-01, ``properties.encryption``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from data_plane.session import Session

API_VERSION: Final = "2023-05-01"


def problems(session: Session, subscription_id: str, account: str, pool_name: str) -> Iterator[str]:
    """Asks ARM for the account. Raises DataPlaneError where it cannot be asked."""
    path = f"/subscriptions/{subscription_id}/providers/Microsoft.Storage/storageAccounts"
    listed = session.resource_manager_get(path, API_VERSION)
    found = [each for each in listed.get("value", []) if str(each.get("name", "")).lower() == account]
    if not found:
        yield (
            f"the account {account} is not in subscription {subscription_id}, or cannot be read there: nobody knows"
            " what it is encrypted with"
        )
        return
    host = key_host(found[0])
    if host.split(".")[0] == pool_name and ".managedhsm." in host:
        yield (
            f"the account {account} is encrypted with a key of the pool {pool_name}, which its state describes: with"
            " the pool the state would be lost; use a key of a vault, or Azure's own"
        )


def key_host(account: Mapping[str, Any]) -> str:
    """The host of the key that an account is encrypted with, in lower case; empty where Azure keeps the key."""
    encryption = (account.get("properties") or {}).get("encryption") or {}
    if str(encryption.get("keySource", "")).lower() != "microsoft.keyvault":
        return ""
    address = (encryption.get("keyvaultproperties") or {}).get("keyvaulturi") or ""
    return (urlsplit(str(address)).hostname or "").lower()
