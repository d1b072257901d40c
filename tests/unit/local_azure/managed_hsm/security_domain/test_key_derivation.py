from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st

from local_azure.managed_hsm.security_domain.key_derivation import derive


def test_the_known_vector() -> None:
    """The one that azure-cli checks its own derivation with."""
    found = derive(b"\x41" * 32, "label", "context", 256)
    assert found.hex() == "f0ca51f6308791404bf68b56024ee7c64d6c737716f81d47e1e68b5c4e399575"


@given(st.binary(min_size=32, max_size=32), st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=30))
def test_512_bits_are_one_block(key: bytes, label: str) -> None:
    assert derive(key, label) == hmac.digest(key, b"\0\0\0\1" + label.encode() + b"\0\0\0\2\0", "sha512")
