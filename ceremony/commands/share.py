"""``share``: a custodian's part of a recovery, made on the custodian's own machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ceremony import files, handed_over, passphrases, private_keys, shares
from ceremony.commands import given
from ceremony.errors import QuorumError
from ceremony.report import Report

NAME: Final = "share"
HELP: Final = "hand over one custodian's share, encrypted to whoever combines them"
DESCRIPTION: Final = """\
Opens one custodian's share on the custodian's own machine and encrypts it to the combiner's certificate, so that no
private key leaves its owner. The combiner makes a key pair for the day with "ceremony custodian", collects the shares
of a quorum, and uses them with "ceremony recover --share ... --combiner-key ...".

What the format does not allow: that nobody at all can see the content. The blob that another HSM takes in is one
encryption of one master key, so the shares of a quorum have to come together in one place. The combiner's machine is
that place: take one that is offline, and destroy the combiner's key and the shares afterwards.
"""
EXAMPLES: Final = """\
example:
  python -m ceremony share SD.json --key alice.key --combiner combiner.cer --output alice.share.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    given.add_file(parser)
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the custodian's private key")
    parser.add_argument(
        "--combiner", type=Path, required=True, metavar="FILE", help="the combiner's certificate, PEM or DER"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the share goes")
    given.add_certificates(parser)
    passphrases.add_options(parser)


def run(options: argparse.Namespace) -> Report:
    """Raises CeremonyError."""
    files.check_free(options.output)
    file, combiner = given.load_file(options), private_keys.load_certificate(options.combiner)
    key = private_keys.load_key(options.key, passphrases.given(options), passphrases.ask)
    opened, tried = shares.open_shares(file, [key], given.load_certificates(options))
    if not opened:
        raise QuorumError(f"{options.file}: {tried[0].name}: {tried[0].problem}")
    content = handed_over.hand_over(file, opened[0], combiner)
    files.write_new(options.output, content)
    return Report(
        document={
            "file": str(options.file),
            "share": opened[0].number,
            "custodian": opened[0].holder,
            "combiner_thumbprint": combiner.thumbprint,
            "output": str(options.output),
        },
        shown=(
            f"{options.output}: share {opened[0].number}, {opened[0].holder}'s, encrypted to {combiner.name}",
            f"Compare the combiner's thumbprint by another way before you send it: {combiner.thumbprint}",
        ),
    )
