from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_azure.core.world import World, open_world
from local_azure.entra import directory, tokens
from tests.unit.local_azure.key_vault.support import SECRET_MANAGEMENT, Client, make_vault, policy

_KEYS = ("entra.keys", "tenant")


@pytest.fixture(scope="session")
def _tenant_key(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Entra's signing key, made once for all worlds here: making one takes longer than most of these tests."""
    made = open_world(tmp_path_factory.mktemp("tenant"), in_memory=True)
    tokens.signing_key(made, _KEYS[1])
    document = made.store.get(*_KEYS)
    made.store.close()
    return document


@pytest.fixture
def world(tmp_path: Path, _tenant_key: Any) -> Iterator[World]:
    """A local Azure without a daemon, its directory seeded."""
    made = open_world(tmp_path / "azure", in_memory=True)
    made.store.put(*_KEYS, _tenant_key)
    directory.seed(made)
    yield made
    made.store.close()


@pytest.fixture
def deployer(world: World) -> Client:
    """The deployer, before there is a vault."""
    return Client(world)


@pytest.fixture
def client(deployer: Client) -> Client:
    """The deployer at a vault whose secrets it may manage and purge."""
    make_vault(deployer, policy(deployer.object_id, *SECRET_MANAGEMENT, "purge"))
    return deployer
