"""``recover``: what another pool takes in, made offline by a quorum."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ceremony import files, handed_over, passphrases, private_keys, recovery, shares, transfer_key
from ceremony.commands import given
from ceremony.errors import BrokenFileError, KeyFileError
from ceremony.opening import unlock
from ceremony.report import Report
from ceremony.security_domain_file import SecurityDomainFile, parse_restore_blob
from ceremony.shares import OpenedShare

NAME: Final = "recover"
HELP: Final = "make the blob with which another HSM takes in the security domain"
DESCRIPTION: Final = """\
Opens the security domain with a quorum and encrypts it anew to the transfer key of another HSM. Only that HSM can open
the result. Nothing is sent: upload it afterwards.

The transfer key is what the other HSM, new and not activated, gave out: "ceremony transfer-key", or "az keyvault
security-domain init-recovery".

A quorum may bring private keys (--key) to one machine, or only shares (--share) that each custodian made at home with
"ceremony share".
"""
EXAMPLES: Final = """\
examples:
  python -m ceremony recover SD.json --transfer-key transfer.json --key alice.key bob.key --output restore.json
  python -m ceremony recover SD.json --transfer-key transfer.json --share alice.share.json bob.share.json \\
      --combiner-key combiner.key --output restore.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    given.add_file(parser)
    parser.add_argument("--transfer-key", type=Path, required=True, metavar="FILE", help="of the HSM that takes it in")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the blob goes")
    given.add_keys(parser)
    parser.add_argument(
        "--share", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help="what custodians handed over"
    )
    parser.add_argument("--combiner-key", type=Path, metavar="FILE", help="the private key that opens --share files")


def run(options: argparse.Namespace) -> Report:
    """Raises CeremonyError; then nothing was written."""
    files.check_free(options.output)
    file = given.load_file(options)
    _check_manifest(options, file)
    target = transfer_key.parse(files.read(options.transfer_key), str(options.transfer_key))
    opened, tried = shares.open_shares(file, given.load_keys(options))
    together = {each.number: each for each in [*_handed_over(options, file), *opened]}
    data = unlock(file, list(together.values()), tried, str(options.file))
    content = recovery.restore_blob(data, target)
    parse_restore_blob(content, str(options.output))
    files.write_new(options.output, content)
    used = [each.holder for _, each in sorted(together.items())]
    return Report(
        document={
            "file": str(options.file),
            "output": str(options.output),
            "target": target.pool,
            "transfer_thumbprint": target.thumbprint,
            "custodians": used,
            "tags": [datum.tag for datum in data],
        },
        shown=(
            f"{options.output}: the security domain for {target.pool or 'that pool'} and nobody else (opened by "
            f"{', '.join(used)})",
            f"The transfer key's thumbprint: {target.thumbprint}",
            f"Next: pulumi up where a stack waits for it, else python -m ceremony upload {options.output} --hsm-name …",
        ),
    )


def _check_manifest(options: argparse.Namespace, file: SecurityDomainFile) -> None:
    manifest = given.load_manifest(options)
    if manifest is not None and manifest.sha256 != file.sha256:
        raise BrokenFileError(
            f"{options.file}: not the file that its manifest describes: altered, or of another pool (SHA-256 differs)"
        )


def _handed_over(options: argparse.Namespace, file: SecurityDomainFile) -> Sequence[OpenedShare]:
    if not options.share:
        return []
    if options.combiner_key is None:
        raise KeyFileError("--share: give --combiner-key, the private key that the shares were encrypted to")
    combiner = private_keys.load_key(options.combiner_key, passphrases.given(options), passphrases.ask)
    return [handed_over.take_over(files.read(path), str(path), file, combiner) for path in options.share]
