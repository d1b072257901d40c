"""The policy and the transport in other people's clients."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core import PipelineClient
from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from tests.unit.workload.managed_identity_v2.clients import vault_client
from tests.unit.workload.managed_identity_v2.serving import ISSUE, SCOPE, SECRET, TOKENS, VAULT, Serving
from workload.managed_identity_v2 import (
    BoundTransport,
    ManagedIdentityV2Credential,
    MtlsPopPolicy,
    bound_client_options,
)

URL = f"{VAULT}{SECRET}?api-version=7.4"


def pipeline(credential: ManagedIdentityV2Credential, transport: Any, *policies: Any) -> Pipeline[Any, Any]:
    return Pipeline(transport, [*policies, MtlsPopPolicy(credential, SCOPE)])


def test_it_is_a_credential_as_azure_core_wants_it(azure: Serving) -> None:
    with ManagedIdentityV2Credential() as credential:
        assert isinstance(credential, TokenCredential)
        assert isinstance(credential, SupportsTokenInfo)
        info = credential.get_token_info(SCOPE, options={"tenant_id": "any", "enable_cae": True})
        assert info.token_type == "mtls_pop"
        assert credential.get_token(SCOPE, tenant_id="any").token == info.token
    assert len(azure.asked(TOKENS)) == 1


@pytest.mark.parametrize("scopes", [(), (SCOPE, SCOPE), ("https://vault.azure.net",), ("/.default",)])
def test_a_token_is_for_one_resource(scopes: tuple[str, ...]) -> None:
    with ManagedIdentityV2Credential() as credential, pytest.raises(ValueError, match="exactly one scope"):
        credential.get_token(*scopes)


@pytest.mark.usefixtures("azure")
def test_a_client_that_takes_policies_needs_nothing_else() -> None:
    with ManagedIdentityV2Credential() as credential:
        client: PipelineClient[Any, Any] = PipelineClient(VAULT, **bound_client_options(credential, SCOPE))
        with client:
            assert client.send_request(HttpRequest("GET", URL)).json()["value"] == "from the vault"


def test_a_token_never_leaves_without_tls_or_without_its_certificate(azure: Serving) -> None:
    with ManagedIdentityV2Credential() as credential:
        plain = pipeline(credential, BoundTransport(), RetryPolicy())
        with pytest.raises(ValueError, match="https only"):
            plain.run(HttpRequest("GET", URL.replace("https", "http")))
        other = pipeline(credential, RequestsTransport(), RetryPolicy())
        with pytest.raises(ValueError, match="needs a BoundTransport"):
            other.run(HttpRequest("GET", URL))
    assert azure.asked(SECRET) == []


def test_a_retry_takes_the_certificate_along(azure: Serving) -> None:
    azure.fail("status", SECRET, status=503, retry_after_seconds=0, count=2)
    with ManagedIdentityV2Credential() as credential, vault_client(credential, retry_backoff_factor=0.01) as client:
        assert client.get_secret("contososecret").value == "from the vault"
    seen = [request.client_certificate for request in azure.asked(f"{SECRET}/")]
    assert len(seen) == 3
    assert seen[0] is not None
    assert len(set(seen)) == 1


def test_a_redirect_is_shown_and_not_followed(azure: Serving) -> None:
    azure.fail("status", SECRET, status=302, headers={"Location": "https://contosomivault.vault.azure.net/elsewhere"})
    with ManagedIdentityV2Credential() as credential:
        client: PipelineClient[Any, Any] = PipelineClient(VAULT, **bound_client_options(credential, SCOPE))
        with client:
            assert client.send_request(HttpRequest("GET", URL)).status_code == 302
    assert azure.asked("/elsewhere") == []


def test_a_request_with_an_older_token_shows_its_older_certificate(azure: Serving) -> None:
    with ManagedIdentityV2Credential() as one, ManagedIdentityV2Credential() as another, BoundTransport() as transport:
        for _ in range(2):
            for credential in (one, another):
                response = pipeline(credential, transport).run(HttpRequest("GET", URL)).http_response
                assert response.status_code == 200
    seen = [request.client_certificate for request in azure.asked(SECRET)]
    assert seen[0] == seen[2] != seen[1] == seen[3]
    assert len(azure.asked(ISSUE)) == 2


def test_a_body_is_sent_again_with_the_new_token(azure: Serving) -> None:
    azure.fail("status", SECRET, method="PUT", status=401, count=1)
    said = pytest.raises(HttpResponseError, match="does not have secrets set permission")
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client, said:
        client.set_secret("contososecret", "another value")
    first, second = azure.asked(SECRET)
    assert first.body == second.body
    assert b"another value" in second.body
    assert first.headers["authorization"] != second.headers["authorization"]


def test_a_claims_challenge_is_answered_once(azure: Serving) -> None:
    challenge = (
        'Bearer authorization="https://login.microsoftonline.com/x", error="insufficient_claims", claims="eyJhIjoxfQ"'
    )
    refusal = {"error": {"code": "Unauthorized", "message": "Not new enough."}}
    azure.fail("status", SECRET, status=401, headers={"WWW-Authenticate": challenge}, body=refusal, count=None)
    said = pytest.raises(ClientAuthenticationError, match="Not new enough")
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client, said:
        client.get_secret("contososecret")
    assert len(azure.asked(f"{SECRET}/")) == 2
    assert b"claims=%7B%22a%22%3A1%7D" in azure.asked(TOKENS)[1].body
    assert [request.query.get("bypass_cache") for request in azure.asked(ISSUE)] == [None, "true"]


@pytest.mark.usefixtures("azure")
def test_a_resource_that_is_not_there_is_the_usual_error() -> None:
    with ManagedIdentityV2Credential() as credential:
        client: PipelineClient[Any, Any] = PipelineClient(
            "https://nobody.vault.azure.net", **bound_client_options(credential, SCOPE, retry_total=0)
        )
        with client, pytest.raises(ServiceRequestError):
            client.send_request(HttpRequest("GET", "https://nobody.vault.azure.net/secrets"))
