"""What several commands are given: a file with its manifest, certificates, private keys."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ceremony import files, passphrases, private_keys, security_domain_file
from ceremony.errors import BrokenFileError
from ceremony.private_keys import Certificate, CustodianKey
from ceremony.security_domain_file import SecurityDomainFile
from data_plane.custody import Manifest
from data_plane.security_domain_file import manifest_path

CERTIFICATE_HELP: Final = "custodians' certificates, PEM or DER; expired ones are fine"


def add_file(parser: argparse.ArgumentParser) -> None:
    """The security-domain file and its manifest."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the security-domain file")
    parser.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="the record that was written with it (default: FILE.manifest.json, where it is there)",
    )


def add_certificates(parser: argparse.ArgumentParser) -> None:
    """Further certificates."""
    parser.add_argument(
        "--certificate", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=CERTIFICATE_HELP
    )


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Private keys and their passphrases."""
    parser.add_argument(
        "--key",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="custodians' private keys, PEM or DER, encrypted or not; a certificate of the same name beside is used",
    )
    passphrases.add_options(parser)


def load_file(options: argparse.Namespace) -> SecurityDomainFile:
    """Raises BrokenFileError, CeremonyError."""
    return security_domain_file.parse(files.read(options.file), str(options.file))


def load_manifest(options: argparse.Namespace) -> Manifest | None:
    """The one that was named, else the one beside the file, if there is any. Raises BrokenFileError, CeremonyError."""
    path = options.manifest or manifest_path(options.file)
    if options.manifest is None and not path.exists():
        return None
    found = Manifest.from_json(files.read(path).decode(errors="replace"))
    if found is None:
        raise BrokenFileError(f"{path}: is no manifest of a security domain")
    return found


def load_certificates(options: argparse.Namespace) -> Sequence[Certificate]:
    """Raises KeyFileError, CeremonyError."""
    return [private_keys.load_certificate(path) for path in options.certificate]


def load_keys(options: argparse.Namespace) -> Sequence[CustodianKey]:
    """Raises KeyFileError, PassphraseError, CeremonyError."""
    return private_keys.load_keys(options.key, passphrases.given(options), passphrases.ask)
