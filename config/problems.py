"""Mistakes in the configuration, and how they are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

_LONGEST_VALUE = 80


@dataclass(frozen=True)
class Problem:
    """One mistake: the key's path as the user writes it, and what is wrong with it.

    ``involves`` names the other keys that the judgement rests on; where one of them is wrong itself, the problem says
    nothing reliable.
    """

    path: str
    message: str
    involves: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ConfigurationError(Exception):
    """The configuration cannot be right. ``str()`` is a line for each mistake, under a header that counts them."""

    def __init__(self, problems: Sequence[Problem], source: str = "the configuration") -> None:
        self.problems = tuple(problems)
        self.source = source
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        super().__init__("\n".join([f"{count} in {source}:", *map(str, self.problems)]))


def shown(value: object) -> str:
    """A value as a line of a message can hold it: as the user wrote it, never with line breaks, cut when long."""
    if isinstance(value, str | PurePath):
        text = str(value)
        if text != text.strip() or not text or not text.isprintable():
            text = json.dumps(text)
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def not_accepted(path: str, value: object, accepted: str, involves: tuple[str, ...] = ()) -> Problem:
    """The problem of a value that is not accepted, with what is."""
    return Problem(path, f"{shown(value)} is not accepted; {accepted}", involves)
