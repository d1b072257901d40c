"""Key material in PEM files. It is read at the moment of the import and never kept, logged or shown."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_plane.errors import KeyMaterialError
from data_plane.key_limits import CURVES, SIZES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_COORDINATE_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "P-256K": 32}


@dataclass(frozen=True)
class PublicFacts:
    """What may be known of a private key."""

    key_type: str
    """``RSA-HSM`` or ``EC-HSM``."""
    size: int | None
    curve: str | None
    thumbprint: str


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


def inspect(path: Path) -> PublicFacts:
    """What the PEM file's private key is. Raises KeyMaterialError."""
    return _facts(path, _load(path))


def json_web_key(path: Path, expected_thumbprint: str) -> dict[str, Any]:
    """The private key as the service's import takes it, with big-endian bytes.

    Raises KeyMaterialError, also where the file is no longer the one whose thumbprint was taken.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = _load(path)
    if _facts(path, key).thumbprint != expected_thumbprint:
        raise KeyMaterialError(f"{path}: holds another key than when it was checked; run again")
    return _rsa_members(key) if isinstance(key, RSAPrivateKey) else _ec_members(key)


def _load(path: Path) -> RSAPrivateKey | EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyMaterialError(f"{path}: cannot be read: {error.strerror}") from None
    except TypeError:
        raise KeyMaterialError(f"{path}: the private key is encrypted; give one that is not") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyMaterialError(f"{path}: no private key in PEM") from None
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return key
    raise KeyMaterialError(f"{path}: the service imports RSA and elliptic-curve keys only")


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
