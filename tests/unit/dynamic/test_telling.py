"""What a person is told while operations run."""

from __future__ import annotations

import io
import sys

import pytest

from dynamic.base import tell


class Pieces(io.StringIO):
    """Remembers what is written in one go."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        return super().write(text)


def test_a_line_and_its_end_are_one_piece_as_others_speak_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Pieces()
    monkeypatch.setattr(sys, "stdout", shown)
    tell("purging the soft-deleted vault")
    tell("purging the soft-deleted pool")
    assert [each for each in shown.written if each] == [
        "purging the soft-deleted vault\n",
        "purging the soft-deleted pool\n",
    ]


def test_nobody_listening_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(len(text))

    monkeypatch.setattr(sys, "stdout", Gone())
    tell("somebody killed the engine")
