"""Requests that are signed with an account's key ("Authorize with Shared Key", version 2015-02-21 and later)."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.storage import signing
from local_azure.storage.accounts import Account
from local_azure.storage.errors import authentication_failed, key_not_permitted

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_OLDEST = timedelta(minutes=15)


def verify(world: World, account: Account, request: Request, credentials: str) -> None:
    """Raises StorageError 403 unless one of the account's keys signed this very request, just now.

    ``credentials``: what stands after ``SharedKey`` in the header.
    """
    name, colon, given = credentials.partition(":")
    if not colon or not signing.is_base64(given):
        raise authentication_failed("The Authorization header is not well-formed.")
    if not account.shared_key_allowed:
        raise key_not_permitted()
    _check_date(world, request)
    texts = [_text(account, request, by_hyphens) for by_hyphens in (True, False)]
    if name != account.name or not any(signing.matches(key, texts, given) for key in signing.account_keys(account)):
        raise authentication_failed(
            f"The MAC signature found in the HTTP request '{given}' is not the same as any computed signature. "
            f"Server used following string to sign: '{texts[0]}'."
        )


def _check_date(world: World, request: Request) -> None:
    given = request.headers.get("x-ms-date") or request.headers.get("date") or ""
    try:
        distance = abs(world.clock.now() - parsedate_to_datetime(given))
    except (ValueError, TypeError):
        raise authentication_failed("No valid x-ms-date or Date header was found.") from None
    if distance > _OLDEST:
        raise authentication_failed(f"Request date header too old: '{given}'")


def _text(account: Account, request: Request, by_hyphens: bool) -> str:
    """The string to sign. Clients differ in whether hyphens count in the order of headers; the service takes both."""
    headers = dict(request.headers)
    if headers.get("content-length") == "0":
        headers["content-length"] = ""
    if "x-ms-date" in headers:
        headers["date"] = ""
    lines = [request.method, *(headers.get(name, "") for name in _SIGNED_HEADERS)]
    own = [name for name in headers if name.startswith("x-ms-")]
    own.sort(key=lambda name: name if by_hyphens else name.replace("-", ""))
    lines += [f"{name}:{' '.join(headers[name].split())}" for name in own]
    path = request.raw_path or quote(request.path, safe="/:@!$&'()*+,;=~")
    parameters = [f"{name.lower()}:{value}" for name, value in sorted(request.query.items())]
    return "\n".join([*lines, "\n".join([f"/{account.name}{path}", *parameters])])
