"""TLS on a socket that was bound elsewhere, as the virtual machines' connections come."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from local_azure.core.http import Origin, Request, Response, json_response
from local_azure.core.world import World
from local_azure.server.authority import CertificateAuthority
from local_azure.server.dispatch import Dispatcher
from local_azure.server.request_log import RequestLog
from local_azure.server.serve import Served
from local_azure.server.tls import TlsContexts
from local_azure.vm.listeners import Listeners

VM = Origin(name="/subscriptions/1/virtualMachines/vm", public_address=None, private_endpoint_id="/pe/1")
HOST = "echo.example.net"


class Echo:
    """Tells what it sees of the connection."""

    name = "Echo"

    def __init__(self, world: World) -> None:
        del world

    def plays(self, host: str) -> bool:
        return host in (HOST, "plain.example.net")

    def asks_for_client_certificate(self, host: str) -> bool:
        return host == HOST

    def handle(self, request: Request) -> Response:
        proved = request.client_certificate
        name = None if proved is None else x509.load_der_x509_certificate(proved).subject.rfc4514_string()
        return json_response(
            {"origin": request.origin.name, "endpoint": request.origin.private_endpoint_id, "certificate": name}
        )


def ask(world: World, context: ssl.SSLContext, name: str = HOST) -> dict[str, object]:
    async def run() -> bytes:
        service = Echo(world)
        authority = CertificateAuthority(world.home)
        tls = TlsContexts(authority, service.asks_for_client_certificate, authority.bundle.read_text())
        bound = socket.create_server(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with ThreadPoolExecutor(1) as executor, closing(RequestLog(world.home / "requests.jsonl")) as log:
            listeners = Listeners(Served(Dispatcher(world, [service]), executor, log), tls)
            listener = await listeners.https(bound, VM, lambda asked: asked if listeners.plays(asked) else None)
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
                writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                answer = await reader.read()
                writer.close()
                await writer.wait_closed()
                return answer
            finally:
                await listener.close()

    answer = asyncio.run(run())
    if not answer:
        raise ConnectionError("closed without an answer")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    document: dict[str, object] = json.loads(body)
    return document


@pytest.fixture
def trusting(world: World) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CertificateAuthority(world.home).bundle)


def test_the_service_learns_where_the_connection_comes_from(world: World, trusting: ssl.SSLContext) -> None:
    assert ask(world, trusting) == {"origin": VM.name, "endpoint": "/pe/1", "certificate": None}


def test_a_client_certificate_of_the_authority_is_shown_to_the_service_that_asks(
    world: World, trusting: ssl.SSLContext
) -> None:
    trusting.load_cert_chain(CertificateAuthority(world.home).certificate_file("client.example.net"))
    assert ask(world, trusting)["certificate"] == "CN=client.example.net"


def test_a_service_that_does_not_ask_sees_no_certificate(world: World, trusting: ssl.SSLContext) -> None:
    trusting.load_cert_chain(CertificateAuthority(world.home).certificate_file("client.example.net"))
    assert ask(world, trusting, "plain.example.net")["certificate"] is None


def test_a_client_certificate_of_another_authority_is_refused(
    world: World, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    trusting.load_cert_chain(CertificateAuthority(tmp_path / "stranger").certificate_file("client.example.net"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(world, trusting)


def test_a_host_that_is_not_played_gets_no_handshake(world: World, trusting: ssl.SSLContext) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(world, trusting, "other.example.net")
