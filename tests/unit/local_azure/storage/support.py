"""A storage account without a network: requests go straight into the services."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.etree import ElementTree

from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import OUTSIDE, Origin, Request
from local_azure.core.world import SUBSCRIPTION_ID, World
from local_azure.storage.service import BlobService
from tests.unit.local_azure.arm.support import ArmClient

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoBackups"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosobackups"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/copies"
NAME = "contosobackups"
STORAGE = "2025-06-01"
VERSION = "2024-11-04"
_SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date")
_SIGNED_TOO = ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")


def make_account(world: World, **properties: Any) -> Stored:
    """A StorageV2 account, there and ready."""
    arm = ArmClient(world)
    arm.put(GROUP, "2024-03-01", {"location": "westus"})
    body = {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_GRS"}, "properties": properties}
    arm.made(ACCOUNT, STORAGE, body)
    found = Resources(world).find(ACCOUNT)
    assert found is not None
    return found


@dataclass(frozen=True)
class Answer:
    """A response as it is on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code; empty where there is none."""
        return self.headers.get("x-ms-error-code", "")

    @property
    def xml(self) -> ElementTree.Element:
        """The body."""
        return ElementTree.fromstring(self.body.removeprefix(b"\xef\xbb\xbf"))  # noqa: S314 - the service's own


@dataclass(frozen=True)
class Client:
    """Whoever has the account's key; the signature is made here as the documentation says, not as the server does."""

    world: World
    key: bytes

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        sign: bool = True,
        origin: Origin = OUTSIDE,
        also: Mapping[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        """One request; ``if_match``, or in ``also``, is the header ``if-match``."""
        parts = urlsplit(target)
        given = {name.replace("_", "-"): value for name, value in {**headers, **(also or {})}.items()}
        given = {"x-ms-version": VERSION, "x-ms-date": format_datetime(self.world.clock.now(), usegmt=True)} | given
        if body or method in ("PUT", "POST"):
            given["content-length"] = str(len(body))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if sign:
            given["authorization"] = f"SharedKey {NAME}:{self._signature(method, parts.path, query, given)}"
        request = Request(
            method,
            f"{NAME}.blob.core.windows.net",
            unquote(parts.path),
            query,
            given,
            body,
            origin,
            raw_path=parts.path,
        )
        answer = BlobService(self.world).handle(request)
        return Answer(answer.status, answer.headers, answer.body)

    def _signature(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
        values = dict(headers)
        if values.get("content-length") == "0":
            del values["content-length"]
        lines = [method, *(values.get(name, "") for name in (*_SIGNED, *_SIGNED_TOO))]
        lines += [f"{name}:{values[name]}" for name in sorted(values) if name.startswith("x-ms-")]
        lines.append(f"/{NAME}{path}")
        lines += [f"{name}:{query[name]}" for name in sorted(query)]
        return signed(self.key, "\n".join(lines))


def signed(key: bytes, text: str) -> str:
    """Base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def query_of(**fields: str) -> str:
    """A query string."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
