"""Base64url as JSON Web formats have it (RFC 7515, section 2), and JSON that is read with care."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Final

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*")


def base64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The octets; exactly one text stands for them.

    Raises ValueError for padding, foreign characters and set bits that mean nothing: an altered character must never
    pass unseen.
    """
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("not base64url without padding")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise ValueError("not base64url as it is written")
    return data


def json_object(content: bytes | str) -> dict[str, Any]:
    """The JSON object in UTF-8 text, with or without a byte-order mark. Raises ValueError, with the place."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        document = json.loads(text, object_pairs_hook=_once_each)
    except UnicodeDecodeError:
        raise ValueError("not text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON of any use: nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member is there twice")
    return made
