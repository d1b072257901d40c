"""The command line: the matrix, the lint, the list of data actions, and giving one's rights up."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from access import resignation
from access.effective import matrix
from access.finding import LEVELS, Finding
from access.findings import findings
from access.markdown import markdown
from access.model import Access
from access.page import page
from access.sources import access_of, add_pool, add_source, uri_of
from config import ConfigurationError
from data_plane import data_actions, session
from data_plane.errors import DataPlaneError

_OK, _WRONG, _USAGE, _FOUND = 0, 1, 2, 3
_INTERRUPTED: Final = 130
_DESCRIPTION: Final = """\
Who may do what in a Managed HSM: of a stack's configuration, or of the pool as it is.
"""
_EPILOG: Final = """\
  python -m access matrix --stack dev                                what the configuration gives, as Markdown
  python -m access matrix --hsm-name NAME --format html --output access.html
  python -m access lint --hsm-name NAME --json                       what is questionable in the pool
  python -m access actions                                           every data action a role may name
  python -m access resign --hsm-name NAME                            what the bootstrap's deployer would give up
  python -m access resign --hsm-name NAME --yes                      gives it up

exit status: 0 done, 1 something is wrong (one line says what), 2 the command line is wrong,
             3 lint found something as grave as --fail-on says (default: danger)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; answers its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (DataPlaneError, ConfigurationError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _WRONG
    except OSError as error:
        print(f"error: {error.filename or 'the system'}: {error.strerror}", file=sys.stderr)
        return _WRONG
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m access",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    shown = commands.add_parser("matrix", help="who may do what on which key", allow_abbrev=False)
    add_source(shown)
    shown.add_argument("--format", choices=("markdown", "html", "json"), default="markdown")
    shown.add_argument("--output", metavar="FILE", type=Path, help="write there instead of to the terminal")
    shown.set_defaults(run=_matrix)
    lint = commands.add_parser("lint", help="what is questionable in it, a line each", allow_abbrev=False)
    add_source(lint)
    lint.add_argument("--json", action="store_true", help="answer one JSON document, for machines")
    lint.add_argument("--fail-on", choices=LEVELS, default="danger", help="exit with 3 from this level on")
    lint.set_defaults(run=_lint)
    actions = commands.add_parser("actions", help="every data action that a role may name", allow_abbrev=False)
    actions.set_defaults(run=_actions)
    resign = commands.add_parser(
        "resign",
        help="give the bootstrap's rights up",
        description="Takes from whoever runs it what gives roles, takes custody, uses, releases or purges keys: the"
        " last step of a bootstrap, after up. Without --yes it only says what it would do.",
        allow_abbrev=False,
    )
    add_pool(resign)
    resign.add_argument("--yes", action="store_true", help="do it")
    resign.set_defaults(run=_resign)
    return parser


def _matrix(options: argparse.Namespace) -> int:
    access, rehearsal = access_of(options)
    found = findings(access, rehearsal=rehearsal)
    if options.format == "html":
        text = page(access, found)
    elif options.format == "json":
        text = _json({**_told(access, found), "matrix": matrix(access)})
    else:
        text = markdown(access, found)
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, encoding="utf-8")
        print(f"written: {options.output}")
    return _OK


def _lint(options: argparse.Namespace) -> int:
    access, rehearsal = access_of(options)
    found = findings(access, rehearsal=rehearsal)
    if options.json:
        print(_json(_told(access, found)), end="")
    else:
        for each in found:
            print(f"{each.level}: {each.line}")
        for gap in access.gaps:
            print(f"not looked at: {gap}")
    grave = LEVELS[: LEVELS.index(options.fail_on) + 1]
    return _FOUND if any(each.level in grave for each in found) else _OK


def _told(access: Access, found: Sequence[Finding]) -> dict[str, Any]:
    return {
        "pool": access.pool,
        "source": access.source,
        "notLookedAt": list(access.gaps),
        "findings": [{**vars(each), "line": each.line} for each in found],
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _actions(options: argparse.Namespace) -> int:
    del options
    for action in sorted(map(data_actions.short, data_actions.DATA_ACTIONS)):
        print(action)
    return _OK


def _resign(options: argparse.Namespace) -> int:
    uri, current = uri_of(options), session.current()
    who = current.principal()
    planned = resignation.plan(current, uri, who.object_id)
    for gap in planned.present.gaps:
        print(f"not looked at: {gap}")
    for each in planned.through_groups:
        print(f"stays, through a group ({each.principal_id}): {planned.words(each)}")
    for each in planned.kept:
        print(f"stays: {planned.words(each)}")
    if not planned.gone:
        print(f"{who} has nothing to give up")
        return _OK
    if not options.yes:
        for each in planned.gone:
            print(f"would be given up: {planned.words(each)}")
        print("--yes gives it up; only another Administrator can give it back")
        return _OK
    resignation.carry_out(current, uri, planned)
    for each in planned.gone:
        print(f"given up: {planned.words(each)}")
    print("set managed-hsm:access.bootstrapOver to true, so that the stack knows it")
    return _OK
