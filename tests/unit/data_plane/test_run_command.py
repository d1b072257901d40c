"""A script through a machine's run command: waited for, and always taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from data_plane import run_command
from data_plane.errors import ConflictError, DataPlaneError, DeadlineError, ForbiddenError, NotFoundError
from data_plane.run_command import Outcome
from data_plane.session import Session
from tests.unit.data_plane.support import FakeClock

VM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/testvmmhsm"
PATH = f"{VM}/runCommands/proof"


class FakeResourceManager:
    """Answers from lists; the last answer stays."""

    def __init__(self, *views: dict[str, Any] | Exception, deletes: tuple[Exception, ...] = ()) -> None:
        self._views: Iterator[dict[str, Any] | Exception] = iter(views)
        self._deletes = iter(deletes)
        self.asked: list[str] = []

    def resource_manager_put(self, path: str, api_version: str, body: Any) -> None:
        self.asked.append(f"PUT {path}")
        assert (api_version, body["location"]) == ("2024-11-01", "westus")
        assert body["properties"]["source"] == {"script": "true"}

    def resource_manager_get(self, path: str, _: str) -> dict[str, Any]:
        assert path == f"{PATH}?$expand=instanceView"
        self._view = next(self._views, getattr(self, "_view", {}))
        if isinstance(self._view, Exception):
            raise self._view
        return {"properties": {"instanceView": self._view}}

    def resource_manager_delete(self, path: str, _: str) -> None:
        self.asked.append(f"DELETE {path}")
        refused = next(self._deletes, None)
        if refused is not None:
            raise refused


def run(azure: FakeResourceManager, clock: FakeClock) -> Outcome:
    return run_command.run(cast(Session, azure), VM, "westus", "proof", "true", seconds=600, clock=clock)


ENDED = {"executionState": "Succeeded", "exitCode": 0, "output": "out", "error": "err", "executionMessage": "done"}


def test_the_end_is_waited_for_and_the_command_taken_away() -> None:
    not_yet = NotFoundError(f"{PATH}: 404 NotFound", status=404)
    azure = FakeResourceManager(not_yet, {"executionState": "Pending"}, {"executionState": "Running"}, ENDED)
    assert run(azure, FakeClock()) == Outcome("Succeeded", 0, "out", "err", "done")
    assert azure.asked == [f"PUT {PATH}", f"DELETE {PATH}"]


def test_a_machine_that_never_says_how_it_ended_is_given_up() -> None:
    azure = FakeResourceManager({"executionState": "Unknown"})
    clock = FakeClock()
    with pytest.raises(DeadlineError, match=r"not done within 720 seconds; the last answer: Unknown"):
        run(azure, clock)
    assert clock.now == pytest.approx(720.0)
    assert azure.asked[-1] == f"DELETE {PATH}"


def test_what_went_wrong_with_the_script_is_told_and_not_that_it_could_not_be_taken_away() -> None:
    refused = ForbiddenError(f"{PATH}: 403 AuthorizationFailed", status=403)
    with pytest.raises(DeadlineError):
        run(FakeResourceManager({"executionState": "Running"}, deletes=(refused,)), FakeClock())


def test_one_whose_machine_is_still_busy_with_it_is_taken_away_a_little_later() -> None:
    busy = ConflictError(f"{PATH}: 409 Conflict: in progress", status=409)
    azure = FakeResourceManager(ENDED, deletes=(busy, busy))
    clock = FakeClock()
    assert run(azure, clock).state == "Succeeded"
    assert azure.asked == [f"PUT {PATH}", *[f"DELETE {PATH}"] * 3]
    assert 0 < clock.now <= run_command.TAKING_AWAY_SECONDS


@pytest.mark.parametrize("times", [1, 1000])
def test_one_that_cannot_be_taken_away_is_an_error(times: int) -> None:
    refused: DataPlaneError = ForbiddenError(f"{PATH}: 403 AuthorizationFailed", status=403)
    busy = ConflictError(f"{PATH}: 409 Conflict: in progress", status=409)
    kind = refused if times == 1 else busy
    with pytest.raises(type(kind)):
        run(FakeResourceManager(ENDED, deletes=(kind,) * times), FakeClock())
