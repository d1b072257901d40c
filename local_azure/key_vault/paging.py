"""Lists by pages: ``maxresults`` of 1 to 25, and a ``nextLink`` that is null on the last page.

As azure-cli recorded them: the link has the port, the api-version and a ``$skiptoken`` that only the service reads. The
token says after which item to go on, so what is made or deleted between two pages neither repeats nor hides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from local_azure.core.http import JsonObject, Response, json_response
from local_azure.key_vault.context import VaultRequest
from local_azure.key_vault.errors import bad_parameter
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

_MAXIMUM = 25
_TOKEN = "$skiptoken"  # noqa: S105 - the name of a query parameter

Items = list[tuple[str, JsonObject]]
"""Each with what it is sorted by."""


def page(context: VaultRequest, path: str, items: Callable[[str, int], Items]) -> Response:
    """The page that the request asks for; ``items`` gives at most so many that come after a name."""
    size = _size(context)
    found = items(_after(context), size + 1)
    link = None
    if len(found) > size:
        token = quote(base64url(found[size - 1][0].encode()))
        version = quote(context.request.query["api-version"])
        port = context.base_url + ":443"
        link = f"{port}{path}?api-version={version}&{_TOKEN}={token}&maxresults={size}"
    return json_response({"value": [item for _, item in found[:size]], "nextLink": link})


def _size(context: VaultRequest) -> int:
    text = context.request.query.get("maxresults")
    if text is None:
        return _MAXIMUM
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MAXIMUM:
        raise bad_parameter(f"Parameter maxresults must be between 1 and {_MAXIMUM}")
    return int(text)


def _after(context: VaultRequest) -> str:
    try:
        return from_base64url(context.request.query.get(_TOKEN, "")).decode()
    except ValueError:
        raise bad_parameter(f"Parameter {_TOKEN} is not valid") from None
