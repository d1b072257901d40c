"""W4, managed identity v2, row by row."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from local_azure.core.world import TENANT_ID
from local_azure.entra import binding_certificates
from local_azure.vm.imds import attestation
from tests.unit.local_azure.arm.support import ArmClient
from tests.unit.local_azure.vm.support import IDENTITIES, MACHINES, make_identity, make_machine, user_assigned
from tests.unit.workload.managed_identity_v2.clients import call, vault_client
from tests.unit.workload.managed_identity_v2.serving import ISSUE, PLATFORM, SCOPE, SECRET, TOKENS, Serving, serving
from workload.managed_identity_v2 import BindingKey, ManagedIdentityV2Credential, MetadataServiceError
from workload.managed_identity_v2.metadata_host import OVERRIDE


def test_w4_1_a_new_key_asks_for_a_certificate_for_the_machine(azure: Serving, machine: Any) -> None:
    with ManagedIdentityV2Credential() as credential:
        binding = credential.bound_token(SCOPE).binding
    assert binding is not None
    (asked,), (sent,) = azure.asked(PLATFORM), azure.asked(ISSUE)
    assert asked.method == "GET"
    assert dict(asked.query) == dict(sent.query) == {"cred-api-version": "2.0"}
    assert asked.headers["metadata"] == sent.headers["metadata"] == "true"
    assert sent.method == "POST"
    body = json.loads(sent.body)
    assert set(body) == {"csr"}
    request = x509.load_der_x509_csr(base64.b64decode(body["csr"], validate=True))
    assert request.public_key() == binding.key.signer.public_key()
    assert isinstance(binding.key.signer, rsa.RSAPrivateKey)
    assert binding.key.signer.key_size == 2048
    assert isinstance(request.signature_algorithm_parameters, padding.PSS)
    assert isinstance(request.signature_hash_algorithm, hashes.SHA256)
    assert [each.value for each in request.subject.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT)] == [TENANT_ID]
    (attribute,) = request.attributes
    assert json.loads(attribute.value) == {"vmId": machine["properties"]["vmId"]}


def test_w4_2_the_answer_says_where_and_as_whom_to_ask_for_tokens(azure: Serving, machine: Any) -> None:
    del machine
    with ManagedIdentityV2Credential() as credential:
        binding = credential.bound_token(SCOPE).binding
    assert binding is not None
    certificate = x509.load_der_x509_certificate(binding.certificate)
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert (binding.client_id, binding.tenant_id) == (name.value, TENANT_ID)
    assert binding.token_endpoint == f"https://westus.mtlsauth.microsoft.com/{TENANT_ID}/oauth2/v2.0/token"
    assert binding_certificates.checked(azure.world, binding.certificate).client_id == binding.client_id


def test_w4_3_the_token_is_asked_for_over_mutual_tls(azure: Serving) -> None:
    with ManagedIdentityV2Credential() as credential:
        found = credential.bound_token("https://vault.azure.net//.default")
    assert found.binding is not None
    (sent,) = azure.asked(TOKENS)
    assert sent.host == "westus.mtlsauth.microsoft.com"
    assert sent.client_certificate == found.binding.certificate
    assert dict(parse_qsl(sent.body.decode())) == {
        "grant_type": "client_credentials",
        "client_id": found.binding.client_id,
        "scope": SCOPE,
        "token_type": "mtls_pop",
    }


def test_w4_4_the_vault_is_called_over_mutual_tls_with_a_token_bound_to_the_certificate(azure: Serving) -> None:
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client:
        assert client.get_secret("contososecret").value == "from the vault"
        found = credential.bound_token(SCOPE)
    assert found.binding is not None
    sent = azure.asked(f"{SECRET}/")[-1]
    assert sent.headers["authorization"] == f"mtls_pop {found.token}"
    assert sent.headers["x-ms-tokenboundauth"] == "true"
    assert sent.client_certificate == found.binding.certificate
    claims = jwt.decode(found.token, options={"verify_signature": False})
    assert claims["cnf"]["x5t#S256"] == found.binding.thumbprint


class Attesting:
    """Vouches for every key with the local attestation service's own signature."""

    def __init__(self, azure: Serving) -> None:
        self.azure = azure
        self.endpoints: list[str] = []

    def attest(self, endpoint: str, client_id: str, key: BindingKey) -> str:
        assert client_id
        self.endpoints.append(endpoint)
        modulus = key.signer.public_key().public_numbers().n.to_bytes(256, "big")
        claims = {
            "iss": endpoint,
            "exp": int(self.azure.world.clock.timestamp()) + 600,
            "x-ms-runtime": {"keys": [{"n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode()}]},
        }
        return jwt.encode(claims, attestation.signing_key(self.azure.world), algorithm="RS256")


def test_w4_5_attestation_is_used_where_there_is_a_provider(azure: Serving) -> None:
    attestation.require(azure.world, True)
    provider = Attesting(azure)
    with ManagedIdentityV2Credential(attestation=provider) as credential:
        assert credential.bound_token(SCOPE).token_type == "mtls_pop"
    assert provider.endpoints == ["https://sharedwestus.westus.attest.azure.net"]
    assert json.loads(azure.asked(ISSUE)[0].body)["attestation_token"].count(".") == 2


def test_w4_5_attestation_is_skipped_aloud_where_there_is_none(
    azure: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "workload.managed_identity_v2"), ManagedIdentityV2Credential() as credential:
        credential.bound_token(SCOPE)
        assert "Attestation skipped: there is no provider" in caplog.messages
        attestation.require(azure.world, True)
    with ManagedIdentityV2Credential() as credential, pytest.raises(MetadataServiceError, match="give an attestation"):
        credential.bound_token(SCOPE)


@pytest.mark.parametrize("selector", ["client_id", "object_id", "resource_id"])
def test_a_user_assigned_identity_is_chosen_by_any_of_its_names(
    azure: Serving, arm: ArmClient, monkeypatch: pytest.MonkeyPatch, selector: str
) -> None:
    made = {name: make_identity(arm, name)["properties"] for name in ("batch", "other")}
    make_machine(arm, "worker", user_assigned("batch", "other"))
    values = {
        "client_id": made["batch"]["clientId"],
        "object_id": made["batch"]["principalId"],
        "resource_id": f"{IDENTITIES}/batch",
    }
    with serving(azure.world, f"{MACHINES}/worker") as worker:
        monkeypatch.setenv(OVERRIDE, worker.metadata)
        with ManagedIdentityV2Credential() as credential, pytest.raises(MetadataServiceError, match="say which by"):
            credential.bound_token(SCOPE)
        with ManagedIdentityV2Credential(**{selector: values[selector]}) as credential:
            found = credential.bound_token(SCOPE)
    assert found.binding is not None
    assert found.binding.client_id == made["batch"]["clientId"]
    assert call(found.token, found.binding).status_code == 403


def test_only_one_identity_can_be_meant() -> None:
    with pytest.raises(ValueError, match="Only one of"):
        ManagedIdentityV2Credential(client_id="a", object_id="b")
    with pytest.raises(ValueError, match="must not be empty"):
        ManagedIdentityV2Credential(client_id="")
