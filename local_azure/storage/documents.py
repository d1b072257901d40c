"""The service's XML: what it is asked in and what it answers with."""

from __future__ import annotations

import re
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from local_azure.core.http import Response
from local_azure.storage.errors import wrong_body

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>'


def add(parent: Element, name: str, text: object = None) -> Element:
    """A child element; None leaves it empty."""
    child = SubElement(parent, name)
    if text is not None:
        child.text = str(text)
    return child


def add_name(parent: Element, text: str) -> Element:
    """The name of a blob: percent-encoded, and said to be, where XML cannot hold it."""
    if _NO_XML.search(text):
        child = add(parent, "Name", quote(text, safe="/"))
        child.set("Encoded", "true")
        return child
    return add(parent, "Name", text)


def answer(root: Element) -> Response:
    """The document as a response."""
    return Response(200, {"Content-Type": "application/xml"}, _DECLARATION + ElementTree.tostring(root, "utf-8"))


def read(body: bytes, root: str) -> Element:
    """The document that a request brought. Raises StorageError 400 for anything but that root element."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    if b"<!" in text:
        # No document of this service has a document type, and entities could be made to grow without end.
        raise wrong_body()
    try:
        found = ElementTree.fromstring(text)  # noqa: S314 - without a document type there is nothing to expand
    except ElementTree.ParseError:
        raise wrong_body() from None
    if found.tag != root:
        raise wrong_body()
    return found
