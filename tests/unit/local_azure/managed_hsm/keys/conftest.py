from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.keyvault.keys import KeyClient

from local_azure.core.world import World, open_world
from local_azure.entra import directory
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.managed_hsm.keys.official import CRYPTO_OFFICER, CRYPTO_USER, client_of
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, new_pool
from tests.unit.local_azure.managed_hsm.support import Client, make_pool


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[Hsm]:
    """A pool in a world without a directory, which is slow to seed and not asked here."""
    world = open_world(tmp_path / "azure", in_memory=True)
    yield Hsm(world, new_pool(world))
    world.store.close()


@pytest.fixture
def other_hsm(hsm: Hsm) -> Callable[..., Hsm]:
    """Makes another pool in the same world."""

    def make(name: str, **changes: object) -> Hsm:
        return Hsm(hsm.world, new_pool(hsm.world, name, **changes))

    return make


@pytest.fixture
def admin(world: World) -> Client:
    """The administrator of an active pool."""
    make_pool(world, activation_status=ACTIVE)
    return Client(world)


@pytest.fixture
def keys(admin: Client) -> Iterator[KeyClient]:
    """A client of the deployer, who may do everything with keys."""
    for role in (CRYPTO_USER, CRYPTO_OFFICER):
        assert admin.assign(role, directory.DEPLOYER_OBJECT_ID, "/keys").status == 201
    assert admin.assign(CRYPTO_USER, directory.DEPLOYER_OBJECT_ID).status == 201
    with client_of(admin.world) as client:
        yield client
