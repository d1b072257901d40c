from __future__ import annotations

import pytest

from local_azure.core.world import World
from tests.unit.local_azure.managed_hsm.backups.support import Ground, make_ground


@pytest.fixture
def ground(world: World) -> Ground:
    """A pool that can be backed up."""
    return make_ground(world)
