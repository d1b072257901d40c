"""``verify``: whether a quorum can really open a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ceremony.commands import given
from ceremony.report import DONE, INCOMPLETE, WRONG, Report, Rows, rows
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.verification import Verification, verify

NAME: Final = "verify"
HELP: Final = "prove that a quorum opens a security-domain file"
DESCRIPTION: Final = """\
Opens a security domain with the private keys at hand, in memory, and checks every integrity tag. With more keys than
the quorum needs, every possible quorum is tried. Says which custodians were not there.

One machine that sees a quorum's keys could open the security domain: use one that is offline and is wiped afterwards.
"""
EXAMPLES: Final = """\
examples:
  python -m ceremony verify SD.json --key alice.key bob.key
  python -m ceremony verify SD.json --key alice.key bob.key carol.key --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    given.add_file(parser)
    given.add_keys(parser)
    given.add_certificates(parser)


def run(options: argparse.Namespace) -> Report:
    """Raises CeremonyError for what cannot be read; what a file or key is shows in the report."""
    file, manifest = given.load_file(options), given.load_manifest(options)
    keys, certificates = given.load_keys(options), given.load_certificates(options)
    verification = verify(file, keys, certificates, manifest)
    return Report(
        document=_document(options.file, file, verification),
        shown=(*_lines(options.file, file, verification),),
        status=DONE if verification.holds else INCOMPLETE if verification.sound else WRONG,
    )


def _document(path: Path, file: SecurityDomainFile, verification: Verification) -> dict[str, object]:
    opening = verification.opening
    return {
        "file": str(path),
        "sha256": file.sha256,
        "holds": verification.holds,
        "required": verification.required,
        "still_needed": verification.still_needed,
        "custodians": [
            {"number": each.number, "name": each.name, "thumbprint": each.thumbprint, "present": each.present}
            for each in verification.custodians
        ],
        "keys": [{"name": each.name, "share": each.opened, "problem": each.problem} for each in verification.keys],
        "quorums": {
            "possible": opening.possible,
            "tried": len(opening.subsets),
            "open": sum(subset.opens for subset in opening.subsets),
        },
        "data": [{"tag": each.tag, "opened": each.content is not None} for each in opening.data],
        "findings": [{"severity": each.severity, "text": each.text} for each in verification.findings],
    }


def _lines(path: Path, file: SecurityDomainFile, verification: Verification) -> tuple[str | Rows, ...]:
    table = rows(
        ("share", "custodian", "thumbprint", "key"),
        (
            (each.number, each.name or "?", each.thumbprint, "opens it" if each.present else "not here")
            for each in verification.custodians
        ),
    )
    findings = (f"{finding.severity}: {finding.text}" for finding in verification.findings)
    return (f"{path}: SHA-256 {file.sha256}", table, *findings, _verdict(verification))


def _verdict(verification: Verification) -> str:
    opening = verification.opening
    if not verification.sound:
        return "WRONG: see above"
    missing = ", ".join(each.name or f"share {each.number}" for each in verification.missing)
    if verification.still_needed:
        return f"NOT PROVED: {verification.still_needed} more of {missing} needed"
    tried = f"{len(opening.subsets)} of {opening.possible} quorums of {verification.required} tried: all open it"
    absent = f"; not here: {missing}" if missing else ""
    return f"HOLDS: {tried}, every integrity tag matches{absent}"
