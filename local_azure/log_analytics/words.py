"""Words of a query in the Kusto query language, and what can be wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


class QueryError(Exception):
    """The query means nothing; ``code`` is the inner code that the service answers with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def syntax_error(near: str) -> QueryError:
    """The query is not written in the language."""
    return QueryError("SYN0002", f"A recognition error occurred. Token: '{near}'")


def unresolved(kind: str, name: str) -> QueryError:
    """The query names what is not there."""
    return QueryError("SEM0100", f"'{kind}' operator: Failed to resolve {kind} expression named '{name}'")


def moment(text: str) -> datetime:
    """A point in time; without a zone it is UTC. Raises QueryError."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise QueryError("SEM0001", f"datetime({text}) is no point in time") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Word:
    """One word: a name, an operator, or a value."""

    kind: str
    """``name``, ``operator`` or ``value``; ``end`` after the last one."""
    text: str
    value: Any = None


_PATTERN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>@?"(?:[^"\\\n]|\\.)*"|@?'(?:[^'\\\n]|\\.)*')
    |(?P<datetime>datetime\([^)]*\))
    |(?P<timespan>\d+(?:\.\d+)?(?:ms|d|h|m|s)\b)
    |(?P<number>\d+(?:\.\d+)?\b)
    |(?P<name>[A-Za-z_]\w*(?:-[a-z]+\b)?)
    |(?P<operator>\.\.|==|!=|=~|!~|<=|>=|!(?=[a-z])|[|()<>=,.;\[\]+-])""",
    re.VERBOSE,
)
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_HYPHENATED = ("project-away",)


def words_of(query: str) -> Iterator[Word]:
    """The words of a query, comments left out. Raises QueryError."""
    position = 0
    while position < len(query):
        match = _PATTERN.match(query, position)
        if match is None:
            raise syntax_error(query[position : position + 10])
        kind, text = str(match.lastgroup), match[0]
        if kind == "name" and "-" in text and text not in _HYPHENATED:
            text = text.partition("-")[0]
        position += len(text)
        if kind != "space":
            yield _word(kind, text)
    yield Word("end", "")


def _word(kind: str, text: str) -> Word:
    match kind:
        case "string":
            return Word("value", text, text[2:-1] if text[0] == "@" else re.sub(r"\\(.)", r"\1", text[1:-1]))
        case "datetime":
            return Word("value", text, moment(text.partition("(")[2].rstrip(")").strip("\"' ")))
        case "number":
            return Word("value", text, float(text) if "." in text else int(text))
        case "timespan":
            unit = text.lstrip("0123456789.")
            return Word("value", text, timedelta(seconds=float(text.removesuffix(unit)) * _UNITS[unit]))
        case "name" if text in ("true", "false"):
            return Word("value", text, text == "true")
    return Word(kind, text)


class Words:
    """The words of a query, one after the other."""

    def __init__(self, query: str) -> None:
        self._words = list(words_of(query))
        self._next = 0

    @property
    def next(self) -> Word:
        """The word that comes, without taking it."""
        return self._words[self._next]

    def take(self) -> Word:
        """The word that comes."""
        word = self.next
        self._next = min(self._next + 1, len(self._words) - 1)
        return word

    def takes(self, *texts: str) -> bool:
        """Whether these words come; they are taken then."""
        for offset, text in enumerate(texts):
            word = self._words[min(self._next + offset, len(self._words) - 1)]
            if word.kind == "value" or word.text != text:
                return False
        self._next += len(texts)
        return True

    def follows(self, text: str) -> bool:
        """Whether that word comes after the next one."""
        word = self._words[min(self._next + 1, len(self._words) - 1)]
        return word.kind != "value" and word.text == text

    def require(self, text: str) -> None:
        """Takes that word. Raises QueryError where another comes."""
        if not self.takes(text):
            raise syntax_error(self.next.text)

    def name(self) -> str:
        """Takes a name. Raises QueryError where none comes."""
        word = self.take()
        if word.kind != "name":
            raise syntax_error(word.text)
        return word.text
