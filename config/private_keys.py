"""Looking at private keys: the PEM to import, and keys that must not lie beside a custodian's certificate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from config.certificates import fingerprint
from config.files import UnusableFile, read_file
from data_plane import key_material
from data_plane.key_limits import CURVES

_KEY_FILE_ENDINGS = frozenset({".key", ".p12", ".pfx"})
_MARK = b"PRIVATE KEY-----"
_DER_SEQUENCE = b"\x30"


@dataclass(frozen=True)
class PrivateKeyKind:
    """What kind of private key a file has: its key type in the HSM, and its size in bits or its curve."""

    type: str
    size: int | None = None
    curve: str | None = None


def kind_of_private_key(path: Path, passphrase: str | None = None) -> PrivateKeyKind:
    """The kind of the one key in a file in PEM or DER, or of a symmetric key's bytes; certificates beside it are fine.

    Raises :class:`UnusableFile` where there is none, several, one that the passphrase does not open, or one that no
    HSM key type takes.
    """
    content = read_file(path)
    if key_material.is_symmetric(content):
        return PrivateKeyKind("oct-HSM", size=8 * len(content))
    count = content.count(b"-----BEGIN ") and content.count(_MARK) // 2
    if not count and not content.startswith(_DER_SEQUENCE):
        raise UnusableFile("has no private key in PEM or DER in it, and not the 16, 24 or 32 bytes of a symmetric key")
    if count > 1:
        raise UnusableFile(f"has {count} private keys in it")
    if _encrypted(content) and passphrase is None:
        raise UnusableFile("is encrypted with a passphrase")
    key = _load(content, passphrase)
    if key is None and passphrase is not None:
        raise UnusableFile("is not opened by its passphrase, or is not encrypted")
    if isinstance(key, RSAPrivateKey):
        return PrivateKeyKind("RSA-HSM", size=key.key_size)
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return PrivateKeyKind("EC-HSM", curve=CURVES[key.curve.name])
    if key is None:
        raise UnusableFile("has no private key in it that can be read")
    raise UnusableFile("has a private key of a kind that no HSM key can be")


def private_keys_beside(certificates: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, Path]]:
    """Pairs of a certificate's file and a file in its directory that holds its private key, or likely does.

    ``certificates`` are files with the fingerprints of their public keys. A key that can be read is compared with all
    of them. One that cannot (encrypted, or PKCS#12) counts when it is named like the certificate.
    """
    by_directory: dict[Path, list[tuple[Path, str]]] = {}
    for path, public_key in certificates:
        by_directory.setdefault(path.parent, []).append((path, public_key))
    files_of_keys = {public_key: path for group in by_directory.values() for path, public_key in group}
    for directory, group in by_directory.items():
        names = {path.stem: path for path, _ in group}
        for candidate in _files(directory):
            if candidate in names.values():
                continue
            owner = _owner(candidate, files_of_keys, names)
            if owner is not None:
                yield owner, candidate


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(entry for entry in directory.iterdir() if entry.is_file())
    except OSError:
        return []


def _owner(candidate: Path, files_of_keys: dict[str, Path], names: dict[str, Path]) -> Path | None:
    try:
        content = read_file(candidate)
    except UnusableFile:
        return None
    key = _load(content) if _MARK in content or content.startswith(_DER_SEQUENCE) else None
    if key is not None:
        return files_of_keys.get(fingerprint(key.public_key()))
    if _encrypted(content) or candidate.suffix.lower() in _KEY_FILE_ENDINGS:
        return names.get(candidate.stem)
    return None


def _encrypted(content: bytes) -> bool:
    return b"BEGIN ENCRYPTED PRIVATE KEY-----" in content or b"Proc-Type: 4,ENCRYPTED" in content


def _load(content: bytes, passphrase: str | None = None) -> Any:
    """The private key, or None where there is none that opens with the passphrase, or without where there is none."""
    load = load_pem_private_key if _MARK in content else load_der_private_key
    password = None if passphrase is None else passphrase.encode()
    try:
        # Whether the numbers of an RSA key fit together takes 40 ms to find out; the service does so when it imports.
        return load(content, password=password, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
