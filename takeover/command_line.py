"""The command line: which pool, and where its configuration goes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from data_plane import session
from data_plane.errors import DataPlaneError
from takeover import description, inventory, stack_file
from takeover.errors import TakeoverError

_DESCRIPTION: Final = """\
Writes the configuration of a Managed HSM that exists, made by hand or by another tool, so that this program takes it
over without a change: the pool, its keys, its roles and who has them. It only reads.

Whoever runs it signs in as for pulumi (ARM_* variables, or az login), and needs to read the pool in ARM, and Managed
HSM Crypto Auditor at / in the pool; the data plane's settings can be read by an Administrator.
"""
_EPILOG: Final = """\
example:
  python -m takeover --hsm-name contoso-hsm --output Pulumi.contoso.yaml
  pulumi stack init contoso && pulumi preview && pulumi up
The how-to: docs/how-to/take-over-a-pool.md
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the file, or to standard output; answers the exit status: 0 done, 1 not, with one line that says why."""
    options = _parser().parse_args(arguments)
    try:
        written = _describe(options)
        if options.output is None:
            print(written, end="")
            return 0
        _write_new(options.output, written)
        print(f"{options.output}: written; read its remarks, then: pulumi stack init, pulumi preview", file=sys.stderr)
        return 0
    except DataPlaneError as error:
        print(f"takeover: {error}", file=sys.stderr)
        return 1


def _describe(options: argparse.Namespace) -> str:
    current = session.current()
    hsm_id = options.id or inventory.find(current, _subscription(options), options.hsm_name, options.resource_group)
    found = inventory.read(current, hsm_id)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    title = f"The Managed HSM {found.pool.name} as it was on {today}, written by python -m takeover."
    return stack_file.text(description.sections(found, options.environment), title, description.remarks(found))


def _subscription(options: argparse.Namespace) -> str:
    given = options.subscription or os.environ.get("ARM_SUBSCRIPTION_ID") or os.environ.get("AZURE_SUBSCRIPTION_ID")
    if not given or not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given):
        raise TakeoverError("which subscription the pool is in is not said: give --subscription or ARM_SUBSCRIPTION_ID")
    return str(given)


def _write_new(path: Path, content: str) -> None:
    try:
        with path.open("x") as file:
            file.write(content)
    except FileExistsError:
        raise TakeoverError(f"{path}: is there already; nothing is overwritten") from None
    except OSError as error:
        raise TakeoverError(f"{path}: cannot be written: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m takeover",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--hsm-name", metavar="NAME", help="the pool's name")
    which.add_argument("--id", metavar="ID", help="the pool's ARM id")
    parser.add_argument("--resource-group", metavar="GROUP", help="where to look for the name")
    parser.add_argument(
        "--subscription", metavar="ID", help="where to look for the name (default: ARM_SUBSCRIPTION_ID)"
    )
    parser.add_argument(
        "--environment", choices=("prod", "dev"), default="prod", help="of the stack that takes over (default: prod)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where it goes (default: standard output)")
    return parser
