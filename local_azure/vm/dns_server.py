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
        reply = await answer(data, self._resolve, dns_message.LONGEST_DATAGRAM)
        if reply is not None and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, address)


class DnsOverTcp:
    """Answers the queries of connections, each until its client has no more."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._open: set[asyncio.StreamWriter] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        self._open.add(writer)
        try:
            while (reply := await self._next(reader)) is not None:
                writer.write(len(reply).to_bytes(_LENGTH, "big") + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    def close(self) -> None:
        """Ends every connection."""
        for writer in self._open:
            writer.transport.abort()

    async def _next(self, reader: asyncio.StreamReader) -> bytes | None:
        async with asyncio.timeout(_IDLE_SECONDS):
            length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
            message = await reader.readexactly(length)
        return await answer(message, self._resolve)


async def answer(message: bytes, resolve: Resolve, longest: int | None = None) -> bytes | None:
    """The reply to a message, of so many bytes at most; None where it deserves none."""
    try:
        query = dns_message.parse(message)
    except MalformedMessage:
        return dns_message.malformed_reply(message)
    if not query.is_standard:
        return dns_message.reply(query, dns_message.NOT_IMPLEMENTED)
    found = await resolve(query.name)
    code = dns_message.NO_ERROR if found.exists else dns_message.NAME_ERROR
    reply = dns_message.reply(query, code, found.records)
    return reply if longest is None or len(reply) <= longest else dns_message.cut(reply, query.question)
