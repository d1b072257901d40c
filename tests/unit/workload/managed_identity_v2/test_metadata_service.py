"""The metadata service that is slow, failing, old, or somebody else."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from local_azure.core.http import Response, json_response
from tests.unit.workload.managed_identity_v2.clients import Sleeps, vault_client
from tests.unit.workload.managed_identity_v2.serving import ISSUE, PLATFORM, SCOPE, SECRET, TOKENS, Serving
from workload.managed_identity_v2 import (
    BindingNotOffered,
    ManagedIdentityV2Credential,
    MetadataServiceError,
)
from workload.managed_identity_v2.metadata_host import LINK_LOCAL, OVERRIDE, MetadataHost
from workload.managed_identity_v2.metadata_retries import Retries
from workload.managed_identity_v2.metadata_service import MetadataService
from workload.managed_identity_v2.service_clock import ServiceClock


def credential(sleeps: Sleeps, *, timeout_seconds: float = 10.0, **more: Any) -> ManagedIdentityV2Credential:
    clock = ServiceClock()
    service = MetadataService(clock, timeout_seconds=timeout_seconds, sleep=sleeps)
    return ManagedIdentityV2Credential(clock=clock, metadata_service=service, **more)


@pytest.mark.parametrize("path", [PLATFORM, ISSUE])
@pytest.mark.parametrize("status", [500, 503, 429, 410])
def test_what_passes_is_tried_again(azure: Serving, path: str, status: int) -> None:
    sleeps = Sleeps()
    azure.fail("status", path, status=status, count=2)
    with credential(sleeps) as made:
        assert made.bound_token(SCOPE).token_type == "mtls_pop"
    assert sleeps == ([10.0, 10.0] if status == 410 else [0.0, 2.0])
    assert len(azure.asked(path)) == 3


def test_it_is_tried_six_times_and_no_more(azure: Serving) -> None:
    sleeps = Sleeps()
    azure.fail("status", ISSUE, status=500, count=None)
    with credential(sleeps) as made, pytest.raises(MetadataServiceError, match="500") as failed:
        made.bound_token(SCOPE)
    assert (failed.value.status, len(azure.asked(ISSUE))) == (500, 6)
    assert sleeps == [0.0, 2.0, 6.0, 14.0, 30.0]


def test_an_update_of_the_service_is_waited_for_through_its_seventy_seconds() -> None:
    retries = Retries()
    waited = [retries.delay(410) for _ in range(8)]
    assert waited == [10.0] * 7 + [None]


def test_throttling_says_how_long() -> None:
    retries = Retries()
    assert [retries.delay(429, "5"), retries.delay(429, "1"), retries.delay(429, "86400")] == [5.0, 2.0, 60.0]
    assert retries.delay(429, "Sat, 21 Nov 2026 18:00:00 GMT") == 14.0


@pytest.mark.parametrize("status", [400, 401, 403, 405])
def test_what_does_not_pass_is_said_at_once(azure: Serving, status: int) -> None:
    sleeps = Sleeps()
    azure.fail(
        "status", ISSUE, status=status, body={"error": "invalid_request", "error_description": "No."}, count=None
    )
    with credential(sleeps) as made, pytest.raises(MetadataServiceError, match=r"No\."):
        made.bound_token(SCOPE)
    assert sleeps == []


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_a_broken_connection_is_tried_again(azure: Serving, kind: str) -> None:
    sleeps = Sleeps()
    azure.fail(kind, ISSUE, count=1)
    with credential(sleeps) as made:
        assert made.bound_token(SCOPE).token_type == "mtls_pop"
    assert sleeps == [0.0]


def test_a_slow_answer_is_waited_for_and_one_that_is_too_slow_asked_for_again(azure: Serving) -> None:
    sleeps = Sleeps()
    azure.fail("delay", PLATFORM, delay_seconds=0.3, count=1)
    azure.fail("late-answer", ISSUE, delay_seconds=1.5, count=1)
    with credential(sleeps, timeout_seconds=1.0) as made, vault_client(made) as client:
        assert client.get_secret("contososecret").value == "from the vault"
    assert sleeps == [0.0]
    assert len(azure.asked(PLATFORM)) == 1
    assert len(azure.asked(ISSUE)) == 2


def test_nobody_at_all_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    monkeypatch.setenv(OVERRIDE, f"http://127.0.0.1:{port}")
    sleeps = Sleeps()
    with credential(sleeps) as made, pytest.raises(MetadataServiceError, match="on Azure's virtual machines") as failed:
        made.bound_token(SCOPE)
    assert failed.value.status is None
    assert "\n" not in failed.value.message
    assert len(sleeps) == 5


def test_a_service_without_version_2_is_said_at_once_and_version_1_is_not_taken(azure: Serving) -> None:
    azure.fail("status", PLATFORM, status=404, count=None)
    sleeps = Sleeps()
    with credential(sleeps) as made, pytest.raises(BindingNotOffered, match=r"has no version 2.*allow version 1"):
        made.bound_token(SCOPE)
    assert sleeps == []
    assert azure.asked("/metadata/identity/oauth2/token") == []


def test_version_1_is_taken_where_it_is_allowed(azure: Serving) -> None:
    azure.fail("status", PLATFORM, status=404, count=None)
    with credential(Sleeps(), allow_version_1=True) as made, vault_client(made) as client:
        assert client.get_secret("contososecret").value == "from the vault"
        info = made.get_token_info(SCOPE)
    assert info.token_type == "Bearer"
    sent = azure.asked(f"{SECRET}/")[-1]
    assert sent.headers["authorization"].startswith("Bearer ")
    assert "x-ms-tokenboundauth" not in sent.headers
    assert sent.client_certificate is None
    assert azure.asked("/metadata/identity/oauth2/token")[0].query["resource"] == "https://vault.azure.net"


def test_version_1_is_taken_for_a_resource_that_takes_no_bound_tokens_where_it_is_allowed(azure: Serving) -> None:
    with credential(Sleeps(), allow_version_1=True) as made:
        assert made.get_token_info("https://managedhsm.azure.net/.default").token_type == "Bearer"
        assert made.get_token_info(SCOPE).token_type == "mtls_pop"
    assert len(azure.asked(TOKENS)) == 2


def test_no_proxy_is_used_for_the_metadata_service(azure: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    with credential(Sleeps()) as made:
        made.bound_token(SCOPE)
    assert os.environ["HTTPS_PROXY"] == azure.proxy
    assert len(azure.asked(ISSUE)) == 1


class Impostor(BaseHTTPRequestHandler):
    """Answers as it is told, and counts."""

    answers: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(self.answers["status"])
        for name, value in self.answers["headers"].items():
            self.send_header(name, value)
        body = self.answers.get("body", b"{}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return str(self.answers.get("server", "nobody"))

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def impostor(**answers: Any) -> Iterator[str]:
    """Base URL of somebody who answers so."""
    Impostor.answers, Impostor.asked = {"headers": {}, **answers}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Impostor) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


CLIENT, TENANT = b"9b0f3c1e-3c55-4bb2-8f77-5a3d9e1c2b40", b"7a1c5be0-2f0e-4c57-9d43-0c2f6b1d9e11"
GOOD = (
    b'{"clientId": "%s", "tenantId": "%s", "cuId": {"vmId": "c"}, ' % (CLIENT, TENANT)
    + b'"attestationEndpoint": "https://d", "expires_in": "x"}'
)


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with impostor(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}, server="IMDS/1") as base:
        monkeypatch.setenv(OVERRIDE, base)
        with credential(Sleeps()) as made, pytest.raises(MetadataServiceError, match="302"):
            made.bound_token(SCOPE)
    assert len(Impostor.asked) == 1


def test_an_answer_that_does_not_say_that_it_is_the_services_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    with impostor(status=200, body=GOOD, server="proxy/1") as base:
        monkeypatch.setenv(OVERRIDE, base)
        with credential(Sleeps()) as made, pytest.raises(MetadataServiceError, match="does not say IMDS"):
            made.bound_token(SCOPE)
    assert len(Impostor.asked) == 1


@pytest.mark.parametrize("missing", ["clientId", "tenantId", "cuId", "attestationEndpoint"])
def test_an_answer_with_something_missing_is_said(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    body = GOOD.replace(missing.encode(), b"other")
    with impostor(status=200, body=body, server="IMDS/150.870.65.1854") as base:
        monkeypatch.setenv(OVERRIDE, base)
        with credential(Sleeps()) as made, pytest.raises(MetadataServiceError, match=f"has no {missing}"):
            made.bound_token(SCOPE)


@pytest.mark.parametrize(("value", "name"), [(CLIENT, "clientId"), (TENANT, "tenantId")])
def test_an_identity_that_is_no_guid_is_said(monkeypatch: pytest.MonkeyPatch, value: bytes, name: str) -> None:
    with impostor(status=200, body=GOOD.replace(value, b"a" * 100), server="IMDS/150.870.65.1854") as base:
        monkeypatch.setenv(OVERRIDE, base)
        with credential(Sleeps()) as made, pytest.raises(MetadataServiceError, match=f"has no GUID as {name}"):
            made.bound_token(SCOPE)


def test_a_token_of_version_1_without_an_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with impostor(status=200, body=GOOD, server="IMDS/150.870.65.1854") as base:
        monkeypatch.setenv(OVERRIDE, base)
        with pytest.raises(MetadataServiceError, match="does not say how long its token is valid"):
            MetadataService(ServiceClock()).bearer_token({}, "https://vault.azure.net")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://westus.mtlsauth.microsoft.com:port",
        "https://[westus.mtlsauth.microsoft.com",
        "https://westus.mtlsauth.microsoft.com.contoso.example",
        "https://contoso.example/westus.mtlsauth.microsoft.com",
        "http://westus.mtlsauth.microsoft.com",
        "https://westus.mtlsauth.microsoft.com:8443",
        "https://someone@westus.mtlsauth.microsoft.com",
        "https://169.254.169.254",
    ],
)
def test_a_token_is_asked_for_at_entra_id_only(azure: Serving, endpoint: str) -> None:
    def elsewhere(value: dict[str, Any]) -> Response:
        named = {"mtls_authentication_endpoint": endpoint} if "certificate" in value else {}
        return json_response({**value, **named})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("local_azure.vm.imds.credentials.json_response", elsewhere)
        with credential(Sleeps()) as made, pytest.raises(MetadataServiceError, match=r"is not Entra ID's|is no URL"):
            made.bound_token(SCOPE)
    assert azure.asked(TOKENS) == []


def test_without_an_override_it_is_the_link_local_address() -> None:
    assert MetadataHost.from_environment({}) == MetadataHost(LINK_LOCAL, 80)
    assert MetadataHost.from_environment({OVERRIDE: " "}) == MetadataHost(LINK_LOCAL, 80)


@pytest.mark.parametrize(
    ("override", "host"),
    [
        ("http://127.0.0.1:2579", MetadataHost("127.0.0.1", 2579)),
        ("http://169.254.169.254", MetadataHost("169.254.169.254", 80)),
        ("https://pod-identity.contoso.example/", MetadataHost("pod-identity.contoso.example", 443, secure=True)),
    ],
)
def test_the_documented_variable_overrides_it(override: str, host: MetadataHost) -> None:
    assert MetadataHost.from_environment({OVERRIDE: override}) == host


@pytest.mark.parametrize(
    "override",
    [
        "169.254.169.254",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70",
        "http://",
        "http://user@127.0.0.1:2579",
        "http://127.0.0.1:2579/elsewhere",
        "http://127.0.0.1:2579?x=1",
        "http://127.0.0.1:2579#x",
        "http://169.254.169.253",
        "http://[fe80::1]:80",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
    ],
)
def test_an_override_that_is_no_plain_base_url_is_refused(override: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        MetadataHost.from_environment({OVERRIDE: override})
