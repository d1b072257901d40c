from __future__ import annotations

import base64

import pytest

from local_azure.core.world import World
from tests.support import Azure
from tests.unit.local_azure.arm.support import ArmClient
from tests.unit.local_azure.storage.daemon import Storage
from tests.unit.local_azure.storage.support import Client, make_account


@pytest.fixture
def storage(azure: Azure) -> Storage:
    """An account in the daemon, and clients that reach it."""
    return Storage(azure)


@pytest.fixture
def client(world: World) -> Client:
    """Whoever has the key of an account that is there, and in it the container ``copies``."""
    account = make_account(world)
    made = Client(world, base64.b64decode(account.hidden["key1"]))
    assert made.ask("PUT", "/copies?restype=container").status == 201
    return made


@pytest.fixture
def arm(world: World) -> ArmClient:
    """ARM as the deployer calls it."""
    return ArmClient(world)
