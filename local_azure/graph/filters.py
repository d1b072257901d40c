"""The part of OData's ``$filter`` that look-ups of principals use.

Source: "Use the $filter query parameter", Microsoft Graph: ``eq``, ``startswith``, lambda ``any``, ``and``, ``or``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from local_azure.core.errors import ServiceError

_EQUALS = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_STARTS = re.compile(r"startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_ANY = re.compile(r"(\w+)/any\(\s*(\w+)\s*:\s*\2\s+eq\s+'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_OUTSIDE_QUOTES = r"(?=(?:[^']*'[^']*')*[^']*$)"
_AND = re.compile(r"\s+and\s+" + _OUTSIDE_QUOTES, re.IGNORECASE)
_OR = re.compile(r"\s+or\s+" + _OUTSIDE_QUOTES, re.IGNORECASE)


def matches(condition: str, item: Mapping[str, object]) -> bool:
    """Whether an item meets the condition; names and values compare without case. Raises ServiceError 400."""
    return any(all(_term(term.strip(), item) for term in _AND.split(part)) for part in _OR.split(condition))


def _term(term: str, item: Mapping[str, object]) -> bool:
    values = {name.lower(): value for name, value in item.items()}
    if match := _EQUALS.fullmatch(term):
        return str(values.get(match[1].lower(), "")).lower() == _text(match[2])
    if match := _STARTS.fullmatch(term):
        return str(values.get(match[1].lower(), "")).lower().startswith(_text(match[2]))
    if match := _ANY.fullmatch(term):
        listed = values.get(match[1].lower())
        return isinstance(listed, list) and any(str(each).lower() == _text(match[3]) for each in listed)
    raise ServiceError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {term}")


def _text(literal: str) -> str:
    return literal.replace("''", "'").lower()
