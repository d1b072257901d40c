from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_azure.core.world import open_world
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, new_pool


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
