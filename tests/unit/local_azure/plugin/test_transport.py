from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local_azure.plugin.errors import ConnectionFailed
from local_azure.plugin.transport import Transport


@contextmanager
def _listening(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers one request so, and what it was sent."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], asked
        thread.join(5)


def test_hosts_that_need_no_proxy_are_asked_directly() -> None:
    with _listening(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: Value\r\n\r\n{}") as (port, asked):
        transport = Transport({"https_proxy": "http://127.0.0.1:1", "no_proxy": "localhost,127.0.0.1"})
        answer = transport.request("GET", f"http://127.0.0.1:{port}/a", {"Accept": "application/json"})
    assert (answer.status, answer.headers["x-name"], answer.json()) == (200, "Value", {})
    assert asked[0].startswith(b"GET /a HTTP/1.1")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_is_asked_for_a_tunnel_and_its_refusal_is_final(name: str) -> None:
    with _listening(b"HTTP/1.1 502 Nothing leaves this machine\r\n\r\n") as (port, asked):
        transport = Transport({name: f"http://user:hidden@127.0.0.1:{port}"})
        with pytest.raises(ConnectionFailed) as caught:
            transport.request("GET", "https://contoso.example/", {})
    assert asked[0].startswith(b"CONNECT contoso.example:443")
    assert str(caught.value) == (
        f"no answer from contoso.example through the proxy 127.0.0.1:{port}:"
        " Tunnel connection failed: 502 Nothing leaves this machine"
    )
    assert caught.value.attempts == 1


def test_nobody_listening_is_said_plainly() -> None:
    with pytest.raises(ConnectionFailed, match=r"no answer from 127\.0\.0\.1: Connection refused") as caught:
        Transport({}).request("GET", "https://127.0.0.1:1/", {})
    assert 1 < caught.value.attempts < 5


@pytest.mark.parametrize("led_here", [True, False])
def test_whom_a_local_azure_that_does_not_run_leads_is_told_so(led_here: bool) -> None:
    environment = {"https_proxy": "http://127.0.0.1:1", **({"LOCAL_AZURE_HOME": "/home"} if led_here else {})}
    with pytest.raises(ConnectionFailed) as caught:
        Transport(environment).request("GET", "https://contoso.example/", {})
    assert str(caught.value).endswith("start it with: python -m local_azure start") is led_here


def test_an_answer_that_breaks_off_may_be_asked_for_again() -> None:
    with _listening(b"") as (port, _), pytest.raises(ConnectionFailed) as caught:
        Transport({}).request("GET", f"http://127.0.0.1:{port}/", {})
    assert caught.value.attempts > 5


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_that_cannot_be_read_is_named(name: str) -> None:
    with pytest.raises(ConnectionFailed, match=r"cannot read the trusted certificates /nowhere\.pem: No such file"):
        Transport({name: "/nowhere.pem"})
