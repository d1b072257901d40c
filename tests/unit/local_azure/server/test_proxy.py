"""The proxy's port, spoken to byte by byte."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import Azure

pytestmark = pytest.mark.daemon

ENTRA = "login.microsoftonline.com"
DISCOVERY = f"GET /common/discovery/instance?api-version=1.1 HTTP/1.1\r\nHost: {ENTRA}\r\n"


@contextmanager
def connection(azure: Azure) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", azure.instance.port), timeout=10) as opened:
        yield opened


def everything(opened: socket.socket) -> bytes:
    received = b""
    while part := opened.recv(65536):
        received += part
    return received


def asked(azure: Azure, request: bytes) -> bytes:
    with connection(azure) as opened:
        opened.sendall(request)
        return everything(opened)


def trusting(azure: Azure) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=azure.instance.ca_bundle)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@contextmanager
def tunnel(azure: Azure, host: str, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with connection(azure) as opened:
        opened.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        assert opened.recv(65536).startswith(b"HTTP/1.1 200 ")
        with context.wrap_socket(opened, server_hostname=host) as secured:
            yield secured


def test_a_tunnel_ends_in_tls_with_a_certificate_that_strict_clients_accept(azure: Azure) -> None:
    context = trusting(azure)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with tunnel(azure, ENTRA, context) as secured:
        assert secured.selected_alpn_protocol() == "http/1.1"
        secured.sendall(f"{DISCOVERY}Connection: close\r\n\r\n".encode())
        assert everything(secured).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("suite", ["AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA"])
def test_tls_1_2_without_forward_secrecy_or_authenticated_encryption_is_refused(azure: Azure, suite: str) -> None:
    context = trusting(azure)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises((ssl.SSLError, ConnectionError)), tunnel(azure, ENTRA, context):
        pass


def test_tls_1_2_with_forward_secrecy_is_served(azure: Azure) -> None:
    context = trusting(azure)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with tunnel(azure, ENTRA, context) as secured:
        cipher = secured.cipher()
        assert cipher is not None
        assert cipher[0].startswith("ECDHE-")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(azure: Azure) -> None:
    context = trusting(azure)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)), tunnel(azure, ENTRA, context):
        pass


def test_a_client_that_does_not_trust_the_authority_is_told_of_in_the_log(azure: Azure) -> None:
    trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ssl.SSLCertVerificationError), tunnel(azure, ENTRA, trusting_nobody):
        pass
    notes = [entry.get("note", "") for entry in azure.control.log()]
    assert any("does not trust the local Azure's certificate authority" in note for note in notes)


def test_a_request_for_another_host_than_the_tunnels_is_misdirected(azure: Azure) -> None:
    with tunnel(azure, ENTRA, trusting(azure)) as secured:
        secured.sendall(b"GET / HTTP/1.1\r\nHost: graph.microsoft.com\r\nConnection: close\r\n\r\n")
        assert everything(secured).startswith(b"HTTP/1.1 421 ")


def test_one_tunnel_serves_many_requests(azure: Azure) -> None:
    with tunnel(azure, ENTRA, trusting(azure)) as secured:
        secured.sendall(f"{DISCOVERY}\r\n{DISCOVERY}Connection: close\r\n\r\n".encode())
        assert everything(secured).count(b"HTTP/1.1 200 OK") == 2


def test_a_client_that_waits_for_100_continue_gets_it(azure: Azure) -> None:
    head = f"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: {ENTRA}\r\nContent-Length: 3\r\n"
    with tunnel(azure, ENTRA, trusting(azure)) as secured:
        secured.sendall(f"{head}Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
        assert secured.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        secured.sendall(b"a=b")
        assert everything(secured).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "target", ["example.com:443", "login.microsoftonline.com:80", "10.0.0.1:443", "nonsense", "[::1]:443"]
)
def test_a_tunnel_to_anywhere_else_is_refused_by_name(azure: Azure, target: str) -> None:
    answer = asked(azure, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 502 There is no {target} in the local Azure; nothing leaves".encode())
    assert answer.endswith(b"is played.\n")


def test_a_host_name_may_be_in_capitals_and_end_with_a_dot(azure: Azure) -> None:
    with connection(azure) as opened:
        opened.sendall(f"CONNECT {ENTRA.upper()}.:443 HTTP/1.1\r\n\r\n".encode())
        assert opened.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"CONNECT login.microsoftonline.com:443\r\n\r\n", 400),
        (b"GET http://login.microsoftonline.com/ HTTP/1.1\r\n\r\n", 502),
        (b"CONNECT login.microsoftonline.com:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70000, 431),
        (b"CONNECT \x1b[2J:443 HTTP/1.1\r\n\r\n", 502),
    ],
)
def test_what_is_no_proxy_request_is_refused(azure: Azure, request_bytes: bytes, status: int) -> None:
    answer = asked(azure, request_bytes)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"\x1b" not in answer


def test_a_certificate_that_cannot_be_written_is_told(azure: Azure) -> None:
    blocked = azure.instance.home / "tls" / "login.windows.net.pem"
    blocked.mkdir()
    try:
        answer = asked(azure, b"CONNECT login.windows.net:443 HTTP/1.1\r\n\r\n")
    finally:
        blocked.rmdir()
    assert answer.startswith(b"HTTP/1.1 500 The local Azure has no certificate for login.windows.net: Is a directory.")


def test_a_head_may_arrive_in_pieces(azure: Azure) -> None:
    with connection(azure) as opened:
        for piece in (b"CONN", b"ECT login.microsoftonline.com:443 HT", b"TP/1.1\r\n\r", b"\n"):
            opened.sendall(piece)
        assert opened.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_waits_for_the_acknowledgement_of_its_head_is_not_kept_waiting(azure: Azure) -> None:
    head = f"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: {ENTRA}\r\nContent-Length: 1\r\n\r\n".encode()
    taken = []
    with tunnel(azure, ENTRA, trusting(azure)) as secured:
        secured.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        for _ in range(20):
            began = time.monotonic()
            secured.sendall(head)
            secured.sendall(b"x")
            assert b"HTTP/1.1 400 " in secured.recv(65536)
            taken.append(time.monotonic() - began)
    # The kernel would hold the acknowledgement back for 40 ms each time.
    assert min(taken[5:]) < 0.03
