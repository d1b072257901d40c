"""Storage accounts as their data plane knows them: what ARM holds of each, found by host name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_azure.arm.resources import Resources, Stored
from local_azure.core.world import World

ACCOUNT_TYPE = "Microsoft.Storage/storageAccounts"
SUFFIXES = (".blob.core.windows.net", ".privatelink.blob.core.windows.net")
"""Of an account's blob endpoint, and of the alias that a private zone answers."""


@dataclass(frozen=True)
class Account:
    """One storage account."""

    name: str
    arm_id: str
    kind: str
    sku: str
    keys: Mapping[str, str]
    """Base64, by name: ``key1`` and ``key2``."""
    properties: Mapping[str, Any]

    @property
    def shared_key_allowed(self) -> bool:
        """Whether requests may be signed with the account's keys; not said is yes."""
        return self.properties.get("allowSharedKeyAccess") is not False

    @property
    def public_containers_allowed(self) -> bool:
        """Whether containers may be open to everybody."""
        return bool(self.properties.get("allowBlobPublicAccess", False))

    def container_id(self, container: str) -> str:
        """ARM id of a container of the account."""
        return f"{self.arm_id}/blobServices/default/containers/{container}"


def by_host(world: World, host: str) -> Account | None:
    """The account that a blob endpoint belongs to."""
    host = host.lower()
    for suffix in SUFFIXES:
        name = host.removesuffix(suffix)
        if name != host and "." not in name:
            return by_name(world, name)
    return None


def by_name(world: World, name: str) -> Account | None:
    """The account of that name."""
    found = next((each for each in Resources(world).of_type(ACCOUNT_TYPE) if each.name.lower() == name.lower()), None)
    return None if found is None else _account(found)


def _account(stored: Stored) -> Account:
    return Account(
        name=stored.name,
        arm_id=stored.id,
        kind=stored.resource["kind"],
        sku=stored.resource["sku"]["name"],
        keys={name: stored.hidden[name] for name in ("key1", "key2")},
        properties=stored.properties,
    )
