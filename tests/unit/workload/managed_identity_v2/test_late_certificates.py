"""A server that asks for the certificate only once it has read the request, as vaults do: OpenSSL's own, by hand."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.core.rest import HttpRequest
from cryptography import x509

from local_azure.core.world import World
from local_azure.entra import binding_certificates, directory
from local_azure.server.authority import CertificateAuthority
from workload.managed_identity_v2 import Binding, BoundTransport, InMemoryKey

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command")
RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone"


@pytest.fixture
def binding(world: World) -> Binding:
    identity = directory.create_managed_identity(world, display_name="vm", resource_id="/subscriptions/1/vm")
    key = InMemoryKey()
    der = binding_certificates.issue(world, identity, key.signer.public_key())
    found = x509.load_der_x509_certificate(der)
    times = (found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp())
    return Binding(der, key, str(identity.app_id), "tenant", "https://westus.mtlsauth.microsoft.com", *times)


@contextmanager
def server(world: World, tmp_path: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """``openssl s_server``, which does what is typed: ``R`` renegotiates and asks for a certificate."""
    authority = CertificateAuthority(world.home)
    pem = str(authority.certificate_file("localhost"))
    trusted = tmp_path / "clients.pem"
    trusted.write_text(binding_certificates.authority(world))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [str(OPENSSL), "s_server", "-accept", f"127.0.0.1:{port}", "-cert", pem, "-key", pem]
    command += ["-CAfile", str(trusted), "-naccept", "1", *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield port, process
        finally:
            process.kill()


def typed(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


@pytest.mark.parametrize(
    ("options", "asks", "version"),
    [(["-tls1_2", "-no_cache"], "R\n", ssl.TLSVersion.TLSv1_2), (["-tls1_3"], "c\n", ssl.TLSVersion.TLSv1_3)],
    ids=["by renegotiation in TLS 1.2", "after the handshake in TLS 1.3"],
)
def test_the_certificate_is_shown_where_the_server_asks_late(
    world: World, binding: Binding, tmp_path: Path, options: list[str], asks: str, version: ssl.TLSVersion
) -> None:
    ca = str(world.home / "ca.pem")
    with server(world, tmp_path, *options) as (port, process), ThreadPoolExecutor(1) as threads:
        read_until(process, "ACCEPT")
        with BoundTransport(maximum_version=version, connection_verify=ca, use_env_settings=False) as transport:
            request = HttpRequest("GET", f"https://localhost:{port}/secrets/one")
            sent = threads.submit(transport.send, request, binding=binding)
            assert "depth=0" not in read_until(process, "GET /secrets/one")
            typed(process, asks)
            # What the server verified: the client's certificate, by the authority of managed identities.
            said = read_until(process, "depth=0") + read_until(process, "verify return:")
            typed(process, RESPONSE)
            assert process.stdin is not None
            process.stdin.close()
            response = sent.result(10)
            assert (response.status_code, response.read()) == (200, b"done")
    assert f"depth=0 CN = {binding.client_id}" in said
    assert "verify return:1" in said
