"""What a stolen, old or misused token is worth: nothing (W4.4); what the client makes of refusals."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from local_azure.entra import binding_certificates
from tests.unit.workload.managed_identity_v2.clients import call, vault_client
from tests.unit.workload.managed_identity_v2.serving import ISSUE, SCOPE, SECRET, TOKENS, Serving
from workload.managed_identity_v2 import (
    Binding,
    BindingNotOffered,
    BoundToken,
    CertificateRefused,
    InMemoryKey,
    ManagedIdentityV2Credential,
    TokenEndpointError,
)


@pytest.fixture
def good(azure: Serving) -> tuple[BoundToken, Binding]:
    del azure
    with ManagedIdentityV2Credential() as credential:
        found = credential.bound_token(SCOPE)
    assert found.binding is not None
    return found, found.binding


def status_and_reason(token: str, binding: Binding | None, scheme: str = "mtls_pop") -> tuple[int, str]:
    response = call(token, binding, scheme)
    return response.status_code, "" if response.status_code == 200 else response.json()["error"]["message"]


def test_a_bound_token_is_good_with_its_certificate_only(good: tuple[BoundToken, Binding]) -> None:
    token, binding = good
    assert status_and_reason(token.token, binding)[0] == 200
    status, reason = status_and_reason(token.token, None)
    assert (status, "MissingClientCertificate" in reason) == (401, True)
    status, reason = status_and_reason(token.token, binding, "Bearer")
    assert (status, "over Bearer protocol" in reason) == (401, True)


def test_another_certificate_of_the_same_identity_will_not_do(azure: Serving, good: tuple[BoundToken, Binding]) -> None:
    with ManagedIdentityV2Credential() as credential:
        other = credential.bound_token(SCOPE).binding
    status, reason = status_and_reason(good[0].token, other)
    assert (status, "MtlsCnfClaimRequestDataValidationFailed" in reason) == (401, True)
    assert len(azure.asked(ISSUE)) == 2


def test_a_certificate_that_nobody_issued_does_not_get_through_tls(
    azure: Serving, good: tuple[BoundToken, Binding], self_signed: Binding
) -> None:
    del azure
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        call(good[0].token, self_signed)


@pytest.fixture
def self_signed(good: tuple[BoundToken, Binding]) -> Binding:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key, binding = InMemoryKey(), good[1]
    found = x509.load_der_x509_certificate(binding.certificate)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(found.subject)
        .issuer_name(found.subject)
        .serial_number(found.serial_number)
        .not_valid_before(found.not_valid_before_utc)
        .not_valid_after(found.not_valid_after_utc)
        .public_key(key.signer.public_key())
        .sign(key.signer, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    where = (binding.client_id, binding.tenant_id, binding.token_endpoint)
    return Binding(der, key, *where, binding.valid_from, binding.valid_until)


def test_after_its_end_a_token_is_worth_nothing(azure: Serving, good: tuple[BoundToken, Binding]) -> None:
    azure.world.clock.move(timedelta(hours=2))
    status, reason = status_and_reason(good[0].token, good[1])
    assert (status, "TokenExpired" in reason) == (401, True)


def test_after_revocation_the_token_is_worth_nothing_and_the_client_goes_on_with_a_new_certificate(
    azure: Serving,
) -> None:
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client:
        client.get_secret("contososecret")
        before = credential.bound_token(SCOPE)
        assert binding_certificates.revoke(azure.world) == 1
        assert status_and_reason(before.token, before.binding)[0] == 401
        assert client.get_secret("contososecret").value == "from the vault"
        after = credential.bound_token(SCOPE)
    assert after.token != before.token
    assert len(azure.asked(ISSUE)) == 2
    assert azure.asked(ISSUE)[1].query["bypass_cache"] == "true"
    # The vault said what it wants to see, and Entra ID was told.
    assert b"claims=" in azure.asked(TOKENS)[1].body


def test_a_certificate_that_the_token_endpoint_refuses_is_minted_again_once(azure: Serving) -> None:
    with ManagedIdentityV2Credential() as credential:
        credential.bound_token(SCOPE)
        binding_certificates.revoke(azure.world)
        found = credential.bound_token("https://storage.azure.com/.default")
    assert found.token_type == "mtls_pop"
    assert [request.query.get("bypass_cache") for request in azure.asked(ISSUE)] == [None, "true"]
    assert len(azure.asked(TOKENS)) == 3


@pytest.mark.parametrize("codes", [[1000610], [1000614], [392204], None])
def test_a_certificate_that_is_always_refused_is_minted_again_once_only(azure: Serving, codes: Any) -> None:
    refusal = {
        "error": "invalid_client",
        "error_description": "It is not good.",
        **({"error_codes": codes} if codes else {}),
    }
    azure.fail("status", TOKENS, status=401, body=refusal, count=None)
    with ManagedIdentityV2Credential() as credential, pytest.raises(CertificateRefused, match="It is not good"):
        credential.bound_token(SCOPE)
    assert (len(azure.asked(ISSUE)), len(azure.asked(TOKENS))) == (2, 2)


def test_a_refusal_that_no_certificate_mends_is_said_at_once(azure: Serving) -> None:
    said = pytest.raises(TokenEndpointError, match=r"AADSTS500011.*check the scope")
    with ManagedIdentityV2Credential() as credential, said as refused:
        credential.bound_token("https://contoso.example/.default")
    assert refused.value.codes == (500011,)
    assert len(azure.asked(TOKENS)) == 1


def test_w4_6_a_missing_certificate_is_explained(azure: Serving) -> None:
    said = "AADSTS392200: Client certificate is missing from the request. Trace ID: 1 Correlation ID: 2"
    refusal = {"error": "invalid_request", "error_description": said, "error_codes": [392200]}
    azure.fail("status", TOKENS, status=400, body=refusal)
    with ManagedIdentityV2Credential() as credential, pytest.raises(TokenEndpointError) as refused:
        credential.bound_token(SCOPE)
    assert "AADSTS392200: Client certificate is missing from the request." in refused.value.message
    assert "let *.mtlsauth.microsoft.com pass through untouched" in refused.value.message
    assert "Trace ID" not in refused.value.message


def test_managed_hsm_gets_no_bound_token_and_says_so(azure: Serving) -> None:
    with (
        ManagedIdentityV2Credential() as credential,
        pytest.raises(BindingNotOffered, match=r"AADSTS392196.*bearer tokens"),
    ):
        credential.bound_token("https://managedhsm.azure.net/.default")
    assert len(azure.asked(TOKENS)) == 1


def test_an_identity_without_permission_is_refused_once_and_in_the_vaults_words(azure: Serving) -> None:
    said = pytest.raises(HttpResponseError)
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client, said as refused:
        client.set_secret("contososecret", "another value")
    assert refused.value.status_code == 403
    assert len(azure.asked(SECRET)) == 1


def test_a_resource_that_takes_no_token_at_all_costs_one_certificate_and_not_one_a_call(azure: Serving) -> None:
    refusal = {
        "error": {"code": "Unauthorized", "message": "[MtlsCnfClaimRequestDataValidationFailed] It is not bound."}
    }
    azure.fail("status", SECRET, status=401, body=refusal, count=None)
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client:
        for _ in range(3):
            with pytest.raises(ClientAuthenticationError):
                client.get_secret("contososecret")
    assert len(azure.asked(ISSUE)) == 2
    assert (len(azure.asked(TOKENS)), len(azure.asked(f"{SECRET}/"))) == (2, 4)


def test_a_token_endpoint_that_answers_with_a_bearer_token_is_not_believed(azure: Serving) -> None:
    answer = {"token_type": "Bearer", "access_token": "a.b.c", "expires_in": 3599}
    azure.fail("status", TOKENS, status=200, body=answer)
    with ManagedIdentityV2Credential() as credential, pytest.raises(ClientAuthenticationError, match="not bound"):
        credential.bound_token(SCOPE)
    azure.fail("status", TOKENS, status=200, body={"token_type": "mtls_pop", "access_token": "a.b.c"})
    with ManagedIdentityV2Credential() as credential, pytest.raises(ClientAuthenticationError, match="how long"):
        credential.bound_token(SCOPE)


def test_numbers_may_come_as_text(azure: Serving) -> None:
    answer = {"token_type": "MTLS_POP", "access_token": "a.b.c", "expires_in": "3599"}
    azure.fail("status", TOKENS, status=200, body=json.loads(json.dumps(answer)))
    with ManagedIdentityV2Credential() as credential:
        assert credential.get_token_info(SCOPE).token_type == "mtls_pop"


def test_many_who_are_refused_at_once_get_one_new_certificate_for_all_their_scopes(azure: Serving) -> None:
    storage = "https://storage.azure.com/.default"
    with ManagedIdentityV2Credential() as credential, ThreadPoolExecutor(20) as threads:
        before = {scope: credential.bound_token(scope) for scope in (SCOPE, storage)}
        binding_certificates.revoke(azure.world)

        def another(number: int) -> BoundToken:
            scope = (SCOPE, storage)[number % 2]
            return credential.in_place_of(before[scope], scope, claims=f'{{"nbf":{number}}}')

        found = list(threads.map(another, range(20)))
    assert len({token.token for token in found}) == 2
    assert len({id(token.binding) for token in found}) == 1
    assert len(azure.asked(ISSUE)) == 2


def test_a_bearer_token_that_is_refused_is_not_asked_for_again(azure: Serving) -> None:
    azure.fail("status", "/getplatformmetadata", status=404, count=None)
    azure.fail("status", SECRET, status=401, body={"error": {"code": "Unauthorized", "message": "No."}}, count=None)
    said = pytest.raises(ClientAuthenticationError)
    with ManagedIdentityV2Credential(allow_version_1=True) as credential, vault_client(credential) as client, said:
        client.get_secret("contososecret")
    assert len(azure.asked("/metadata/identity/oauth2/token")) == 1
    assert len(azure.asked(f"{SECRET}/")) == 1
