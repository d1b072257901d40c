from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.errors import DataPlaneError, DeadlineError, ForbiddenError, ThrottledError
from data_plane.waiting import Patience, confirmed, retried, until_gone
from tests.unit.data_plane.support import FakeClock


@given(seconds=st.floats(0.1, 5000), asked=st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=60))
def test_patience_never_sleeps_past_its_deadline(seconds: float, asked: list[float | None]) -> None:
    clock = FakeClock()
    patience = Patience(seconds, "a thing", clock=clock)
    try:
        for retry_after in asked:
            patience.pause(retry_after)
    except DeadlineError as error:
        assert str(error).startswith("a thing: not done within")  # noqa: PT017
    assert clock.now <= seconds * 1.0001


def test_pauses_grow_and_heed_the_service() -> None:
    clock = FakeClock()
    patience = Patience(100, "a thing", first=1, factor=2, longest=5, clock=clock)
    for retry_after in (None, None, 7.0, None, None):
        patience.pause(retry_after)
    assert clock.pauses == [1, 2, 7, 5, 5]


def failing(*failures: DataPlaneError) -> Iterator[DataPlaneError | None]:
    yield from failures
    yield None


def run(outcomes: Iterator[DataPlaneError | None], seconds: float = 60) -> tuple[str, list[str]]:
    said: list[str] = []

    def operation() -> str:
        failure = next(outcomes)
        if failure is not None:
            raise failure
        return "done"

    return (
        retried(
            operation,
            passing=lambda error: isinstance(error, ForbiddenError),
            patience=Patience(seconds, "a thing", clock=FakeClock()),
            say=said.append,
            explain="spreading: waiting",
        ),
        said,
    )


def test_a_passing_error_is_waited_out_and_explained_once() -> None:
    result, said = run(failing(ForbiddenError("no"), ForbiddenError("no")))
    assert result == "done"
    assert said == ["spreading: waiting (no)"]


def test_another_error_is_raised_at_once() -> None:
    with pytest.raises(ThrottledError):
        run(failing(ThrottledError("busy")))


def test_when_patience_ends_the_error_itself_is_raised() -> None:
    with pytest.raises(ForbiddenError, match="no"):
        run(iter([ForbiddenError("no")] * 1000), seconds=5)


def test_an_absence_is_believed_only_after_several_answers() -> None:
    answers = iter([None, None, "there"])
    assert confirmed(lambda: next(answers), absences=3, clock=FakeClock()) == "there"
    assert confirmed(lambda: None, absences=3, clock=FakeClock()) is None


def test_gone_means_missed_twice_in_a_row() -> None:
    answers = iter(["there", None, "there", None, None])
    until_gone(lambda: next(answers), Patience(60, "a thing", clock=FakeClock()))
    assert next(answers, "all asked") == "all asked"
