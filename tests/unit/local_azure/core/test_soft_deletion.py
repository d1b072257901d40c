"""Soft deletion, with the real store and a clock that can be moved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local_azure.core.soft_deletion import Kind, SoftDeletionStore
from local_azure.core.world import World, open_world


@dataclass(frozen=True)
class Thing:
    name: str
    colour: str

    def document(self) -> dict[str, Any]:
        return asdict(self)


KIND = Kind(live="things", deleted="deleted_things", of=lambda document: Thing(**document))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path, in_memory=True)


def store(world: World, container: str = "one") -> SoftDeletionStore[Thing]:
    return SoftDeletionStore(world, KIND, f"{container}/")


def test_names_are_kept_as_written_and_found_in_any_case(world: World) -> None:
    store(world).put(Thing("Red", "red"))
    assert store(world).find("RED") == Thing("Red", "red")
    store(world).put(Thing("red", "blue"))
    assert store(world).page("") == [Thing("red", "blue")]


def test_containers_do_not_mix(world: World) -> None:
    store(world).put(Thing("a", "red"))
    assert store(world, "two").find("a") is None
    store(world, "two").forget()
    assert store(world).find("a") is not None
    store(world).forget()
    assert store(world).find("a") is None


def test_what_is_deleted_comes_back_as_it_was_or_goes_for_good(world: World) -> None:
    thing = Thing("a", "red")
    store(world).put(thing)
    store(world).soft_delete(thing, 7)
    assert store(world).find("a") is None
    found = store(world).find_deleted("A")
    assert found is not None
    store(world).recover(found)
    assert store(world).find("a") == thing
    assert store(world).find_deleted("a") is None


def test_after_its_time_nothing_is_left_of_it(world: World) -> None:
    for name, days in (("a", 7), ("b", 90), ("c", 90)):
        store(world).soft_delete(Thing(name, "red"), days)
    world.clock.move(timedelta(days=8))
    assert [each.item.name for each in store(world).deleted_page("", 10)] == ["b", "c"]
    assert [each.item.name for each in store(world).deleted_page("b", 10)] == ["c"]
    assert [each.item.name for each in store(world).deleted_page("", 1)] == ["b"]
    assert store(world).find_deleted("a") is None
