"""Names that ARM has given out and behind which nothing is played."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from local_azure.core.world import World
from local_azure.server.unplayed_hosts import exists
from tests.support import Azure
from tests.unit.local_azure.arm.support import GROUP, ArmClient

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosologs"
BODY: dict[str, Any] = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}


@pytest.fixture
def account(world: World) -> World:
    arm = ArmClient(world)
    arm.put(GROUP, "2024-03-01", {"location": "eastus2"})
    arm.made(ACCOUNT, "2024-01-01", BODY)
    return world


@pytest.mark.parametrize("part", ["dfs", "file", "queue", "table"])
def test_a_storage_account_has_its_names(account: World, part: str) -> None:
    assert exists(account, f"contosologs.{part}.core.windows.net")
    assert not exists(account, f"fabrikam.{part}.core.windows.net")
    assert not exists(account, f"deeper.contosologs.{part}.core.windows.net")


@pytest.mark.daemon
def test_a_name_that_exists_says_what_is_missing_instead_of_refusing_the_connection(azure: Azure) -> None:
    with requests.get("https://graph.windows.net/me", timeout=10) as answer:
        assert answer.status_code == 501
        assert answer.json()["error"]["code"] == "NotImplementedLocally"
        assert "graph.windows.net" in answer.json()["error"]["message"]
    with pytest.raises(requests.exceptions.ProxyError, match="There is no contosologs"):
        requests.get("https://contosologs.blob.core.windows.net/", timeout=10)
    assert azure.control.log()[-1]["status"] is None
