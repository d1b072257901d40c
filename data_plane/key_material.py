"""Key material in files. It is read at the moment of the import and never kept, logged or shown.

A file holds an RSA or EC private key in PEM or DER (with a passphrase or without), a symmetric key as its bytes, or,
named ``.byok``, a key transfer blob (see :mod:`data_plane.key_transfer`).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_plane import key_transfer
from data_plane.errors import KeyMaterialError
from data_plane.key_limits import CURVES, SIZES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_COORDINATE_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "P-256K": 32}


_SYMMETRIC, _TRANSFER = "oct:", "byok:"
_DER_SEQUENCE = b"\x30"


@dataclass(frozen=True)
class PublicFacts:
    """What may be known of a key to import."""

    key_type: str | None
    """``RSA-HSM``, ``EC-HSM`` or ``oct-HSM``; None for a transfer blob, which does not tell."""
    size: int | None
    curve: str | None
    fingerprint: str
    """The public key's thumbprint (RFC 7638); of a symmetric key ``oct:`` and its thumbprint; of a transfer blob
    ``byok:`` and the hash of the blob."""


def public_thumbprint(fingerprint: str | None) -> str | None:
    """The public key's thumbprint that a fingerprint is, None where it is that of something without a public key."""
    return None if fingerprint is None or ":" in fingerprint else fingerprint


def thumbprint(*, n: int | None = None, e: int | None = None, curve: str = "", x: bytes = b"", y: bytes = b"") -> str:
    """The JWK thumbprint of a public key with SHA-256 (RFC 7638), base64url without padding.

    An RSA key by its modulus and exponent, an elliptic one by curve and coordinates. P-256K is called secp256k1, as
    RFC 8812 has it.
    """
    if n is not None and e is not None:
        members = {"e": _number(e), "kty": "RSA", "n": _number(n)}
    else:
        crv = "secp256k1" if curve == "P-256K" else curve
        length = _COORDINATE_BYTES[curve]
        x, y = x.rjust(length, b"\0"), y.rjust(length, b"\0")
        members = {"crv": crv, "kty": "EC", "x": _base64url(x), "y": _base64url(y)}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode()).digest())


def inspect(path: Path, passphrase: str | None = None) -> PublicFacts:
    """What the key in the file is. Raises KeyMaterialError."""
    content = _content(path)
    if key_transfer.is_transfer_file(path):
        return PublicFacts(None, None, None, _TRANSFER + _base64url(hashlib.sha256(content).digest()))
    if is_symmetric(content):
        return PublicFacts("oct-HSM", 8 * len(content), None, _SYMMETRIC + _symmetric_thumbprint(content))
    return _facts(path, _load(path, content, passphrase))


def json_web_key(path: Path, spec_type: str, fingerprint: str, passphrase: str | None = None) -> dict[str, Any]:
    """The key as the service's import takes it, with big-endian bytes; ``spec_type`` says what a transfer blob holds.

    Raises KeyMaterialError, also where the file is no longer the one whose fingerprint was taken.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if inspect(path, passphrase).fingerprint != fingerprint:
        raise KeyMaterialError(f"{path}: holds another key than when it was checked; run again")
    content = _content(path)
    if key_transfer.is_transfer_file(path):
        return {"kty": spec_type, "t": content}
    if is_symmetric(content):
        return {"kty": "oct-HSM", "k": content}
    key = _load(path, content, passphrase)
    return _rsa_members(key) if isinstance(key, RSAPrivateKey) else _ec_members(key)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyMaterialError(f"{path}: cannot be read: {error.strerror}") from None


def is_symmetric(content: bytes) -> bool:
    """The bytes of a symmetric key; text of that length is rather a key that somebody has encoded."""
    return 8 * len(content) in SIZES["oct-HSM"] and not all(0x20 <= each < 0x7F or each in b"\r\n" for each in content)


def _symmetric_thumbprint(secret: bytes) -> str:
    """RFC 7638 of a symmetric key, which tells nothing of random bytes (section 7)."""
    text = json.dumps({"k": _base64url(secret), "kty": "oct"}, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())


def _load(path: Path, content: bytes, passphrase: str | None) -> RSAPrivateKey | EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

    read = load_der_private_key if content.startswith(_DER_SEQUENCE) else load_pem_private_key
    try:
        key = read(content, password=None if passphrase is None else passphrase.encode())
    except TypeError:
        raise KeyMaterialError(f"{path}: {_wrong_passphrase(passphrase)}") from None
    except (ValueError, UnsupportedAlgorithm):
        cause = "no private key in PEM or DER" if passphrase is None else "the passphrase opens no private key in it"
        raise KeyMaterialError(f"{path}: {cause}") from None
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return key
    raise KeyMaterialError(f"{path}: the service imports RSA, elliptic-curve and symmetric keys only")


def _wrong_passphrase(given: str | None) -> str:
    if given is not None:
        return "the private key is not encrypted; give no passphrase"
    return "the private key is encrypted; give its passphrase (importPassphrases or passphraseVariable)"


def _facts(path: Path, key: RSAPrivateKey | EllipticCurvePrivateKey) -> PublicFacts:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(key, RSAPrivateKey):
        if key.key_size not in SIZES["RSA-HSM"]:
            raise KeyMaterialError(f"{path}: an RSA key of {key.key_size} bits; accepted are 2048, 3072 and 4096")
        rsa_numbers = key.public_key().public_numbers()
        return PublicFacts("RSA-HSM", key.key_size, None, thumbprint(n=rsa_numbers.n, e=rsa_numbers.e))
    curve = CURVES.get(key.curve.name)
    if curve is None:
        raise KeyMaterialError(f"{path}: curve {key.curve.name}; accepted are {', '.join(CURVES.values())}")
    numbers, length = key.public_key().public_numbers(), (key.key_size + 7) // 8
    x, y = numbers.x.to_bytes(length), numbers.y.to_bytes(length)
    return PublicFacts("EC-HSM", None, curve, thumbprint(curve=curve, x=x, y=y))


def _rsa_members(key: RSAPrivateKey) -> dict[str, Any]:
    numbers = key.private_numbers()
    members = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return {"kty": "RSA-HSM", **{name: _bytes(value) for name, value in members.items()}}


def _ec_members(key: EllipticCurvePrivateKey) -> dict[str, Any]:
    numbers, length = key.private_numbers(), (key.key_size + 7) // 8
    members = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    return {
        "kty": "EC-HSM",
        "crv": CURVES[key.curve.name],
        **{name: value.to_bytes(length) for name, value in members.items()},
    }


def _bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def _number(value: int) -> str:
    return _base64url(_bytes(value))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
