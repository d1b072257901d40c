"""Requests and responses as the played services see them: plain data, no sockets.

A service is a function from :class:`Request` to :class:`Response`, so each can be tested without a network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local_azure.core.errors import ServiceError

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where a connection comes from, which is what firewalls judge."""

    name: str
    """``outside`` for the deployer, ``internet`` for a stranger, or a virtual machine's ARM id."""
    public_address: str | None
    """The IPv4 address that a public endpoint sees; None where there is no way out."""
    private_endpoint_id: str | None = None
    """ARM id of the private endpoint that the connection came through, if it did."""
    private_address: str | None = None
    """The IPv4 address that a private endpoint sees; None where it is not known."""


OUTSIDE = Origin(name="outside", public_address="203.0.113.10")


@dataclass(frozen=True)
class Request:
    """One HTTP request that reached a played host."""

    method: str
    host: str
    """Lower case, without the port."""
    path: str
    """Percent-decoded, begins with a slash, repeated slashes kept."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    origin: Origin = OUTSIDE
    client_certificate: bytes | None = None
    """DER of the certificate that the client proved in TLS."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What the route's placeholders matched."""
    raw_path: str = ""
    """The path as the client wrote it, which some signatures are over; empty where nobody kept it."""

    def json(self) -> JsonObject:
        """The body as a JSON object; an empty body is an empty object.

        Raises ServiceError 400 where it is anything else.
        """
        if not self.body:
            return {}
        try:
            value = json.loads(self.body, parse_constant=_no_json)
            if b"\\u" in self.body:
                # Half a surrogate pair is no character, and nothing could be done with it afterwards.
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ServiceError(400, "BadRequest", "The request body is not valid JSON.") from None
        if not isinstance(value, dict):
            raise ServiceError(400, "BadRequest", "The request body must be a JSON object.")
        return value

    def matched(self, parameters: Mapping[str, str]) -> Request:
        """This request with the placeholders of the route that took it."""
        return replace(self, parameters=dict(parameters))


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def _no_json(constant: str) -> None:
    """RFC 8259 has no NaN and no Infinity."""
    raise ValueError(constant)


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response whose body is ``value`` as JSON."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)
