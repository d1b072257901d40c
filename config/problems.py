"""Mistakes in the configuration, and how they are told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

HIDDEN = "(not shown)"
"""Stands for a value that is a secret, or looks like one."""

_LONGEST_VALUE = 200


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
    """A value as a line of a message can hold it: as the user wrote it, without line breaks, cut when long."""
    if isinstance(value, str | PurePath):
        text = str(value)
        if text != text.strip() or not text or not text.isprintable():
            text = json.dumps(text)
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    if "PRIVATE KEY" in text:
        return HIDDEN
    text = one_line(text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def one_line(text: str) -> str:
    """The text with whatever a terminal would not show as a character written as its code."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def not_accepted(path: str, value: object, accepted: str, involves: tuple[str, ...] = ()) -> Problem:
    """The problem of a value that is not accepted, with what is."""
    return Problem(path, f"{shown(value)} is not accepted; {accepted}", involves)


def with_reliable(problems: Sequence[Problem], later: Iterable[Problem]) -> list[Problem]:
    """The problems, and those of ``later`` that do not follow from a mistake that is told already.

    Of ``later``, a problem is left out that lies in a wrong key, or was judged by one.
    """
    wrong = [problem.path for problem in problems]
    told = list(problems)
    for problem in later:
        doubtful = [problem.path for problem in told]
        if _lies_in(problem.path, wrong) or any(_lies_in(path, doubtful) for path in problem.involves):
            continue
        told.append(problem)
    return told


def _lies_in(path: str, keys: Sequence[str]) -> bool:
    return any(path == key or path.startswith((f"{key}.", f"{key}[")) for key in keys)


def relative(path: Path, base: Path) -> str:
    """A path as it is written in the configuration: relative where it lies below ``base``."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
