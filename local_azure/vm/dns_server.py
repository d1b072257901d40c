"""DNS over UDP and TCP (RFC 1035, 4.2) on sockets that are bound already."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from local_azure.vm import dns_message
from local_azure.vm.dns_message import MalformedMessage
from local_azure.vm.resolver import Answer

Resolve = Callable[[str], Awaitable[Answer]]
_LENGTH = 2
_IDLE_SECONDS = 30.0


class DnsOverUdp(asyncio.DatagramProtocol):
    """Answers datagrams."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """The socket is served from here on."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answers one query."""
        task = asyncio.ensure_future(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, address: tuple[str, int]) -> None:
        reply = await answer(data, self._resolve)
        if reply is not None and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, address)


async def serve_stream(resolve: Resolve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers the queries of one TCP connection until its client has no more."""
    try:
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
                message = await reader.readexactly(length)
            reply = await answer(message, resolve)
            if reply is None:
                return
            writer.write(len(reply).to_bytes(_LENGTH, "big") + reply)
            await writer.drain()
    except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
        return
    finally:
        writer.close()


async def answer(message: bytes, resolve: Resolve) -> bytes | None:
    """The reply to a message; None where it deserves none."""
    try:
        query = dns_message.parse(message)
    except MalformedMessage:
        return dns_message.malformed_reply(message)
    if not query.is_standard:
        return dns_message.reply(query, dns_message.NOT_IMPLEMENTED)
    found = await resolve(query.name)
    code = dns_message.NO_ERROR if found.exists else dns_message.NAME_ERROR
    return dns_message.reply(query, code, found.records)
