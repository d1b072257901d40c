"""The command line of ``python -m audit``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from audit import places, storage_log, workspace_log
from audit.errors import AuditError, NoLogError
from audit.events import Event
from audit.question import Question, moment
from audit.table import lines
from data_plane import session
from data_plane.errors import DataPlaneError

_WRONG: Final = 1
_NO_LOG: Final = 3
_INTERRUPTED: Final = 130
_MOST: Final = 200

_DESCRIPTION: Final = """\
Who did what in a Managed HSM or a Key Vault, when, from where, and how it ended: its audit log as a table.

The log is read from the storage account or the workspace that the diagnostic settings send it to. Events take some
minutes to arrive there. Signs in as the other commands of this program do: ARM_* or AZURE_* variables, else az login.
"""
_EPILOG: Final = """\
examples:
  python -m audit contoso-hsm                                        the last day
  python -m audit contoso-hsm --operation 'SecurityDomain*' --since 30d
  python -m audit contoso-hsm --key payments-signing --result refused
  python -m audit contoso-hsm --who kim.akers@contoso.com --from 203.0.113.0/24
  python -m audit contoso-hsm --since 2026-01-31 --until 2026-02-01 --limit 0 --json
  python -m audit contoso-hsm --workspace                            where the log is in a workspace too

exit status: 0 done, 1 it could not be read (one line says why), 2 the command line is wrong, 3 there is no log yet
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Shows the log; answers the exit status."""
    options = _parser().parse_args(arguments)
    # azure-identity warns of each way to sign in that failed; our one line says the same.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    try:
        question = _question(options, datetime.now(UTC))
        found = [event for event in _events(options, question) if question.wants(event)]
        _show(found, options)
    except NoLogError as error:
        print(f"audit: {error}", file=sys.stderr)
        return _NO_LOG
    except DataPlaneError as error:
        print(f"audit: {error}", file=sys.stderr)
        return _WRONG
    except BrokenPipeError:
        # The reader of the output has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _WRONG
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    finally:
        session.forget()
    return 0


def _events(options: argparse.Namespace, question: Question) -> list[Event]:
    signed_in = session.current()
    resource_id = places.resource_of(signed_in, options.target)
    place = _place(options, signed_in, resource_id)
    read = storage_log.events if place.kind == "storage" else workspace_log.events
    return list(read(signed_in, place, resource_id, question))


def _place(options: argparse.Namespace, signed_in: session.Session, resource_id: str) -> places.Place:
    if options.storage:
        return places.storage(options.storage)
    if options.workspace:
        return places.workspace(signed_in, options.workspace)
    wanted = "storage" if options.storage == "" else "workspace" if options.workspace == "" else None
    return places.place_of(signed_in, resource_id, wanted)


def _question(options: argparse.Namespace, now: datetime) -> Question:
    question = Question(
        since=moment(options.since, now, "--since"),
        until=moment(options.until, now, "--until") if options.until else now,
        operations=_values(options.operation),
        who=_values(options.who),
        callers=_values(options.caller),
        results=_values(options.result),
        keys=_values(options.key),
        with_challenges=options.all or bool(options.result or options.operation),
    )
    question.check()
    if options.limit < 0:
        raise AuditError(f"--limit {options.limit}: a number, 0 for all")
    return question


def _values(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(value.strip() for each in given for value in each.split(",") if value.strip())


def _show(found: Sequence[Event], options: argparse.Namespace) -> None:
    shown = found[-options.limit :] if options.limit else found
    if options.json:
        print(json.dumps([event.document() for event in shown], indent=2))
        return
    print("\n".join(lines(shown)) if shown else "no such event in that time")
    if len(shown) < len(found):
        print(f"the last {len(shown)} of {len(found)} events; --limit 0 shows all", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="NAME", help="the Managed HSM or vault: its name, or its ARM id")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--storage", nargs="?", const="", metavar="ACCOUNT", help="read a storage account, this one if it is named"
    )
    where.add_argument(
        "--workspace", nargs="?", const="", metavar="ID", help="read a workspace, this one if it is named"
    )
    parser.add_argument(
        "--since", default="24h", metavar="WHEN", help="2h or 7d ago, or a date and time; 24h if left out"
    )
    parser.add_argument("--until", metavar="WHEN", help="the same; now if left out")
    several = "; several with commas, or the option again"
    for option, metavar, text in (
        ("--operation", "NAME", "operations, as SecurityDomainBackup or Key*"),
        ("--who", "WHO", "object ids, client ids or sign-in names"),
        ("--key", "NAME", "keys or secrets, as payments-*"),
        ("--result", "RESULT", "ok, refused, failed, or statuses such as 403"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=text + several)
    parser.add_argument(
        "--from", dest="caller", action="append", default=[], metavar="ADDRESS", help="addresses or networks" + several
    )
    parser.add_argument(
        "--limit", type=int, default=_MOST, metavar="N", help=f"the last N of them; {_MOST} if left out, 0 for all"
    )
    parser.add_argument(
        "--all", action="store_true", help="also requests that brought no token, as most clients' first"
    )
    parser.add_argument("--json", action="store_true", help="answer JSON, for machines")
    return parser
