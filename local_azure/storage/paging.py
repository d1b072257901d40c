"""Lists, page by page: what is asked for, and what an answer repeats of it."""

from __future__ import annotations

import base64
import binascii
from xml.etree.ElementTree import Element

from local_azure.storage import documents
from local_azure.storage.context import Context
from local_azure.storage.errors import StorageError, wrong_parameter

MOST = 5000
"""Items on a page."""


def asked(context: Context) -> tuple[str, str, int]:
    """Prefix, the name that the page begins with, and how many items it has at most. Raises StorageError 400."""
    return context.request.query.get("prefix", ""), context.request.query.get("marker", ""), _most(context)


def repeat(root: Element, context: Context) -> None:
    """Puts what was asked at the head of the answer."""
    for parameter, name in (("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults")):
        if context.parameter(parameter) is not None:
            documents.add(root, name, context.parameter(parameter))


def marker(place: str) -> str:
    """Opaque to clients."""
    return base64.urlsafe_b64encode(place.encode()).decode()


def place(context: Context) -> str:
    """What the marker stands for. Raises StorageError 400."""
    given = context.request.query.get("marker", "")
    try:
        return base64.b64decode(given, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise wrong_parameter("marker", given) from None


def _most(context: Context) -> int:
    given = context.parameter("maxresults")
    if given is None:
        return MOST
    if not (given.isascii() and given.isdigit()):
        raise wrong_parameter("maxresults", given, "Value must be a number.")
    if int(given) == 0:
        raise StorageError(400, "OutOfRangeQueryParameterValue", "One of the query parameters is out of range.")
    return min(int(given), MOST)
