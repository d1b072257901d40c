"""Where the commands read access from: a stack's configuration, or a pool."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Final

from access.configured import configured
from access.live import live
from access.model import Access
from config.stack_file import read_stack
from data_plane import session
from data_plane.clouds import PUBLIC
from data_plane.errors import DataPlaneError

DOMAIN: Final = PUBLIC.managed_hsm
_NAME: Final = re.compile(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]")
_URI: Final = re.compile(r"https://[0-9A-Za-z-]{3,24}\.[0-9A-Za-z.-]+(:\d+)?/?")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class SourceError(DataPlaneError):
    """What the command line names cannot be read."""


def add_source(parser: argparse.ArgumentParser) -> None:
    """A stack, or a pool."""
    either = parser.add_argument_group("where from").add_mutually_exclusive_group(required=True)
    either.add_argument("--stack", metavar="NAME", help="what the configuration in Pulumi.NAME.yaml gives; offline")
    add_pool(parser, either)
    parser.add_argument(
        "--deployer", metavar="OBJECT-ID", help="with a pool: the object id of whoever deploys, to be judged as such"
    )


def add_pool(parser: argparse.ArgumentParser, either: Any | None = None) -> None:
    """A pool, by name or address."""
    group = either if either is not None else parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--hsm-name", metavar="NAME", help="what the pool of that name has")
    group.add_argument("--uri", metavar="URI", help=f"the same by its address, https://NAME.{DOMAIN}/")


def uri_of(options: argparse.Namespace) -> str:
    """The pool's address. Raises SourceError."""
    if options.hsm_name is not None:
        if not _NAME.fullmatch(options.hsm_name):
            raise SourceError(f"--hsm-name {options.hsm_name!r}: 3 to 24 letters, digits and hyphens")
        return f"https://{options.hsm_name.lower()}.{session.current().identity.cloud.managed_hsm}/"
    if not _URI.fullmatch(options.uri):
        raise SourceError(f"--uri {options.uri!r}: the address of a Managed HSM, https://NAME.{DOMAIN}/")
    return f"{options.uri.rstrip('/')}/"


def access_of(options: argparse.Namespace) -> tuple[Access, bool]:
    """The access that is meant, and whether it is a rehearsal's.

    Raises DataPlaneError, config.ConfigurationError.
    """
    if options.stack is not None:
        return _of_stack(Path.cwd(), options.stack)
    if options.deployer is not None and not _GUID.fullmatch(options.deployer):
        raise SourceError(f"--deployer {options.deployer!r}: an object id (a GUID)")
    return live(session.current(), uri_of(options), deployer_id=options.deployer), False


def _of_stack(directory: Path, stack: str) -> tuple[Access, bool]:
    settings = read_stack(directory, stack).settings
    return configured(settings), settings.environment == "dev"
