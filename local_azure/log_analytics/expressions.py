"""Expressions of the Kusto query language: from words to functions of a row.

Operators and functions as in the language's reference ("Scalar data types", "String operators"); of its some hundred
functions those are played that audit logs are asked with, and every other is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_azure.core.errors import NotPlayed
from local_azure.log_analytics.words import QueryError, Words, syntax_error, unresolved

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]


@dataclass(frozen=True)
class Scope:
    """What an expression can name."""

    columns: Collection[str]
    now: datetime


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
    if isinstance(value, dict | list | bool):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _same(one: Any, other: Any) -> bool:
    return _text(one) == _text(other) if isinstance(one, str) or isinstance(other, str) else bool(one == other)


def _term(text: str, part: str) -> bool:
    return re.search(rf"(?<![0-9a-z]){re.escape(part.lower())}(?![0-9a-z])", text.lower()) is not None


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise QueryError("SEM0420", f"Regex pattern is ill-formed: {error}") from None


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda one, other: not _same(one, other),
    "=~": lambda one, other: _text(one).lower() == _text(other).lower(),
    "!~": lambda one, other: _text(one).lower() != _text(other).lower(),
    "<": lambda one, other: one is not None and one < other,
    "<=": lambda one, other: one is not None and one <= other,
    ">": lambda one, other: one is not None and one > other,
    ">=": lambda one, other: one is not None and one >= other,
}
_STRING_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "contains": lambda one, other: _text(other).lower() in _text(one).lower(),
    "contains_cs": lambda one, other: _text(other) in _text(one),
    "has": lambda one, other: _term(_text(one), _text(other)),
    "startswith": lambda one, other: _text(one).lower().startswith(_text(other).lower()),
    "endswith": lambda one, other: _text(one).lower().endswith(_text(other).lower()),
}
_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "tostring": _text,
    "tolower": lambda value: _text(value).lower(),
    "toupper": lambda value: _text(value).upper(),
    "isempty": lambda value: _text(value) == "",
    "isnotempty": lambda value: _text(value) != "",
    "not": lambda value: not value,
}


def parse(words: Words, scope: Scope) -> Expression:
    """The expression that comes. Raises QueryError, and NotPlayed for a function that is not played."""
    left = _conjunction(words, scope)
    while words.takes("or"):
        left = _either(left, _conjunction(words, scope))
    return left


def _either(left: Expression, right: Expression) -> Expression:
    return lambda row: bool(left(row)) or bool(right(row))


def _both(left: Expression, right: Expression) -> Expression:
    return lambda row: bool(left(row)) and bool(right(row))


def _conjunction(words: Words, scope: Scope) -> Expression:
    left = _comparison(words, scope)
    while words.takes("and"):
        left = _both(left, _comparison(words, scope))
    return left


def _comparison(words: Words, scope: Scope) -> Expression:
    left = _sum(words, scope)
    for operator, holds in _COMPARISONS.items():
        if words.takes(operator):
            return _compared(left, holds, _sum(words, scope), negated=False)
    negated = words.takes("!")
    for operator, holds in _STRING_OPERATORS.items():
        if words.takes(operator):
            return _compared(left, holds, _sum(words, scope), negated=negated)
    if words.takes("in"):
        return _listed(words, scope, left, negated=negated)
    if words.takes("between"):
        return _between(words, scope, left, negated=negated)
    if words.takes("matches", "regex"):
        pattern = _sum(words, scope)
        return lambda row: _found(_text(pattern(row)), _text(left(row)))
    if negated:
        raise syntax_error(words.next.text)
    return left


def _compared(left: Expression, holds: Callable[[Any, Any], bool], right: Expression, *, negated: bool) -> Expression:
    return lambda row: holds(left(row), right(row)) != negated


def _listed(words: Words, scope: Scope, left: Expression, *, negated: bool) -> Expression:
    words.require("(")
    values = [_sum(words, scope)]
    while words.takes(","):
        values.append(_sum(words, scope))
    words.require(")")
    return lambda row: any(_same(left(row), value(row)) for value in values) != negated


def _between(words: Words, scope: Scope, left: Expression, *, negated: bool) -> Expression:
    words.require("(")
    low = _sum(words, scope)
    words.require("..")
    high = _sum(words, scope)
    words.require(")")
    return lambda row: (low(row) <= left(row) <= high(row)) != negated


def _sum(words: Words, scope: Scope) -> Expression:
    left = _primary(words, scope)
    while words.next.text in ("+", "-") and words.next.kind == "operator":
        left = _added(left, words.take().text, _primary(words, scope))
    return left


def _added(left: Expression, sign: str, right: Expression) -> Expression:
    return (lambda row: left(row) + right(row)) if sign == "+" else (lambda row: left(row) - right(row))


def _primary(words: Words, scope: Scope) -> Expression:
    if words.takes("("):
        inner = parse(words, scope)
        words.require(")")
        return inner
    word = words.take()
    if word.kind == "value":
        return lambda _: word.value
    if word.kind != "name":
        raise syntax_error(word.text)
    if words.takes("("):
        return _call(word.text, words, scope)
    if word.text not in scope.columns:
        raise unresolved("column or scalar", word.text)
    return _inside(lambda row: row.get(word.text), words)


def _inside(value: Expression, words: Words) -> Expression:
    """What lies within a dynamic value: ``Identity.claim`` or ``Identity["claim"]``."""
    while words.next.text in (".", "[") and words.next.kind == "operator":
        if words.take().text == ".":
            key = words.name()
        else:
            key = str(words.take().value)
            words.require("]")
        value = _member(value, key)
    return value


def _member(value: Expression, key: str) -> Expression:
    def member(row: Row) -> Any:
        outer = value(row)
        return outer.get(key) if isinstance(outer, dict) else None

    return member


def _call(function: str, words: Words, scope: Scope) -> Expression:
    match function:
        case "now":
            words.require(")")
            return lambda _: scope.now
        case "ago":
            back = parse(words, scope)
            words.require(")")
            return lambda row: scope.now - back(row)
        case "column_ifexists":
            name = str(words.take().value)
            words.require(",")
            otherwise = parse(words, scope)
            words.require(")")
            return (lambda row: row.get(name)) if name in scope.columns else otherwise
    if function not in _FUNCTIONS:
        raise NotPlayed(f"the function {function}() of the Kusto query language")
    argument = parse(words, scope)
    words.require(")")
    return lambda row: _FUNCTIONS[function](argument(row))
