from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.local_azure.plugin.fake_arm import Engine, FakeArm, engine


@pytest.fixture
def arm() -> FakeArm:
    return FakeArm()


@pytest.fixture
def pulumi(arm: FakeArm) -> Iterator[Engine]:
    with engine(arm) as made:
        yield made
