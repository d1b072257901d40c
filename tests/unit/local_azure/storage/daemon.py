"""A storage account in a running daemon, by the unmodified official clients."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient, ContainerClient

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import ByHand
from tests.support import Azure

GROUP, ACCOUNT = "ContosoBackups", "contosobackups"
CONTAINER_SCOPE = (
    f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
)
CONTRIBUTOR, READER, OWNER = (
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
)


class Storage:
    """The account ``contosobackups`` and who talks to it."""

    def __init__(self, azure: Azure, **properties: Any) -> None:
        self.azure = azure
        self.hand = ByHand(azure.instance)
        self.hand.arm("PUT", f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{GROUP}", "2024-03-01", _HERE)
        self.management = StorageManagementClient(EnvironmentCredential(), SUBSCRIPTION_ID)
        wanted: Any = {**_HERE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}
        accounts = self.management.storage_accounts
        self.account = accounts.begin_create(GROUP, ACCOUNT, wanted, polling_interval=0).result()
        self._given: list[str] = []
        self.url = f"https://{ACCOUNT}.blob.core.windows.net"

    @property
    def key(self) -> str:
        """The account's first key."""
        keys = self.management.storage_accounts.list_keys(GROUP, ACCOUNT).keys_property
        assert keys is not None
        assert keys[0].value is not None
        return keys[0].value

    def by_key(self) -> BlobServiceClient:
        """Whoever has the key."""
        return BlobServiceClient(self.url, credential=self.key, retry_total=0)

    def by_token(self) -> BlobServiceClient:
        """The deployer, who may do what its roles say."""
        return BlobServiceClient(self.url, credential=EnvironmentCredential(), retry_total=0)

    def container(self, name: str = "copies") -> ContainerClient:
        """A container, by key."""
        return self.by_key().create_container(name)

    def set(self, **properties: Any) -> None:
        """Changes the account."""
        update: Any = {"properties": properties}
        self.management.storage_accounts.update(GROUP, ACCOUNT, update)

    def keep(self, **properties: Any) -> None:
        """Changes what the account keeps of blobs that are overwritten or deleted."""
        update: Any = {"properties": properties}
        self.management.blob_services.set_service_properties(GROUP, ACCOUNT, update)

    def give(self, role: str, scope: str = CONTAINER_SCOPE, principal: str = DEPLOYER_OBJECT_ID) -> None:
        """Gives a role to the deployer, or to somebody else."""
        import uuid

        definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": principal}}
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}{role}{principal}")
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
        self.hand.arm("PUT", path, "2022-04-01", body)
        self._given.append(path)

    def take_roles(self) -> None:
        """Takes every role away that was given so."""
        for path in self._given:
            self.hand.arm("DELETE", path, "2022-04-01")


_HERE = {"location": "westus"}


def code(raised: pytest.ExceptionInfo[HttpResponseError]) -> str:
    """The service's code for an error."""
    found = getattr(raised.value, "error_code", "")
    return str(getattr(found, "value", found))
