"""DNS over UDP and TCP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from local_azure.vm import dns_message
from local_azure.vm.dns_server import DnsOverTcp, DnsOverUdp, answer
from local_azure.vm.public_names import Record
from local_azure.vm.resolver import Answer
from tests.unit.local_azure.vm import dns_client

HOST = "az400popmhsm.managedhsm.azure.net"
ONE = Answer((Record(HOST, "A", "10.0.1.4", 60),), exists=True)
MANY = Answer(tuple(Record(HOST, "A", f"10.0.{each}.4", 60) for each in range(60)), exists=True)
NOTHING = Answer((), exists=False)


def resolving(found: Answer) -> Callable[[str], Awaitable[Answer]]:
    async def resolve(name: str) -> Answer:
        return found if name == HOST else NOTHING

    return resolve


def said(message: bytes, found: Answer = ONE, longest: int | None = None) -> dict[str, Any]:
    reply = asyncio.run(answer(message, resolving(found), longest))
    assert reply is not None
    return dns_client.read(reply)


def test_a_name_that_is_not_there_is_a_name_error() -> None:
    assert said(dns_client.query("nobody.managedhsm.azure.net"))["code"] == dns_message.NAME_ERROR


def test_a_name_without_a_record_of_that_type_is_no_error() -> None:
    read = said(dns_client.query(HOST, "AAAA"))
    assert (read["code"], read["records"]) == (dns_message.NO_ERROR, [])


def test_what_is_no_query_is_a_format_error() -> None:
    assert said(dns_client.query(HOST)[:-3])["code"] == dns_message.FORMAT_ERROR


def test_a_zone_update_is_not_implemented() -> None:
    assert said(dns_client.query(HOST, flags=0x2800))["code"] == dns_message.NOT_IMPLEMENTED


def test_an_answer_that_no_datagram_holds_is_cut() -> None:
    read = said(dns_client.query(HOST), MANY, dns_message.LONGEST_DATAGRAM)
    assert (read["cut"], read["records"]) == (True, [])
    assert len(said(dns_client.query(HOST), MANY)["records"]) == 60


def test_datagrams_are_answered_to_whoever_sent_them() -> None:
    async def run() -> list[bytes]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: DnsOverUdp(resolving(ONE)), ("127.0.0.1", 0))
        server = transport.get_extra_info("sockname")
        clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        found = []
        for number, client in enumerate(clients):
            client.setblocking(False)
            await loop.sock_sendto(client, dns_client.query(HOST, identifier=number), server)
        for client in clients:
            found.append(await loop.sock_recv(client, 512))
            client.close()
        transport.close()
        return found

    assert [dns_client.read(each)["id"] for each in asyncio.run(run())] == [0, 1, 2]


def test_one_connection_carries_many_queries_and_ends_with_a_response() -> None:
    async def run() -> list[bytes]:
        served = DnsOverTcp(resolving(MANY))
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        found = []
        for number in range(3):
            message = dns_client.query(HOST, identifier=number)
            writer.write(struct.pack("!H", len(message)) + message)
            found.append(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))
        response = dns_client.query(HOST, flags=0x8000)
        writer.write(struct.pack("!H", len(response)) + response)
        assert await reader.read() == b""
        writer.close()
        server.close()
        return found

    read = [dns_client.read(each) for each in asyncio.run(run())]
    assert [(each["id"], len(each["records"])) for each in read] == [(0, 60), (1, 60), (2, 60)]


def test_closing_ends_connections_that_wait() -> None:
    async def run() -> None:
        served = DnsOverTcp(resolving(ONE))
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        message = dns_client.query(HOST)
        writer.write(struct.pack("!H", len(message)) + message)
        await reader.readexactly(2)
        server.close()
        served.close()
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                await reader.read()
        writer.close()

    asyncio.run(run())
