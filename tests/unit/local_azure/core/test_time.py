from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_azure.core.clock import Clock, iso
from local_azure.core.latency import Latency
from local_azure.core.world import World, open_world


def test_a_moved_clock_stays_moved_over_a_restart(world: World) -> None:
    world.clock.move(timedelta(days=90))
    assert Clock(world.store).timestamp() - datetime.now(UTC).timestamp() == pytest.approx(90 * 86400, abs=2)
    world.clock.reset()
    assert Clock(world.store).timestamp() == pytest.approx(datetime.now(UTC).timestamp(), abs=2)


def test_times_are_written_with_seven_digits() -> None:
    assert iso(datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)) == "2026-01-31T12:00:00.1234560Z"


def test_latency_is_nothing_unless_asked_for_and_lasts_over_a_restart(world: World) -> None:
    assert world.latency.seconds("managed_hsm.create") == 0
    world.latency.set_scale(0.5)
    assert Latency(world.store).seconds("managed_hsm.create") == 425


def test_an_operation_without_a_figure_is_an_error(world: World) -> None:
    with pytest.raises(KeyError):
        world.latency.seconds("moon.create")


def test_the_home_of_a_world_is_its_owners_alone(tmp_path: Path) -> None:
    world = open_world(tmp_path / "home")
    world.store.close()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
