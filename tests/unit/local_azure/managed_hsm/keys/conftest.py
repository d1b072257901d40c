from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local_azure.core.world import World, open_world
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, new_pool


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path, in_memory=True)


@pytest.fixture
def hsm(world: World) -> Hsm:
    return Hsm(world, new_pool(world))


@pytest.fixture
def other_hsm(world: World) -> Callable[..., Hsm]:
    """Another pool in the same world."""

    def make(name: str, **changes: object) -> Hsm:
        return Hsm(world, new_pool(world, name, **changes))

    return make
