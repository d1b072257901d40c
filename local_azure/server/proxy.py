"""The forward proxy that the deployer's clients are pointed at (RFC 9110, 9.3.6; RFC 9112, 3.2).

``CONNECT host:443`` for a host that is played ends in TLS right here; everything else is refused, because nothing
may leave the machine. Requests in origin form are for the control API.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

from local_azure.server.tls import is_host_name

_LARGEST_HEAD = 64 * 1024
_HEAD_SECONDS = 60.0
_TLS_SECONDS = 30.0
_HTTPS = "443"

Refused = Callable[[str, str, str], None]
"""Told of every refusal: method, host, reason."""


class ProxyProtocol(asyncio.Protocol):
    """Reads the head of the first request on a connection and hands the connection on."""

    def __init__(
        self,
        *,
        context_for: Callable[[str], Awaitable[ssl.SSLContext | None]],
        azure: web.Server,
        control: web.Server,
        refused: Refused,
    ) -> None:
        """``context_for`` answers None for a host that is not played."""
        self._context_for = context_for
        self._azure = azure
        self._control = control
        self._refused = refused
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tunnel: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the head, not forever."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("A proxy serves streams.")
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(_HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Collects the head and decides."""
        self._received += data
        if b"\r\n\r\n" in self._received:
            self._decide()
        elif len(self._received) > _LARGEST_HEAD:
            self._refuse(431, "?", "?", "The head of the request is too long.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to hand on any more."""
        del exc
        self._stop_timer()

    def _decide(self) -> None:
        self._stop_timer()
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            self._refuse(400, "?", "?", "This is no HTTP/1.1 request.")
            return
        method, target, _ = words
        if method == "CONNECT":
            self._connect(target, rest)
        elif target.startswith("/") or target == "*":
            self._hand_to_control()
        else:
            host = target.partition("://")[2].partition("/")[0].rpartition("@")[2]
            self._refuse(502, method, host, f"There is no http://{host} in the local Azure; {_STAYS_HERE}")

    def _connect(self, target: str, rest: bytes) -> None:
        host, _, port = target.rpartition(":")
        host = host.lower().rstrip(".")
        if rest:
            self._refuse(400, "CONNECT", target, "The client sent data before the tunnel stood.")
        elif port != _HTTPS or not is_host_name(host):
            self._refuse_tunnel(target)
        elif self._transport is not None:
            self._transport.pause_reading()
            self._tunnel = asyncio.ensure_future(self._open_tunnel(self._transport, host))

    async def _open_tunnel(self, transport: asyncio.Transport, host: str) -> None:
        try:
            context = await self._context_for(host)
        except OSError as error:
            self._refuse(500, "CONNECT", host, f"The local Azure has no certificate for {host}: {error.strerror}.")
            return
        if context is None:
            self._refuse_tunnel(f"{host}:{_HTTPS}")
            return
        if transport.is_closing():
            return
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        early = _EarlyData()
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                transport, early, context, server_side=True, ssl_handshake_timeout=_TLS_SECONDS
            )
        except (OSError, EOFError) as error:
            self._refused("TLS", host, f"the client broke off: {_tls_reason(error)}")
            transport.abort()
            return
        if secured is not None:
            early.hand_to(self._azure(), secured)

    def _refuse_tunnel(self, target: str) -> None:
        self._refuse(502, "CONNECT", target, f"There is no {target} in the local Azure; {_STAYS_HERE}")

    def _hand_to_control(self) -> None:
        if self._transport is not None:
            handler = self._control()
            self._transport.set_protocol(handler)
            handler.connection_made(self._transport)
            handler.data_received(bytes(self._received))

    def _refuse(self, status: int, method: str, host: str, line: str) -> None:
        self._refused(method, host, line)
        if self._transport is None:
            return
        text = "".join(character if character.isprintable() else "?" for character in line)
        reason = text.encode("ascii", "replace").decode()
        # Through a tunnel clients show the reason phrase only; those of the metadata service read JSON whatever comes.
        content = json.dumps({"error": "not_found", "error_description": reason}) if method != "CONNECT" else reason
        kind = "application/json" if method != "CONNECT" else "text/plain"
        body = f"{content}\n".encode()
        head = (
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(head.encode("ascii") + body)
        self._transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


_STAYS_HERE = "nothing leaves this machine. See local_azure/README.md for what is played."


class _EarlyData(asyncio.Protocol):
    """Keeps what arrives with the last flight of the handshake, before the real protocol has its connection."""

    def __init__(self) -> None:
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data

    def hand_to(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """From here on the connection is the protocol's."""
        if transport.is_closing():
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._received:
            protocol.data_received(bytes(self._received))


def _tls_reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError) and "UNKNOWN_CA" in (error.reason or ""):
        return "it does not trust the local Azure's certificate authority (REQUESTS_CA_BUNDLE, SSL_CERT_FILE)"
    return getattr(error, "reason", None) or str(error) or type(error).__name__
