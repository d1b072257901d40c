"""The metadata service, asked as the machine asks it."""

from __future__ import annotations

import pytest

from local_azure.core.world import World
from tests.unit.local_azure.vm.conftest import arm, group, machine, subnet
from tests.unit.local_azure.vm.imds.support import Metadata

__all__ = ["arm", "group", "machine", "metadata", "subnet"]


@pytest.fixture
def metadata(world: World, machine: object) -> Metadata:
    """What ``testvmmhsm`` sees."""
    del machine
    return Metadata(world)
