"""Lists: filters and pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

from local_azure.arm.errors import bad_request
from local_azure.core.http import JsonObject, Request, Response, json_response

PAGE = 1000
"""Most items that a page has."""

Reader = Callable[[JsonObject], Iterable[str]]

_CLAUSE = re.compile(r"\s*([\w/.]+)\s+eq\s+(?:'((?:[^']|'')*)'|(\w+))\s*", re.IGNORECASE)
_SUBSTRING = re.compile(r"\s*substringof\(\s*'((?:[^']|'')*)'\s*,\s*([\w/.]+)\s*\)\s*", re.IGNORECASE)


def page(request: Request, items: list[JsonObject]) -> Response:
    """The page that the request asks for, with ``nextLink`` where there are more; ``$top`` is the page's length."""
    start = _token_position(request.query.get("$skiptoken") or request.query.get("$skipToken"))
    length = _top(request.query.get("$top"))
    body: JsonObject = {"value": items[start : start + length]}
    if start + length < len(items):
        token = base64.urlsafe_b64encode(str(start + length).encode()).decode()
        query = {name: value for name, value in request.query.items() if name.lower() != "$skiptoken"}
        body["nextLink"] = f"https://{request.host}{request.path}?{urlencode({**query, '$skiptoken': token})}"
    return json_response(body)


def filtered(items: Iterable[JsonObject], expression: str | None, values: Mapping[str, Reader]) -> list[JsonObject]:
    """The items that an OData filter lets through: ``eq`` and ``substringof``, joined by ``and``, then by ``or``.

    ``values`` reads the values of a property, by the property's name in lower case; one that fits is enough.
    Raises 400 for anything else.
    """
    if not expression:
        return list(items)
    alternatives = [
        [_clause(clause, values) for clause in re.split(r"\s+and\s+", alternative, flags=re.IGNORECASE)]
        for alternative in re.split(r"\s+or\s+", _without_parentheses(expression), flags=re.IGNORECASE)
    ]
    return [item for item in items if any(all(test(item) for test in tests) for tests in alternatives)]


def _without_parentheses(expression: str) -> str:
    """The expression without one pair around the whole of it."""
    text = expression.strip()
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def _clause(clause: str, values: Mapping[str, Reader]) -> Callable[[JsonObject], bool]:
    if (match := _CLAUSE.fullmatch(clause)) and match[1].lower() in values:
        read, wanted = values[match[1].lower()], (match[2] or match[3] or "").replace("''", "'").lower()
        return lambda item: any(value.lower() == wanted for value in read(item))
    if (match := _SUBSTRING.fullmatch(clause)) and match[2].lower() in values:
        read, wanted = values[match[2].lower()], match[1].replace("''", "'").lower()
        return lambda item: any(wanted in value.lower() for value in read(item))
    raise bad_request(
        "InvalidFilterInQueryString", f"Invalid $filter '{clause.strip()}' specified in the query string."
    )


def _top(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isdigit() or int(text) == 0:
        raise bad_request("InvalidTopParameter", f"The $top query parameter value '{text}' is invalid.")
    return min(int(text), PAGE)


def _token_position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(token.encode())))
    except ValueError:
        raise bad_request("InvalidSkipToken", "The $skiptoken query parameter is invalid.") from None
