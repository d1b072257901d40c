"""``drill``: the rehearsal of a recovery."""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ceremony import files, shares
from ceremony.commands import given
from ceremony.errors import DrillError, KeyFileError
from ceremony.rehearsal import ground
from ceremony.rehearsal.drill import Drill, Earlier, Given, Step, result
from ceremony.report import DONE, WRONG, Report, rows
from data_plane import key_use, session
from data_plane.waiting import Say

NAME: Final = "drill"
HELP: Final = "rehearse the recovery in a pool that nobody depends on (online)"
DESCRIPTION: Final = """\
Rehearses the day on which it counts: opens the security domain with a quorum, brings it into a fresh pool, restores a
key from its backup there, uses the key, compares it with what the real key left, and writes the result. Nothing of
the real pool is touched, nor needed: it may be gone.

By default the pool is one in a local Azure that is started for the drill and thrown away. That rehearses people, keys,
passphrases, files and commands; it takes in what another local Azure made. What the real service made only the real
service takes in: for that make a new pool, name it (--hsm-name, --resource-group), and purge it afterwards.

For the comparison keep, from the real key: its public half (az keyvault key download), and something that it encrypted
or wrapped, with the SHA-256 of what went in.
"""
EXAMPLES: Final = """\
examples:
  python -m ceremony drill SD.json --key alice.key bob.key --backup myrsakey.backup --output drill-2026-11.json
  python -m ceremony drill SD.json --key alice.key bob.key --backup myrsakey.backup --public-key myrsakey.pem \\
      --ciphertext wrapped.txt --plaintext-sha256 9f86d0... --hsm-name contoso-drill --resource-group drill \\
      --output drill-2026-11.json
"""
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    given.add_file(parser)
    given.add_keys(parser)
    parser.add_argument("--backup", type=Path, required=True, metavar="FILE", help="a backup of one key")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the result goes, JSON")
    real = parser.add_argument_group("what the real key left, to compare with")
    real.add_argument("--public-key", type=Path, metavar="FILE", help="its public half, PEM")
    real.add_argument("--ciphertext", type=Path, metavar="FILE", help="what it encrypted or wrapped, base64 or binary")
    real.add_argument("--algorithm", choices=key_use.UNWRAPPING, default="RSA-OAEP-256", help="of that (RSA-OAEP-256)")
    real.add_argument("--plaintext-sha256", metavar="HEX", help="SHA-256 of what was encrypted")
    pool = parser.add_argument_group("the pool (default: one in a local Azure, for the drill only)")
    pool.add_argument("--hsm-name", metavar="NAME", help="a pool that was never activated")
    pool.add_argument("--resource-group", metavar="NAME", help="its resource group")
    pool.add_argument("--subscription", metavar="ID", help="its subscription (default: ARM_SUBSCRIPTION_ID)")


def run(options: argparse.Namespace) -> Report:
    """Writes the result, also of a drill that failed. Raises CeremonyError where it cannot begin."""
    files.check_free(options.output)
    hsm_id = _pool_id(options)
    rehearsed = _given(options)
    began = datetime.now(UTC)
    if hsm_id is None:
        with ground.throw_away() as (signed_in, make):
            steps = Drill(signed_in, make, rehearsed, _say()).run()
    else:
        signed_in = session.current()
        steps = Drill(signed_in, ground.named(signed_in, hsm_id), rehearsed, _say()).run()
    document = result(rehearsed, steps, began)
    files.write_new(options.output, (json.dumps(document, indent=2) + "\n").encode(), files.PUBLIC)
    return _report(document, steps, options.output)


def _report(document: dict[str, object], steps: Sequence[Step], output: Path) -> Report:
    passed = all(step.passed for step in steps)
    table = rows(
        ("step", "", "seconds", "found"),
        ((each.name, "ok" if each.passed else "FAILED", f"{each.seconds:.1f}", each.found) for each in steps),
    )
    verdict = "PASSED: the key came back and works" if passed else f"FAILED: {steps[-1].found}"
    return Report(document, (table, verdict, f"{output}: written"), DONE if passed else WRONG)


def _given(options: argparse.Namespace) -> Given:
    file, manifest = given.load_file(options), given.load_manifest(options)
    opened, tried = shares.open_shares(file, given.load_keys(options))
    return Given(
        file=file,
        name=str(options.file),
        opened=opened,
        tried=tried,
        backup=files.read(options.backup),
        earlier=_earlier(options),
        real_pool=None if manifest is None else (manifest.hsm_id, manifest.hsm_created_at),
    )


def _earlier(options: argparse.Namespace) -> Earlier:
    if (options.ciphertext is None) != (options.plaintext_sha256 is None):
        raise DrillError("--ciphertext and --plaintext-sha256 belong together: give both")
    if options.plaintext_sha256 is not None and not _SHA256.fullmatch(options.plaintext_sha256):
        raise DrillError("--plaintext-sha256: 64 hexadecimal digits are a SHA-256")
    return Earlier(
        public_key=None if options.public_key is None else _public_key(options.public_key),
        ciphertext=None if options.ciphertext is None else _binary(files.read(options.ciphertext)),
        algorithm=options.algorithm,
        plaintext_sha256=options.plaintext_sha256 and options.plaintext_sha256.lower(),
    )


def _public_key(path: Path) -> object:
    try:
        return load_pem_public_key(files.read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError(f"{path}: is no public key in PEM") from None


def _binary(content: bytes) -> bytes:
    """What base64 of either alphabet, or else the bytes themselves, stand for."""
    text = content.strip().replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return content


def _pool_id(options: argparse.Namespace) -> str | None:
    if options.hsm_name is None:
        return None
    subscription = options.subscription or os.environ.get("ARM_SUBSCRIPTION_ID")
    if not options.resource_group or not subscription:
        raise DrillError("--hsm-name: give --resource-group too, and --subscription or ARM_SUBSCRIPTION_ID")
    group = f"/subscriptions/{subscription}/resourceGroups/{options.resource_group}"
    return f"{group}/providers/Microsoft.KeyVault/managedHSMs/{options.hsm_name}"


def _say() -> Say:
    return lambda line: print(line, file=sys.stderr)
