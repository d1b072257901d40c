"""The command line: which commands there are, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from ceremony import report
from ceremony.commands import custodian, drill, fetch_transfer_key, inspect, manifest, recover, share, upload, verify
from ceremony.errors import CeremonyError
from data_plane.errors import DataPlaneError

_COMMANDS: Final = (custodian, inspect, verify, manifest, fetch_transfer_key, share, recover, upload, drill)
_INTERRUPTED: Final = 130

_DESCRIPTION: Final = """\
Custody of a Managed HSM's security domain.

A security domain is the one file that brings the keys of a lost HSM back. It is encrypted to a few custodians; a
quorum of them, say 2 of 3, opens it together. Nobody else can, Microsoft included. These commands make custodians,
show what a file says, prove that its quorum can really open it, and bring it into another HSM.
They never overwrite a file, and all but transfer-key, upload and drill work offline.
"""
_EPILOG: Final = """\
in the order of a ceremony:
  python -m ceremony custodian alice                             each custodian, on the own machine
  python -m ceremony inspect SD.json                             what the file says
  python -m ceremony verify SD.json --key alice.key bob.key      that the quorum opens it
  python -m ceremony manifest SD.json --output record            the record for the auditor
  python -m ceremony transfer-key --hsm-name NEW --output T      of a new HSM, to recover into
  python -m ceremony share SD.json --key alice.key ...           a custodian's part, on the own machine
  python -m ceremony recover SD.json --transfer-key T ...        what the new HSM takes in
  python -m ceremony upload BLOB --hsm-name NEW                  the new HSM takes it in
  python -m ceremony drill SD.json --backup KEY.backup ...       the rehearsal of all that, at any time

exit status: 0 all is well, 1 something is wrong (one line says what), 2 the command line is wrong,
             3 nothing wrong was found but too few custodians were there to prove it
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; answers its exit status."""
    options = _parser().parse_args(arguments)
    try:
        made: report.Report = options.run(options)
        made.print(as_json=options.json)
        return made.status
    except DataPlaneError as error:
        report.print_error(error, as_json=options.json)
        return report.WRONG
    except BrokenPipeError:
        # The reader of the output has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return report.WRONG
    except OSError as error:
        report.print_error(CeremonyError(f"{error.filename or 'the system'}: {error.strerror}"), as_json=options.json)
        return report.WRONG
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ceremony",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        added = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(added)
        added.add_argument("--json", action="store_true", help="answer one JSON document, for machines")
        added.set_defaults(run=command.run)
    return parser
