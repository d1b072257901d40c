"""Which pool a command that goes online means."""

from __future__ import annotations

import argparse
import re
from typing import Final

from ceremony.errors import CeremonyError
from data_plane import session
from data_plane.clouds import PUBLIC

DOMAIN: Final = PUBLIC.managed_hsm
_NAME: Final = re.compile(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]")
_URI: Final = re.compile(r"https://[0-9A-Za-z-]{3,24}\.[0-9A-Za-z.-]+(:\d+)?/?")
_SIGN_IN: Final = "Signs in as the other commands of this program do: ARM_* or AZURE_* variables, else az login."


def add_target(parser: argparse.ArgumentParser) -> None:
    """The pool, by name or address."""
    group = parser.add_argument_group("the HSM", _SIGN_IN)
    either = group.add_mutually_exclusive_group(required=True)
    either.add_argument("--hsm-name", metavar="NAME", help="its name")
    either.add_argument("--uri", metavar="URI", help=f"its address, https://NAME.{DOMAIN}/")


def uri_of(options: argparse.Namespace) -> str:
    """The pool's address. Raises CeremonyError."""
    if options.hsm_name is not None:
        if not _NAME.fullmatch(options.hsm_name):
            raise CeremonyError(f"--hsm-name {options.hsm_name!r}: 3 to 24 letters, digits and hyphens")
        return f"https://{options.hsm_name.lower()}.{session.current().identity.cloud.managed_hsm}/"
    if not _URI.fullmatch(options.uri):
        raise CeremonyError(f"--uri {options.uri!r}: the address of a Managed HSM, https://NAME.{DOMAIN}/")
    return str(options.uri)
