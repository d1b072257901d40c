"""``custodian``: a custodian's key pair and certificate."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

from ceremony import custodians, files, passphrases
from ceremony.errors import KeyFileError, OutputError
from ceremony.private_keys import load_certificate
from ceremony.report import Report

NAME: Final = "custodian"
HELP: Final = "make a custodian's private key and certificate"
DESCRIPTION: Final = """\
Makes a custodian's private key and certificate. Run it on the custodian's own machine, by the custodian.

NAME.key  the private key, encrypted with a passphrase. It never leaves the custodian. Keep a copy in another safe:
          with too many lost keys the security domain is lost, and nobody can help.
NAME.cer  the public certificate. Give this one to whoever sets up the HSM. It may expire: it opens all the same.
"""
EXAMPLES: Final = """\
examples:
  python -m ceremony custodian alice --directory /media/alice
  python -m ceremony custodian alice --size 4096 --subject "CN=Alice,O=Contoso,C=US" --dns
"""
_NAME: Final = re.compile(r"\w[\w.@-]{0,62}")
_LONGEST_DAYS: Final = 36500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("name", metavar="NAME", help="the custodian's name, and that of the files")
    parser.add_argument(
        "--directory", type=Path, default=Path(), metavar="DIR", help="where the files go (default: here)"
    )
    parser.add_argument(
        "--size", type=int, choices=custodians.SIZES, default=custodians.SIZES[0], help="bits of the key (2048)"
    )
    parser.add_argument(
        "--subject", default=custodians.SUBJECT, help=f"the certificate's subject (default: {custodians.SUBJECT})"
    )
    parser.add_argument(
        "--dns",
        nargs="*",
        default=list(custodians.DNS_NAMES),
        metavar="NAME",
        help=f"the certificate's DNS names (default: {' '.join(custodians.DNS_NAMES)})",
    )
    parser.add_argument("--days", type=int, default=custodians.DAYS, help="validity (default: 365)")
    parser.add_argument("--unencrypted", action="store_true", help="without passphrase: for rehearsals only")
    passphrases.add_options(parser)


def run(options: argparse.Namespace) -> Report:
    """Makes both files or none. Raises CeremonyError."""
    if not _NAME.fullmatch(options.name):
        raise KeyFileError(f"{options.name!r}: a name of letters, digits, and ._@- is needed")
    if not 1 <= options.days <= _LONGEST_DAYS:
        raise KeyFileError(f"--days {options.days}: 1 to {_LONGEST_DAYS}")
    key_path = options.directory / f"{options.name}.key"
    certificate_path = key_path.with_name(f"{options.name}.cer")
    files.check_free(key_path, certificate_path)
    passphrase = None if options.unencrypted else passphrases.chosen(options, key_path)
    key = custodians.new_key(options.size)
    certificate = custodians.certificate_pem(key, options.subject, tuple(options.dns), options.days)
    _make_directory(options.directory)
    files.write_all_new(
        [
            (key_path, custodians.private_pem(key, passphrase), files.PRIVATE),
            (certificate_path, certificate, files.PUBLIC),
        ]
    )
    made = load_certificate(certificate_path)
    protection = "NOT encrypted: for rehearsals only" if options.unencrypted else "encrypted with the passphrase"
    return Report(
        document={
            "name": options.name,
            "key": str(key_path),
            "certificate": str(certificate_path),
            "bits": options.size,
            "subject": made.certificate.subject.rfc4514_string(),
            "thumbprint": made.thumbprint,
            "encrypted": passphrase is not None,
        },
        shown=(
            f"{key_path}: the private key, RSA {options.size}, {protection}. Keep it, and a copy in another safe.",
            f"{certificate_path}: the public certificate. Give it to whoever sets up the HSM.",
            f"Its thumbprint, by which a security domain will name you: {made.thumbprint}",
        ),
    )


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{directory}: cannot be made: {error.strerror}") from None
