"""The record of a ceremony, for an auditor: JSON, the same in Markdown, and a signature over the JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ceremony.errors import KeyFileError
from ceremony.report import visible
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.verification import Verification
from data_plane.custody import Manifest

_KIND: Final = "security-domain-record"
_VERSION: Final = 1
SigningKey = RSAPrivateKey | EllipticCurvePrivateKey


def record(
    file: SecurityDomainFile,
    manifest: Manifest,
    copies: Sequence[Mapping[str, str]],
    verification: Verification | None,
    written_at: str,
) -> dict[str, Any]:
    """The record as plain JSON data. ``copies`` say where and how each was seen."""
    return {
        "kind": _KIND,
        "version": _VERSION,
        "written_at": written_at,
        "pool": {"id": manifest.hsm_id, "created_at": manifest.hsm_created_at},
        "security_domain": {
            "sha256": file.sha256,
            "bytes": file.size,
            "version": file.version,
            "quorum": file.required,
            "custodians": len(file.shares),
            "content": list(file.tags),
            "downloaded_at": manifest.downloaded_at,
            "downloaded_by": manifest.downloaded_by,
        },
        "custodians": [{"name": each.name, "thumbprint": each.thumbprint} for each in manifest.custody.custodians],
        "copies": [dict(each) for each in copies],
        "verified": None if verification is None else _verified(verification),
    }


def to_json(document: Mapping[str, Any]) -> bytes:
    """The text that is signed."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def to_markdown(document: Mapping[str, Any], name: str, signed: bool) -> bytes:
    """The record for people; ``name`` is the JSON file's."""
    domain, pool, verified = document["security_domain"], document["pool"], document["verified"]
    lines = [
        f"# Security domain of {_cell(str(pool['id']).rsplit('/', 1)[-1])}",
        "",
        *_table(
            ("", ""),
            (
                ("Pool", pool["id"]),
                ("Pool created", pool["created_at"]),
                ("Downloaded", f"{domain['downloaded_at']} by {domain['downloaded_by']}"),
                ("Quorum", f"{domain['quorum']} of {domain['custodians']}"),
                ("SHA-256", domain["sha256"]),
                ("Size", f"{domain['bytes']} bytes"),
                ("Content", ", ".join(domain["content"])),
                ("Opened by a quorum", _verified_words(verified)),
                ("Record written", document["written_at"]),
            ),
        ),
        "",
        "## Custodians",
        "",
        *_table(
            ("Name", "Certificate thumbprint (SHA-256, base64url)"),
            ((each["name"], each["thumbprint"]) for each in document["custodians"]),
        ),
        "",
        "## Copies",
        "",
        *_table(("Place", "How it was seen"), ((each["place"], each["seen"]) for each in document["copies"])),
        "",
        f"This text restates `{name}` (SHA-256 {hashlib.sha256(to_json(document)).hexdigest()}).",
        *_signature_words(name, signed),
    ]
    return ("\n".join(lines) + "\n").encode()


def sign(content: bytes, key: SigningKey) -> bytes:
    """RSASSA-PKCS1-v1_5 or ECDSA with SHA-256: ``openssl dgst -sha256 -verify`` takes both."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(content, PKCS1v15(), hashes.SHA256())
    return key.sign(content, ECDSA(hashes.SHA256()))


def signing_key(key: object, name: str) -> SigningKey:
    """Raises KeyFileError for a key that cannot sign a record."""
    if isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        return key
    raise KeyFileError(f"{name}: neither an RSA nor an elliptic-curve key; records are signed with one of these")


def public_pem(key: SigningKey) -> bytes:
    """The key that checks the signature."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _verified(verification: Verification) -> dict[str, Any]:
    opening = verification.opening
    return {
        "quorums_possible": opening.possible,
        "quorums_tried": len(opening.subsets),
        "quorums_that_open": sum(subset.opens for subset in opening.subsets),
        "custodians_present": [each.name for each in verification.custodians if each.present],
        "findings": [f"{each.severity}: {each.text}" for each in verification.findings],
    }


def _verified_words(verified: Mapping[str, Any] | None) -> str:
    if verified is None:
        return "not tried for this record"
    names = ", ".join(verified["custodians_present"])
    return f"{verified['quorums_that_open']} of {verified['quorums_tried']} quorums of {names}"


def _signature_words(name: str, signed: bool) -> Iterable[str]:
    if not signed:
        return ("", "It is not signed.")
    return (
        "",
        f"`{name}` is signed. To check it, with the signer's public key from a place you trust:",
        "",
        f"    openssl dgst -sha256 -verify signer.pem -signature {name}.sig {name}",
    )


def _table(columns: tuple[str, str], content: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"| {' | '.join(columns)} |",
        "|---|---|",
        *(f"| {' | '.join(_cell(str(cell)) for cell in row)} |" for row in content),
    ]


def _cell(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace("|", "\\|")
