"""Keys of the security domain's data: NIST SP 800-108, counter mode, with HMAC-SHA-512."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode


def derive(key: bytes, label: str, context: str = "", bits: int = 512) -> bytes:
    """``bits`` bits of ``HMAC(key, counter || label || 00 || context || bits)``, counter and length as 32 bits."""
    function = KBKDFHMAC(
        algorithm=hashes.SHA512(),
        mode=Mode.CounterMode,
        length=bits // 8,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label.encode(),
        context=context.encode(),
        fixed=None,
    )
    return function.derive(key)
