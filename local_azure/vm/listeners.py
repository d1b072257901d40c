"""Serves the played hosts on sockets that are bound inside of a namespace."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Protocol

from local_azure.core.http import Origin
from local_azure.server.serve import AzureHandler, Served, http_server
from local_azure.server.tls import TlsContexts
from local_azure.vm.dns_server import DnsOverTcp, DnsOverUdp, Resolve

HostFor = Callable[[str], str | None]
"""From the name that a client asks for in TLS to the host that it gets; None refuses it."""


class Listener(Protocol):
    """Something that listens."""

    async def close(self) -> None:
        """Stops listening and ends its connections."""


class Listeners:
    """Opens listeners; all of it runs on the daemon's event loop."""

    def __init__(self, served: Served, tls: TlsContexts) -> None:
        self._served = served
        self._tls = tls

    def plays(self, host: str) -> bool:
        """Whether a host is played."""
        return self._served.dispatcher.service_for(host) is not None

    async def https(self, bound: socket.socket, origin: Origin, host_for: HostFor) -> Listener:
        """TLS for the hosts that ``host_for`` lets through, from one origin."""
        server = http_server(AzureHandler(self._served, origin))
        context = self._tls.by_server_name(host_for)
        return _Http(await asyncio.get_running_loop().create_server(server, sock=bound, ssl=context), server)

    async def http(self, bound: socket.socket, origin: Origin, host: str) -> Listener:
        """Plain HTTP for one host, whatever the client calls it."""
        server = http_server(AzureHandler(self._served, origin, plain_host=host))
        return _Http(await asyncio.get_running_loop().create_server(server, sock=bound), server)

    async def dns(self, udp: socket.socket, tcp: socket.socket, resolve: Resolve) -> Listener:
        """A resolver over UDP and TCP."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: DnsOverUdp(resolve), sock=udp)
        streams = DnsOverTcp(resolve)
        return _Dns(transport, await asyncio.start_server(streams, sock=tcp), streams)


class _Http:
    def __init__(self, listener: asyncio.Server, server: Any) -> None:
        self._listener = listener
        self._server = server

    async def close(self) -> None:
        self._listener.close()
        self._server.pre_shutdown()
        await self._server.shutdown(0)


class _Dns:
    def __init__(self, transport: asyncio.DatagramTransport, server: asyncio.Server, streams: DnsOverTcp) -> None:
        self._transport = transport
        self._server = server
        self._streams = streams

    async def close(self) -> None:
        self._transport.close()
        self._server.close()
        self._streams.close()
