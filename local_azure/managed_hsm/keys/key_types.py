"""Types, sizes, curves and operations of keys: what goes together and what is the default.

Sizes and curves: documentation "Key types, algorithms, and operations" of Managed HSM. Defaults and the turning of
``RSA``, ``EC`` and ``oct`` into their hardware types: recordings of 2024–2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.body import optional_integer, optional_list, optional_string, required_string

RSA, EC, OCT = "RSA-HSM", "EC-HSM", "oct-HSM"
_HARDWARE_TYPE = {"RSA": RSA, "EC": EC, "oct": OCT, RSA: RSA, EC: EC, OCT: OCT}

RSA_SIZES = (2048, 3072, 4096)
OCT_SIZES = (128, 192, 256)
CURVE_SIZES = {"P-256": 256, "P-384": 384, "P-521": 521, "P-256K": 256}
DEFAULT_PUBLIC_EXPONENT = 65537

DEFAULT_OPERATIONS = {
    RSA: ("wrapKey", "decrypt", "encrypt", "unwrapKey", "sign", "verify"),
    EC: ("verify", "deriveKey", "sign"),
    OCT: ("deriveKey", "wrapKey", "verify", "sign", "unwrapKey", "encrypt", "decrypt"),
}
"""What a key may do when the request does not say, in the order that the service answers."""

_EXCHANGE = "import"
"""Marks an RSA key that only receives others (bring your own key); it stands alone."""


@dataclass(frozen=True)
class KeyType:
    """What kind of key a request asks for."""

    kty: str
    size: int
    """Bits: of the modulus, of the curve's field, of the secret."""
    curve: str | None = None
    public_exponent: int = DEFAULT_PUBLIC_EXPONENT


def hardware_type(name: str) -> str:
    """``RSA-HSM`` of ``RSA-HSM`` or ``RSA``, and so on; BadParameter for any other name."""
    if name not in _HARDWARE_TYPE:
        raise bad_parameter(f"Property kty has invalid value {name}")
    return _HARDWARE_TYPE[name]


def requested_type(body: JsonObject) -> KeyType:
    """Of the body of a request to create a key."""
    kty = hardware_type(required_string(body, "kty"))
    size = optional_integer(body, "key_size")
    curve = optional_string(body, "crv")
    exponent = optional_integer(body, "public_exponent")
    if curve is not None and kty != EC:
        raise bad_parameter(f"Property crv does not apply to keys of type {kty}")
    if exponent is not None and kty != RSA:
        raise bad_parameter(f"Property public_exponent does not apply to keys of type {kty}")
    if kty == EC:
        return _elliptic(curve or "P-256", size)
    return _sized(kty, size, exponent)


def _elliptic(curve: str, size: int | None) -> KeyType:
    if curve not in CURVE_SIZES:
        raise bad_parameter(f"Property crv has invalid value {curve}")
    if size is not None and size != CURVE_SIZES[curve]:
        raise bad_parameter(f"Property key_size {size} does not fit curve {curve}")
    return KeyType(EC, CURVE_SIZES[curve], curve)


def _sized(kty: str, size: int | None, exponent: int | None) -> KeyType:
    sizes, default = (RSA_SIZES, 2048) if kty == RSA else (OCT_SIZES, 256)
    chosen = default if size is None else size
    if chosen not in sizes:
        raise bad_parameter(f"Property key_size has invalid value {chosen} for keys of type {kty}")
    public_exponent = DEFAULT_PUBLIC_EXPONENT if exponent is None else exponent
    if public_exponent < 3 or public_exponent % 2 == 0:
        raise bad_parameter(f"Property public_exponent has invalid value {public_exponent}")
    return KeyType(kty, chosen, public_exponent=public_exponent)


def requested_operations(body: JsonObject, kty: str) -> list[str] | None:
    """The ``key_ops`` of a request without repetitions, None where it has none; refused where the type cannot."""
    listed = optional_list(body, "key_ops")
    if listed is None:
        return None
    operations = list(dict.fromkeys(_checked(operation, kty) for operation in listed))
    if _EXCHANGE in operations and len(operations) > 1:
        raise bad_parameter("Operation import cannot be combined with other operations")
    return operations


def _checked(operation: object, kty: str) -> str:
    allowed: Sequence[str] = DEFAULT_OPERATIONS[kty] + ((_EXCHANGE,) if kty == RSA else ())
    if not isinstance(operation, str) or operation not in allowed:
        raise bad_parameter(f"Operation {operation} is not supported for keys of type {kty}")
    return operation
