"""``transfer-key``: what a new pool gives out so that a security domain can be encrypted to it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ceremony import files, transfer_key
from ceremony.commands.target import add_target, uri_of
from ceremony.report import Report
from data_plane import recovery, session

NAME: Final = "transfer-key"
HELP: Final = "ask a new HSM for its transfer key (online)"
DESCRIPTION: Final = """\
Asks a new HSM, one that is not activated, for its transfer key: the public key to which "ceremony recover" encrypts a
security domain. The only commands that go online are this one, upload and drill.
"""
EXAMPLES: Final = """\
example:
  python -m ceremony transfer-key --hsm-name contoso-recovered --output transfer.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_target(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the transfer key goes")


def run(options: argparse.Namespace) -> Report:
    """Raises DataPlaneError."""
    files.check_free(options.output)
    uri = uri_of(options)
    content = recovery.transfer_key(session.current(), uri).encode()
    found = transfer_key.parse(content, uri)
    files.write_new(options.output, content, files.PUBLIC)
    return Report(
        document={"uri": uri, "output": str(options.output), "pool": found.pool, "thumbprint": found.thumbprint},
        shown=(
            f"{options.output}: the transfer key of {found.pool}",
            f"Compare its thumbprint by another way before a quorum uses it: {found.thumbprint}",
        ),
    )
