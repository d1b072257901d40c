"""The keys of a security domain's data, derived from its master key.

Source: NIST SP 800-108, key derivation in counter mode, here with HMAC-SHA-512 and a 32-bit counter before the label;
the label is the datum's tag and the context empty. At most one block is ever needed.
"""

from __future__ import annotations

import hmac
from typing import Final

MASTER_KEY_BYTES: Final = 32
_BLOCK_BITS: Final = 512


def derive(master_key: bytes, label: str, context: str = "", bits: int = _BLOCK_BITS) -> bytes:
    """``bits`` bits, a multiple of 8 up to 512, for one label. Raises ValueError for other lengths."""
    if bits % 8 or not 0 < bits <= _BLOCK_BITS:
        raise ValueError(f"{bits} bits: a multiple of 8 up to {_BLOCK_BITS} is possible")
    message = (1).to_bytes(4) + label.encode() + b"\0" + context.encode() + bits.to_bytes(4)
    return hmac.digest(master_key, message, "sha512")[: bits // 8]
