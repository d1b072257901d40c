"""Putting the custodians' shares together: Shamir's secret sharing, octet by octet, modulo the prime 257.

A share is a little-endian 16-bit word for each octet of the secret: the custodian's x in the upper seven bits, the
value of the polynomial there, 0 to 256, in the lower nine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

PRIME: Final = 257
MOST_SHARES: Final = 126
"""The place has seven bits; 127 is left out, as the clients leave it out."""
_VALUE_BITS: Final = 9
_WORD_BYTES: Final = 2


@dataclass(frozen=True)
class Share:
    """One custodian's share."""

    x: int
    """At which place the polynomials were taken, 1 to 126."""
    values: tuple[int, ...] = field(repr=False)


def decode(data: bytes) -> Share:
    """The share in its octets. Raises ValueError."""
    words = [int.from_bytes(data[at : at + _WORD_BYTES], "little") for at in range(0, len(data), _WORD_BYTES)]
    places = {word >> _VALUE_BITS for word in words}
    values = tuple(word & ((1 << _VALUE_BITS) - 1) for word in words)
    if len(data) % _WORD_BYTES or len(places) != 1 or places & {0, MOST_SHARES + 1} or any(v >= PRIME for v in values):
        raise ValueError("not a share: its words do not belong together")
    return Share(places.pop(), values)


def combine(shares: Sequence[Share]) -> bytes:
    """The secret that exactly these shares make: Lagrange interpolation at zero.

    Raises ValueError where two stand at the same place, lengths differ, or the result is no octet. Too few shares, or
    a wrong one, mostly give another secret and no error: whoever opens something with it finds out.
    """
    places = [share.x for share in shares]
    if len(set(places)) != len(places) or not places:
        raise ValueError("the shares do not stand at different places")
    if len({len(share.values) for share in shares}) != 1:
        raise ValueError("the shares are of different lengths")
    weights = [_weight(place, places) for place in places]
    rows = zip(*(share.values for share in shares), strict=True)
    octets = [sum(weight * value for weight, value in zip(weights, row, strict=True)) % PRIME for row in rows]
    if max(octets) >= PRIME - 1:
        raise ValueError("the shares make no octets")
    return bytes(octets)


def _weight(place: int, places: Sequence[int]) -> int:
    above = below = 1
    for other in places:
        if other != place:
            above = above * other % PRIME
            below = below * (other - place) % PRIME
    return above * pow(below, -1, PRIME) % PRIME
