"""``upload``: a new pool takes in the security domain of another one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from ceremony import files, transfer_key
from ceremony.commands.target import add_target, uri_of
from ceremony.errors import BrokenFileError
from ceremony.report import Report
from ceremony.security_domain_file import parse_restore_blob
from data_plane import recovery, session

NAME: Final = "upload"
HELP: Final = "have a new HSM take in what recover made (online)"
DESCRIPTION: Final = """\
Sends what "ceremony recover" made to the HSM that it was made for, and waits until that one is active. From then on it
shares the security domain of the lost one: backups of keys and full backups of the lost one can be restored in it.
The HSM must be new: one that was activated keeps the security domain it has.
"""
EXAMPLES: Final = """\
example:
  python -m ceremony upload restore.json --hsm-name contoso-recovered
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("file", type=Path, metavar="BLOB", help="what recover made")
    parser.add_argument(
        "--transfer-key", type=Path, metavar="FILE", help="check first that the blob was made for this transfer key"
    )
    add_target(parser)


def run(options: argparse.Namespace) -> Report:
    """Raises DataPlaneError; a blob for another pool is not sent."""
    uri = uri_of(options)
    content = files.read(options.file)
    blob = parse_restore_blob(content, str(options.file))
    if options.transfer_key is not None:
        # The pool is not asked for its transfer key again: nothing says that it would be the same one.
        target = transfer_key.parse(files.read(options.transfer_key), str(options.transfer_key))
        if target.thumbprint != blob.transfer_thumbprint:
            raise BrokenFileError(
                f"{options.file}: was made for another transfer key ({blob.transfer_thumbprint}) than that of "
                f"{target.pool} ({target.thumbprint}); recover again with this one"
            )
    recovery.restore(session.current(), uri, content, say=lambda line: print(line, file=sys.stderr))
    return Report(
        document={"uri": uri, "file": str(options.file), "active": True},
        shown=(f"{uri}: active, with the security domain that was uploaded",),
    )
