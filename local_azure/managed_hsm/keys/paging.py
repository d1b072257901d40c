"""Lists by pages: ``maxresults`` of 1 to 25, and a ``nextLink`` with a ``$skiptoken`` that only the service reads.

The link has no ``api-version`` (recorded); clients put theirs back. The token says after which item to go on, so what
is made or deleted between two pages neither repeats nor hides anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

_MAXIMUM = 25
_TOKEN = "$skiptoken"  # noqa: S105 – the name of a query parameter


def page_size(query: Mapping[str, str]) -> int:
    """How many items the page may have."""
    text = query.get("maxresults")
    if text is None:
        return _MAXIMUM
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MAXIMUM:
        raise bad_parameter(f"Parameter maxresults must be between 1 and {_MAXIMUM}")
    return int(text)


def after(query: Mapping[str, str]) -> str:
    """After which item the page begins; empty for the first page."""
    try:
        return from_base64url(query.get(_TOKEN, "")).decode()
    except ValueError:
        raise bad_parameter(f"Parameter {_TOKEN} is not valid") from None


def page_body(url: str, size: int, items: Sequence[tuple[str, JsonObject]]) -> JsonObject:
    """The answer for at most ``size`` of the items, each with its token; one item more than that asks for a link."""
    body: JsonObject = {"value": [item for _, item in items[:size]]}
    if len(items) > size:
        last = base64url(items[size - 1][0].encode())
        body["nextLink"] = f"{url}?maxresults={size}&{_TOKEN}={quote(last)}"
    return body
