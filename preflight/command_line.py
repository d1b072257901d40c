"""The command line, and the table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from config import ConfigurationError
from config.stack_file import StackFile, read_stack
from preflight.checks import look
from preflight.line import Deployment, Line, failed, notice, passed
from preflight.sign_in import sign_in, subscription

_OK, _WRONG = 0, 1
_INTERRUPTED: Final = 130
_MARKS: Final = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "notice": "[yellow]•[/]", "not looked at": "[dim]–[/]"}
_EPILOG: Final = """\
  python -m preflight --stack dev               the table
  python -m preflight --stack prod --register   the same; registers resource providers that are missing
  python -m preflight --stack prod --json       for machines

Nothing is changed, but for --register. Exit status: 0 nothing failed, 1 something did, 2 the command line is wrong.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; answers its exit status."""
    options = _parser().parse_args(arguments)
    try:
        lines = _told(_lines(Path.cwd(), options.stack, options.register), quiet=options.json)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    if options.json:
        print(json.dumps([line.as_json() for line in lines], indent=2, ensure_ascii=False))
    else:
        _table(options.stack, lines)
    return _WRONG if any(line.result == "failed" for line in lines) else _OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m preflight",
        description="What would make an up of a stack fail, looked at before it begins.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--stack", required=True, metavar="NAME", help="the stack of Pulumi.NAME.yaml, in this directory"
    )
    parser.add_argument("--register", action="store_true", help="register resource providers that are missing")
    parser.add_argument("--json", action="store_true", help="a list of lines instead of the table")
    return parser


def _lines(directory: Path, stack: str, register: bool) -> Iterator[Line]:
    try:
        file = read_stack(directory, stack)
    except ConfigurationError as error:
        for problem in error.problems:
            yield failed("configuration", str(problem), "docs/configuration.md has every key")
        return
    yield passed("configuration", f"Pulumi.{stack}.yaml, for {file.settings.environment}")
    if file.left_out:
        sections = ", ".join(file.left_out)
        yield notice("configuration", f"{sections}: only the engine can decrypt it, so it was not looked at")
    yield from _in_the_cloud(file, register)


def _in_the_cloud(file: StackFile, register: bool) -> Iterator[Line]:
    session, line = sign_in(file.azure_native)
    yield line
    if session is None:
        return
    where, line = subscription(session, file.azure_native, file.settings.subscription_id)
    yield line
    if where is None:
        return
    yield from look(Deployment(file.settings, session, session.identity, session.principal(), where, register=register))


def _told(lines: Iterator[Line], *, quiet: bool) -> list[Line]:
    """All of them; says meanwhile what was looked at last, where somebody is watching."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return list(lines)
    found = []
    with console.status("looking …") as status:
        for line in lines:
            found.append(line)
            status.update(f"{line.what} …")
    return found


def _table(stack: str, lines: Sequence[Line]) -> None:
    table = Table(title=f"Before an up of {stack}", title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    previous = ""
    for line in lines:
        found = line.found if line.result != "not looked at" else f"not looked at: {line.found}"
        said = f"{found}\n→ {line.way_out}" if line.way_out else found
        table.add_row(_MARKS[line.result], line.what if line.what != previous else "", _plain(said))
        previous = line.what
    console = Console(highlight=False)
    console.print(table)
    number = sum(line.result == "failed" for line in lines)
    dark = sum(line.result == "not looked at" for line in lines)
    if number:
        console.print(f"\n{number} failed", style="red")
    elif dark:
        console.print(f"\nNothing that could be looked at stands in the way; {dark} could not.", style="yellow")
    else:
        console.print("\nNothing stands in the way.", style="green")


def _plain(text: str) -> str:
    """Square brackets mean nothing here."""
    return text.replace("[", "\\[")
