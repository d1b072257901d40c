"""The secret inside: generated, taken from a JSON Web Key (RFC 7517, RFC 7518 section 6), and its public part."""

from __future__ import annotations

import base64
import math
import secrets
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys import key_types
from local_azure.managed_hsm.keys.body import optional_bytes, required_bytes, required_string
from local_azure.managed_hsm.keys.key_types import EC, OCT, RSA, KeyType
from local_azure.managed_hsm.security_domain.encoding import base64url

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "P-256K": ec.SECP256K1,
}
_IMPORTED_OCT_LENGTHS = (16, 24, 32, 48, 64)
_OCT_LENGTH_MAXIMUM = 64


@dataclass(frozen=True, repr=False)
class Material:
    """A key's material; it has no text form, so that it cannot slip into a log."""

    type: KeyType
    secret: bytes
    """PKCS #8 in DER of an RSA or EC key, the bytes of a symmetric one."""
    public: dict[str, str]
    """Public members of its JSON Web Key: n and e, or crv, x and y, or none."""

    def stored(self) -> str:
        """The secret as the store keeps it."""
        return base64.b64encode(self.secret).decode("ascii")


def unsigned(number: int, length: int | None = None) -> str:
    """Base64url of the number's octets, in the shortest form unless ``length`` in bytes is given (RFC 7518)."""
    return base64url(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


def generate(key_type: KeyType) -> Material:
    """Fresh material. Takes 0.1 to 2 s for RSA: never inside a transaction of the store."""
    if key_type.kty == RSA:
        return _of_rsa(_generate_rsa(key_type.size, key_type.public_exponent))
    if key_type.kty == EC:
        return _of_ec(ec.generate_private_key(_CURVES[key_type.curve or "P-256"]()))
    return Material(key_type, secrets.token_bytes(key_type.size // 8), {})


def _generate_rsa(size: int, public_exponent: int) -> rsa.RSAPrivateKey:
    # The library only takes the exponents 3 and 65537; the service takes any odd one (recorded: 17).
    while True:
        key = rsa.generate_private_key(65537, size)
        if public_exponent == 65537:
            return key
        numbers = key.private_numbers()
        if math.gcd(public_exponent, (numbers.p - 1) * (numbers.q - 1)) == 1:
            return _rsa_key(numbers.p, numbers.q, public_exponent)


def _rsa_key(p: int, q: int, e: int) -> rsa.RSAPrivateKey:
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(e=e, n=p * q),
    ).private_key()


def from_json_web_key(jwk: JsonObject) -> Material:
    """Of an import; BadParameter where the JSON Web Key is incomplete, contradicts itself or is of no size served."""
    kty = key_types.hardware_type(required_string(jwk, "kty"))
    if kty == RSA:
        return _import_rsa(jwk)
    if kty == EC:
        return _import_ec(jwk)
    return _import_oct(jwk)


def _import_rsa(jwk: JsonObject) -> Material:
    n, e, d, p, q = (int.from_bytes(required_bytes(jwk, name), "big") for name in ("n", "e", "d", "p", "q"))
    try:
        numbers = rsa.RSAPrivateNumbers(
            p=p,
            q=q,
            d=d,
            dmp1=_number(jwk, "dp") or rsa.rsa_crt_dmp1(d, p),
            dmq1=_number(jwk, "dq") or rsa.rsa_crt_dmq1(d, q),
            iqmp=_number(jwk, "qi") or rsa.rsa_crt_iqmp(p, q),
            public_numbers=rsa.RSAPublicNumbers(e=e, n=n),
        )
        key = numbers.private_key()
    except (ValueError, ZeroDivisionError, OverflowError):
        raise bad_parameter("JSON Web Key: the members of the RSA key do not fit together") from None
    if key.key_size not in key_types.RSA_SIZES:
        raise bad_parameter(f"JSON Web Key: RSA keys of {key.key_size} bits are not supported")
    return _of_rsa(key)


def _number(jwk: JsonObject, name: str) -> int | None:
    value = optional_bytes(jwk, name)
    return None if value is None else int.from_bytes(value, "big")


def _import_ec(jwk: JsonObject) -> Material:
    curve = required_string(jwk, "crv")
    if curve not in _CURVES:
        raise bad_parameter(f"Property crv has invalid value {curve}")
    x, y, d = (int.from_bytes(required_bytes(jwk, name), "big") for name in ("x", "y", "d"))
    try:
        public = ec.EllipticCurvePublicNumbers(x, y, _CURVES[curve]())
        return _of_ec(ec.EllipticCurvePrivateNumbers(d, public).private_key())
    except ValueError:
        raise bad_parameter("JSON Web Key: the members of the EC key do not fit together") from None


def _import_oct(jwk: JsonObject) -> Material:
    return of_symmetric(required_bytes(jwk, "k"))


def of_symmetric(secret: bytes) -> Material:
    """Of a symmetric key's bytes; BadParameter where there are too few or too many."""
    if len(secret) > _OCT_LENGTH_MAXIMUM:
        raise bad_parameter(f"JSON Web Key: k property of oct key is too large, maximum size is {_OCT_LENGTH_MAXIMUM}")
    if len(secret) not in _IMPORTED_OCT_LENGTHS:
        raise bad_parameter(f"JSON Web Key: oct keys of {len(secret) * 8} bits are not supported")
    return Material(KeyType(OCT, len(secret) * 8), secret, {})


def of_private_key(key: object) -> Material:
    """Of a private key; BadParameter where it is of no type, size or curve that is served."""
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size in key_types.RSA_SIZES:
        return _of_rsa(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, tuple(_CURVES.values())):
        return _of_ec(key)
    raise bad_parameter("The private key is of a type, size or curve that is not supported")


def _of_rsa(key: rsa.RSAPrivateKey) -> Material:
    numbers = key.public_key().public_numbers()
    public = {"n": unsigned(numbers.n), "e": unsigned(numbers.e)}
    return Material(KeyType(RSA, key.key_size, public_exponent=numbers.e), _pkcs8(key), public)


def _of_ec(key: ec.EllipticCurvePrivateKey) -> Material:
    numbers = key.public_key().public_numbers()
    curve = next(name for name, kind in _CURVES.items() if isinstance(key.curve, kind))
    length = (key.curve.key_size + 7) // 8
    public = {
        "crv": curve,
        "x": unsigned(numbers.x, length),
        "y": unsigned(numbers.y, length),
    }
    return Material(KeyType(EC, key_types.CURVE_SIZES[curve], curve), _pkcs8(key), public)


def _pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def secret_bytes(stored: str) -> bytes:
    """The secret of what :meth:`Material.stored` gave."""
    return base64.b64decode(stored)


def rsa_private_key(stored: str) -> rsa.RSAPrivateKey:
    """Of a stored RSA secret; it was checked when it came in, so the slow check is left out."""
    key = serialization.load_der_private_key(secret_bytes(stored), None, unsafe_skip_rsa_key_validation=True)
    return cast(rsa.RSAPrivateKey, key)


def ec_private_key(stored: str) -> ec.EllipticCurvePrivateKey:
    """Of a stored EC secret."""
    return cast(ec.EllipticCurvePrivateKey, serialization.load_der_private_key(secret_bytes(stored), None))
