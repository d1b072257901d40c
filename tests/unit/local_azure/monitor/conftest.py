from __future__ import annotations

import pytest

from local_azure.core.world import World
from tests.unit.local_azure.managed_hsm.conftest import _tenant_key as _tenant_key
from tests.unit.local_azure.managed_hsm.conftest import world as world
from tests.unit.local_azure.monitor.support import Cloud


@pytest.fixture
def cloud(world: World) -> Cloud:
    """The deployer, a pool that is not activated, and places for its log."""
    made = Cloud(world)
    made.make()
    return made
