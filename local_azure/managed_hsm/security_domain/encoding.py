"""Base64 in the two spellings that JOSE uses, read strictly."""

from __future__ import annotations

import base64


def base64url(data: bytes) -> str:
    """RFC 4648, section 5, without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_integer(number: int) -> str:
    """An integer as JWK members hold it: big-endian in as few octets as it takes (RFC 7518, section 2)."""
    return base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def from_base64url(text: str) -> bytes:
    """The octets behind ``text``. Raises ValueError for any other text than :func:`base64url` would make of them."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise ValueError("not base64url") from error
    if base64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def from_base64(text: str) -> bytes:
    """The octets behind standard base64, whose padding may be missing. Raises ValueError."""
    try:
        return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), validate=True)
    except ValueError as error:
        raise ValueError("not base64") from error
