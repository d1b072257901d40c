from __future__ import annotations

import pytest

from local_azure.core.errors import ServiceError
from local_azure.core.world import World
from local_azure.storage import blobs
from tests.unit.local_azure.arm.support import ArmClient
from tests.unit.local_azure.storage.support import ACCOUNT, STORAGE, make_account

NAME = "contosobackups"


@pytest.fixture(autouse=True)
def account(world: World) -> None:
    make_account(world)


def test_what_is_put_can_be_got_and_listed_in_order(world: World) -> None:
    blobs.create_container(world, NAME, "copies")
    for name in ("b/2", "a", "b/1"):
        blobs.put_blob(world, NAME, "copies", name, name.encode())
    assert blobs.get_blob(world, NAME, "copies", "b/2") == b"b/2"
    assert blobs.list_blobs(world, NAME, "copies") == ["a", "b/1", "b/2"]
    assert blobs.list_blobs(world, NAME, "copies", "b/") == ["b/1", "b/2"]
    assert blobs.get_blob(world, NAME, "copies", "c") is None
    assert blobs.get_blob(world, "nobody", "copies", "a") is None


def test_a_log_grows_and_makes_its_container(world: World) -> None:
    for line in (b"one\n", b"two\n"):
        blobs.append_blob(world, NAME, "insights-logs-auditevent", "resourceId=/PT1H.json", line)
    assert blobs.get_blob(world, NAME, "insights-logs-auditevent", "resourceId=/PT1H.json") == b"one\ntwo\n"


def test_what_is_deleted_is_gone(world: World) -> None:
    blobs.create_container(world, NAME, "copies")
    blobs.put_blob(world, NAME, "copies", "a", b"a")
    blobs.delete_blob(world, NAME, "copies", "a")
    assert blobs.list_blobs(world, NAME, "copies") == []
    with pytest.raises(ServiceError, match="BlobNotFound"):
        blobs.delete_blob(world, NAME, "copies", "a")
    assert world.store.count("storage.") == 0


def test_nothing_of_a_deleted_account_comes_back_with_its_name(world: World, arm: ArmClient) -> None:
    blobs.create_container(world, NAME, "copies")
    blobs.put_blob(world, NAME, "copies", "a", b"a")
    arm.delete(ACCOUNT, STORAGE)
    make_account(world)
    assert not blobs.container_exists(world, NAME, "copies")
    assert blobs.get_blob(world, NAME, "copies", "a") is None


def test_a_container_that_is_not_there_takes_no_blob(world: World) -> None:
    with pytest.raises(ServiceError, match="ContainerNotFound"):
        blobs.put_blob(world, NAME, "copies", "a", b"a")
