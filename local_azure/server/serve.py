"""Serves the played hosts on connections that something else has accepted."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import time
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from local_azure.core.clock import iso
from local_azure.core.faults import ConnectionDropped
from local_azure.core.http import Origin, Request, Response
from local_azure.server.dispatch import Dispatcher, seconds_after
from local_azure.server.request_log import RequestLog, redacted
from local_azure.server.tls import HostContext

LARGEST_BODY = 256 * 1024 * 1024
"""Bytes. The largest single request that Azure takes here is a block blob's upload."""
LARGEST_HEADER = 64 * 1024
_KEEP_ALIVE_SECONDS = 300.0


@dataclass(frozen=True)
class Served:
    """What every connection is served with."""

    dispatcher: Dispatcher
    executor: Executor
    log: RequestLog


def http_server(handler: Any) -> web.Server:
    """An aiohttp server that calls ``handler`` with each request; it takes connections as protocols."""

    def make_request(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: Any,
        writer: Any,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)

    return web.Server(
        handler,
        request_factory=make_request,
        access_log=None,
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
        max_line_size=LARGEST_HEADER,
        max_field_size=LARGEST_HEADER,
    )


class AzureHandler:
    """Answers the requests of one origin; an ``aiohttp.web.Server`` calls it."""

    def __init__(self, served: Served, origin: Origin, *, plain_host: str | None = None) -> None:
        """``plain_host``: the host behind connections without TLS, whatever the client calls it."""
        self._served = served
        self._origin = origin
        self._plain_host = plain_host

    async def __call__(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answers one request, or breaks its connection where a fault says so."""
        began = time.monotonic()
        if incoming.headers.get("Expect", "").lower() == "100-continue":
            await _send_continue(incoming)
        request = await _plain(incoming, self._origin)
        if self._plain_host is not None:
            request = replace(request, host=self._plain_host)
        refusal = _refusal(incoming, request, secure=self._plain_host is None)
        if refusal is not None:
            self._log(request, refusal.status, began, None)
            return _on_the_wire(refusal)
        dispatcher = self._served.dispatcher
        fault = dispatcher.faults.take(request)
        if seconds := dispatcher.seconds_before(fault):
            await asyncio.sleep(seconds)
        loop = asyncio.get_running_loop()
        note = None if fault is None else f"fault: {fault.kind}"
        try:
            response = await loop.run_in_executor(self._served.executor, dispatcher.answer, request, fault)
        except ConnectionDropped:
            self._log(request, None, began, note)
            if incoming.transport is not None:
                incoming.transport.abort()
            return web.Response(status=500)
        if seconds := seconds_after(fault):
            await asyncio.sleep(seconds)
        self._log(request, response.status, began, note)
        return _on_the_wire(response)

    def _log(self, request: Request, status: int | None, began: float, note: str | None) -> None:
        self._served.log.write(
            {
                "time": iso(self._served.dispatcher.world.clock.now())[:-5] + "Z",
                "origin": request.origin.name,
                "method": request.method,
                "host": request.host,
                "path": request.path,
                "query": redacted(request.query),
                "status": status,
                "milliseconds": round((time.monotonic() - began) * 1000),
                "principal": claimed_object_id(request.headers.get("authorization", "")),
                **({"note": note} if note else {}),
            }
        )


def claimed_object_id(authorization: str) -> str | None:
    """Whose token this says it is. Not verified here: good for the log, not for a decision."""
    parts = authorization.rpartition(" ")[2].split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    object_id = claims.get("oid") if isinstance(claims, dict) else None
    return object_id if isinstance(object_id, str) else None


async def _plain(incoming: web.BaseRequest, origin: Origin) -> Request:
    path, _, query = incoming.raw_path.partition("?")
    values: dict[str, str] = {}
    for name, value in parse_qsl(query.partition("#")[0], keep_blank_values=True):
        values.setdefault(name, value)
    _acknowledge(incoming)
    return Request(
        method=incoming.method,
        host=incoming.headers.get("Host", "").partition(":")[0].lower(),
        path=unquote(path),
        query=values,
        headers={name.lower(): ", ".join(incoming.headers.getall(name)) for name in set(incoming.headers)},
        body=await incoming.read(),
        origin=origin,
        client_certificate=_peer_certificate(incoming),
        raw_path=path,
    )


def _acknowledge(incoming: web.BaseRequest) -> None:
    """Acknowledges the head of a request at once.

    Clients that go through a proxy send head and body apart and, with Nagle's algorithm (RFC 896), the body only when
    the head is acknowledged; urllib3 is one. A kernel that waits for an answer to send along takes 40 ms over that.
    """
    connection = incoming.get_extra_info("socket")
    if incoming.body_exists and connection is not None and connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_QUICKACK", socket.TCP_NODELAY), 1)


def _refusal(incoming: web.BaseRequest, request: Request, *, secure: bool) -> Response | None:
    if not incoming.raw_path.startswith("/"):
        return Response(400, {"Content-Type": "text/plain"}, b"Bad Request: the target must be a path.\n")
    context = _host_context(incoming)
    if secure and (context is None or context.host != request.host):
        # RFC 9110, 15.5.20: the certificate that the client accepted is another host's.
        return Response(421, {"Content-Type": "text/plain"}, b"Misdirected Request: Host is not that of the tunnel.\n")
    return None


def _peer_certificate(incoming: web.BaseRequest) -> bytes | None:
    context = _host_context(incoming)
    if context is None or not context.asks_for_client_certificate:
        return None
    certificate: bytes | None = incoming.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return certificate


def _host_context(incoming: web.BaseRequest) -> HostContext | None:
    tls = incoming.get_extra_info("ssl_object")
    context = tls.context if isinstance(tls, ssl.SSLObject) else None
    return context if isinstance(context, HostContext) else None


async def _send_continue(incoming: web.BaseRequest) -> None:
    if incoming.transport is not None:
        incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _on_the_wire(response: Response) -> web.Response:
    return web.Response(status=response.status, headers=dict(response.headers), body=response.body or None)
