"""Shamir's secret sharing over the integers modulo 257, as the security domain uses it.

Each octet of the secret is the constant term of a polynomial of its own. Share number ``x`` holds, for every octet, the
16-bit word ``x << 9 | f(x)``, little-endian: values go up to 256, hence nine bits. Follows azure-powershell's
``SecurityDomain/Crypto/shared_secret.cs``, whose shares azure-cli's decoder takes.
"""

from __future__ import annotations

import secrets
import struct

PRIME = 257
MOST_SHARES = 126
"""``x`` has seven bits; 127 is left out as the clients leave it out."""


def split(secret: bytes, shares: int, required: int) -> list[bytes]:
    """``shares`` shares of two octets for each of the secret's, any ``required`` of which give it back.

    Raises ValueError unless 2 ≤ required ≤ shares ≤ 126.
    """
    if not 2 <= required <= shares <= MOST_SHARES:
        raise ValueError(f"{required} of {shares} shares: between 2 and {MOST_SHARES}, no more than there are")
    polynomials = [[octet, *(secrets.randbelow(PRIME) for _ in range(required - 1))] for octet in secret]
    return [_share(x, polynomials) for x in range(1, shares + 1)]


def _share(x: int, polynomials: list[list[int]]) -> bytes:
    return struct.pack(f"<{len(polynomials)}H", *(x << 9 | _value(polynomial, x) for polynomial in polynomials))


def _value(polynomial: list[int], x: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = (value * x + coefficient) % PRIME
    return value
