"""TLS straight on a Unix socket, as the virtual machines' connections will come."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from local_azure.core.http import Origin, Request, Response, json_response
from local_azure.core.world import World
from local_azure.server import daemon
from local_azure.server.authority import CertificateAuthority
from local_azure.server.daemon import Daemon

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


@pytest.fixture
def sockets() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="la-") as directory:
        yield Path(directory)


def ask(world: World, sockets: Path, context: ssl.SSLContext, name: str = HOST) -> dict[str, object]:
    async def run() -> bytes:
        served = Daemon(world, 0)
        try:
            await served.serve_origin(sockets / "vm", VM)
            reader, writer = await asyncio.open_unix_connection(sockets / "vm", ssl=context, server_hostname=name)
            writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer
        finally:
            await served.close()

    answer = asyncio.run(run())
    if not answer:
        raise ConnectionError("closed without an answer")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    document: dict[str, object] = json.loads(body)
    return document


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "all_services", lambda world: [Echo(world)])


@pytest.fixture
def trusting(world: World) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CertificateAuthority(world.home).bundle)


@pytest.mark.usefixtures("echo")
def test_the_service_learns_where_the_connection_comes_from(
    world: World, sockets: Path, trusting: ssl.SSLContext
) -> None:
    assert ask(world, sockets, trusting) == {"origin": VM.name, "endpoint": "/pe/1", "certificate": None}


@pytest.mark.usefixtures("echo")
def test_a_client_certificate_of_the_authority_is_shown_to_the_service_that_asks(
    world: World, sockets: Path, trusting: ssl.SSLContext
) -> None:
    trusting.load_cert_chain(CertificateAuthority(world.home).certificate_file("client.example.net"))
    assert ask(world, sockets, trusting)["certificate"] == "CN=client.example.net"


@pytest.mark.usefixtures("echo")
def test_a_service_that_does_not_ask_sees_no_certificate(world: World, sockets: Path, trusting: ssl.SSLContext) -> None:
    trusting.load_cert_chain(CertificateAuthority(world.home).certificate_file("client.example.net"))
    assert ask(world, sockets, trusting, "plain.example.net")["certificate"] is None


@pytest.mark.usefixtures("echo")
def test_a_client_certificate_of_another_authority_is_refused(
    world: World, sockets: Path, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    trusting.load_cert_chain(CertificateAuthority(tmp_path / "stranger").certificate_file("client.example.net"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(world, sockets, trusting)


@pytest.mark.usefixtures("echo")
def test_a_host_that_is_not_played_gets_no_handshake(world: World, sockets: Path, trusting: ssl.SSLContext) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(world, sockets, trusting, "other.example.net")
