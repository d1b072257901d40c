"""Typed reading of request bodies: what is missing or of the wrong type is refused by name.

A member that is ``null`` counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.security_domain.encoding import from_base64url

_INTEGER_MAXIMUM = 253_402_300_799
"""The last second of the year 9999: times go beyond the 32 bits of the description (recorded: 2524723200)."""


def optional_string(body: Mapping[str, Any], name: str) -> str | None:
    """The text, or None."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_parameter(f"Property {name} must be a string")
    return value


def required_string(body: Mapping[str, Any], name: str) -> str:
    """The text, which must not be empty."""
    value = optional_string(body, name)
    if not value:
        raise bad_parameter(f"Property {name} is required")
    return value


def optional_integer(body: Mapping[str, Any], name: str) -> int | None:
    """The whole number, not negative, or None."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INTEGER_MAXIMUM:
        raise bad_parameter(f"Property {name} must be a whole number, not negative")
    return value


def optional_boolean(body: Mapping[str, Any], name: str) -> bool | None:
    """True, False or None."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_parameter(f"Property {name} must be a boolean")
    return value


def optional_object(body: Mapping[str, Any], name: str) -> JsonObject | None:
    """The JSON object, or None."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_parameter(f"Property {name} must be an object")
    return value


def optional_list(body: Mapping[str, Any], name: str) -> list[Any] | None:
    """The JSON array, or None."""
    value = body.get(name)
    if value is not None and not isinstance(value, list):
        raise bad_parameter(f"Property {name} must be an array")
    return value


def optional_bytes(body: Mapping[str, Any], name: str) -> bytes | None:
    """What the base64url text stands for, or None."""
    text = optional_string(body, name)
    if text is None:
        return None
    try:
        return from_base64url(text)
    except ValueError:
        raise bad_parameter(f"Property {name} is not base64url") from None


def required_bytes(body: Mapping[str, Any], name: str) -> bytes:
    """What the base64url text stands for, which must be there but may be empty."""
    value = optional_bytes(body, name)
    if value is None:
        raise bad_parameter(f"Property {name} is required")
    return value
