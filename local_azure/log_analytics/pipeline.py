"""Queries of the Kusto query language: a table, and what each operator after a bar makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from local_azure.core.errors import NotPlayed
from local_azure.log_analytics.expressions import Expression, Row, Scope, parse
from local_azure.log_analytics.words import Words, syntax_error, unresolved


@dataclass(frozen=True)
class Table:
    """Rows, and the columns that they have."""

    columns: tuple[str, ...]
    rows: Sequence[Row]


Step = Callable[[Table], Table]


def run(query: str, tables: Mapping[str, Callable[[], Table]], now: datetime) -> Table:
    """What the query answers. Raises QueryError, and NotPlayed for what is not played of the language."""
    words = Words(query)
    name = words.name()
    if name in ("let", "union", "search", "print", "find") and words.next.text != "|":
        raise NotPlayed(f"'{name}' of the Kusto query language")
    if name not in tables:
        raise unresolved("table", name)
    table = tables[name]()
    while words.takes("|"):
        table = _operator(words, table, now)
    if words.next.kind != "end":
        raise syntax_error(words.next.text)
    return table


def _operator(words: Words, table: Table, now: datetime) -> Table:
    name, scope = words.name(), Scope(table.columns, now)
    match name:
        case "where":
            condition = parse(words, scope)
            return Table(table.columns, [row for row in table.rows if condition(row)])
        case "project":
            return _projected(table, _assignments(words, scope))
        case "extend":
            added = _assignments(words, scope)
            rows = [{**row, **{column: value(row) for column, value in added.items()}} for row in table.rows]
            return Table((*table.columns, *(each for each in added if each not in table.columns)), rows)
        case "take" | "limit":
            return Table(table.columns, table.rows[: _number(words)])
        case "count":
            return Table(("Count",), [{"Count": len(table.rows)}])
        case "distinct":
            projected = _projected(table, _assignments(words, scope))
            return Table(projected.columns, _unique(projected))
        case "order" | "sort":
            words.require("by")
            return _sorted(words, scope, table)
        case "summarize":
            return _summarized(words, scope, table)
    raise NotPlayed(f"the operator '{name}' of the Kusto query language")


def _assignments(words: Words, scope: Scope) -> dict[str, Expression]:
    """``column``, ``name = expression``, or several of them."""
    found: dict[str, Expression] = {}
    while True:
        name = words.next.text
        value = parse(words, _with_new(scope, words))
        if words.takes("="):
            value = parse(words, scope)
        found[name] = value
        if not words.takes(","):
            return found


def _with_new(scope: Scope, words: Words) -> Scope:
    """A name that is being given is none that must be known."""
    return Scope({*scope.columns, words.next.text}, scope.now) if words.follows("=") else scope


def _projected(table: Table, chosen: Mapping[str, Expression]) -> Table:
    rows = [{column: value(row) for column, value in chosen.items()} for row in table.rows]
    return Table(tuple(chosen), rows)


def _unique(table: Table) -> list[Row]:
    return list({tuple(map(str, row.values())): row for row in table.rows}.values())


def _number(words: Words) -> int:
    value = words.take().value
    if not isinstance(value, int) or isinstance(value, bool):
        raise syntax_error(words.next.text)
    return value


def _sorted(words: Words, scope: Scope, table: Table) -> Table:
    orders = []
    while True:
        value = parse(words, scope)
        orders.append((value, not words.takes("asc")))
        words.takes("desc")
        if not words.takes(","):
            break
    rows = list(table.rows)
    for value, descending in reversed(orders):
        rows.sort(key=partial(_rank, value), reverse=descending)
    return Table(table.columns, rows)


def _rank(value: Expression, row: Row) -> tuple[bool, Any]:
    found = value(row)
    return (found is not None, found if found is not None else 0)


def _summarized(words: Words, scope: Scope, table: Table) -> Table:
    """``count()``, ``min(x)``, ``max(x)`` and ``dcount(x)`` by columns."""
    aggregates: dict[str, Callable[[list[Row]], Any]] = {}
    while not words.takes("by"):
        name = words.name() if words.follows("=") else ""
        if name:
            words.require("=")
        function, aggregate = _aggregate(words, scope)
        aggregates[name or function] = aggregate
        if not words.takes(",") and words.next.text != "by":
            return Table(tuple(aggregates), [{column: of(list(table.rows)) for column, of in aggregates.items()}])
    keys = _assignments(words, scope)
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in table.rows:
        groups.setdefault(tuple(str(value(row)) for value in keys.values()), []).append(row)
    rows = [
        {
            **{name: value(group[0]) for name, value in keys.items()},
            **{name: of(group) for name, of in aggregates.items()},
        }
        for group in groups.values()
    ]
    return Table((*keys, *aggregates), rows)


def _aggregate(words: Words, scope: Scope) -> tuple[str, Callable[[list[Row]], Any]]:
    function = words.name()
    words.require("(")
    if function == "count":
        words.require(")")
        return "count_", len
    if function not in ("min", "max", "dcount"):
        raise NotPlayed(f"the aggregation {function}() of the Kusto query language")
    column = words.next.text
    value = parse(words, scope)
    words.require(")")
    return f"{function}_{column}", partial(_aggregated, function, value)


def _aggregated(function: str, value: Expression, rows: list[Row]) -> Any:
    found = [each for each in map(value, rows) if each is not None]
    if function == "dcount":
        return len({str(each) for each in found})
    return {"min": min, "max": max}[function](found, default=None)
