"""What a command has to say: a document for machines, lines and tables for people, an exit status for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.table import Table

DONE: Final = 0
WRONG: Final = 1
"""Something is wrong with what was given, or could not be done. (2 is argparse's, for a wrong command line.)"""
INCOMPLETE: Final = 3
"""Nothing wrong was found, but there was no quorum to prove it with."""


@dataclass(frozen=True)
class Rows:
    """A table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Report:
    """A command's result."""

    document: Mapping[str, Any]
    """Plain JSON data, for ``--json``."""
    shown: tuple[str | Rows, ...]
    """The same for people, from top to bottom."""
    status: int = DONE

    def print(self, *, as_json: bool) -> None:
        """Writes it to standard output."""
        if as_json:
            print(json.dumps(self.document, indent=2))
            return
        from rich.console import Console

        console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
        for each in self.shown:
            console.print(_table(each) if isinstance(each, Rows) else visible(each))


def print_error(error: Exception, *, as_json: bool) -> None:
    """One line on standard error, and the document that machines wait for on standard output."""
    print(f"ceremony: {visible(str(error))}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": str(error)}, indent=2))


def rows(columns: Sequence[str], content: Iterable[Sequence[object]]) -> Rows:
    """A table of anything that has a text."""
    return Rows(tuple(columns), tuple(tuple(str(cell) for cell in row) for row in content))


def visible(text: str) -> str:
    """The text without what would move a terminal's cursor: names come from files of other people."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _table(content: Rows) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in content.columns:
        table.add_column(column, overflow="fold", no_wrap=False)
    for row in content.rows:
        table.add_row(*(visible(cell) for cell in row))
    return table
