"""``inspect``: what a file says, without opening it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ceremony import files, shares, transfer_key
from ceremony.commands import given
from ceremony.private_keys import Certificate
from ceremony.report import Report, rows
from ceremony.security_domain_file import SecurityDomainFile, is_restore_blob, parse_restore_blob
from ceremony.verification import ERROR, verify
from data_plane.custody import Manifest

NAME: Final = "inspect"
HELP: Final = "show what a security-domain file says, and for whom it was made"
DESCRIPTION: Final = """\
Shows what a security-domain file says: quorum, custodians, content, hash. Opens nothing and needs no private key, so
it proves little: use verify for that. Reads restore blobs, as recover makes them, too.
"""
EXAMPLES: Final = """\
examples:
  python -m ceremony inspect SD.json --certificate alice.cer bob.cer carol.cer
  python -m ceremony inspect restore.json --transfer-key transfer.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    given.add_file(parser)
    given.add_certificates(parser)
    parser.add_argument(
        "--transfer-key", type=Path, metavar="FILE", help="of a restore blob: say whether it is for this transfer key"
    )


def run(options: argparse.Namespace) -> Report:
    """Raises CeremonyError."""
    content = files.read(options.file)
    if is_restore_blob(content):
        return _restore_blob(options, content)
    file, certificates = given.load_file(options), given.load_certificates(options)
    return _security_domain(options.file, file, certificates, given.load_manifest(options))


def _security_domain(
    path: Path, file: SecurityDomainFile, certificates: Sequence[Certificate], manifest: Manifest | None
) -> Report:
    verification = verify(file, [], certificates, manifest)
    forms = [_form(share.thumbprint, certificates) for share in file.shares]
    not_among = [
        each.name
        for each in certificates
        if all(shares.form_of(share.thumbprint, each) == shares.UNKNOWN for share in file.shares)
    ]
    findings = [f"{finding.severity}: {finding.text}" for finding in verification.findings]
    return Report(
        document={
            "file": str(path),
            "kind": "security domain",
            "version": file.version,
            "required": file.required,
            "shares": [
                {"number": each.number, "custodian": each.name, "thumbprint": each.thumbprint, "thumbprint_form": form}
                for each, form in zip(verification.custodians, forms, strict=True)
            ],
            "not_made_for": not_among,
            "tags": list(file.tags),
            "sha256": file.sha256,
            "bytes": file.size,
            "pool": manifest.hsm_id if manifest else None,
            "findings": findings,
        },
        shown=(
            f"{path}: a security domain (version {file.version}); {file.required} of {len(file.shares)} custodians "
            "open it",
            f"SHA-256  {file.sha256}",
            f"size     {file.size} bytes",
            f"content  {', '.join(file.tags)}",
            *_pool_lines(manifest),
            rows(
                ("share", "custodian", "thumbprint"),
                ((each.number, each.name or "?", each.thumbprint) for each in verification.custodians),
            ),
            *(f"not made for: {name}" for name in not_among),
            *findings,
        ),
        status=0 if all(finding.severity != ERROR for finding in verification.findings) else 1,
    )


def _form(thumbprint: str, certificates: Sequence[Certificate]) -> str:
    named = shares.named_by(thumbprint, certificates)
    return shares.UNKNOWN if named is None else shares.form_of(thumbprint, named)


def _pool_lines(manifest: Manifest | None) -> tuple[str, ...]:
    if manifest is None:
        return ("pool     not known: there is no manifest beside the file",)
    return (f"pool     {manifest.hsm_id}, created {manifest.hsm_created_at}", f"made     {manifest.downloaded_at}")


def _restore_blob(options: argparse.Namespace, content: bytes) -> Report:
    blob = parse_restore_blob(content, str(options.file))
    fits: bool | None = None
    answer = "not known; give --transfer-key"
    if options.transfer_key is not None:
        target = transfer_key.parse(files.read(options.transfer_key), str(options.transfer_key))
        fits = target.thumbprint == blob.transfer_thumbprint
        answer = f"{target.pool}, as given" if fits else f"NOT for {target.pool}: made for another transfer key"
    return Report(
        document={
            "file": str(options.file),
            "kind": "restore blob",
            "transfer_thumbprint": blob.transfer_thumbprint,
            "made_for_the_transfer_key": fits,
            "tags": list(blob.tags),
            "sha256": blob.sha256,
            "bytes": blob.size,
        },
        shown=(
            f"{options.file}: a restore blob, for one pool to take in",
            f"SHA-256  {blob.sha256}",
            f"content  {', '.join(blob.tags)}",
            f"target   {blob.transfer_thumbprint} ({answer})",
        ),
        status=1 if fits is False else 0,
    )
