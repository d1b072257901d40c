"""Version 2 of managed identities at the metadata service (W4.1, W4.2, W4.5)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_azure.core.world import TENANT_ID, World
from local_azure.entra import binding_certificates
from local_azure.vm.imds import attestation
from tests.unit.local_azure.arm.support import ArmClient
from tests.unit.local_azure.vm.imds.certificates import (
    ATTRIBUTE,
    ISSUE,
    PLATFORM,
    certificate,
    issue,
    key,
    platform,
    request,
)
from tests.unit.local_azure.vm.imds.support import Answer, Metadata
from tests.unit.local_azure.vm.support import (
    IDENTITIES,
    IDENTITY,
    MACHINES,
    make_identity,
    make_machine,
    user_assigned,
)


def test_the_platform_metadata_name_machine_identity_and_attestation_service(metadata: Metadata, machine: Any) -> None:
    answer = metadata.ask(PLATFORM)
    assert set(answer.body) == {"cuId", "clientId", "tenantId", "attestationEndpoint"}
    assert answer.body["cuId"] == {"vmId": machine["properties"]["vmId"]}
    assert answer.body["tenantId"] == TENANT_ID
    assert answer.body["attestationEndpoint"].startswith("https://")
    assert "IMDS" in answer.headers["Server"]


def test_a_probe_without_the_header_is_told_that_the_endpoint_exists(metadata: Metadata) -> None:
    answer = metadata.ask(PLATFORM, metadata="")
    assert answer.refusal == (400, "invalid_request", "Required metadata header not specified")


@pytest.mark.parametrize("target", [PLATFORM.partition("?")[0], PLATFORM.replace("2.0", "1.0")])
def test_another_version_is_refused(metadata: Metadata, target: str) -> None:
    assert metadata.ask(target).status == 400
    assert metadata.ask(ISSUE, method="GET").status == 405


def test_a_certificate_is_for_the_key_and_lives_for_seven_days(metadata: Metadata, world: World) -> None:
    wanted = platform(metadata)
    answer = issue(metadata, request(wanted))
    assert set(answer.body) == {
        "client_id",
        "tenant_id",
        "certificate",
        "identity_type",
        "mtls_authentication_endpoint",
    }
    assert (answer.body["client_id"], answer.body["tenant_id"]) == (wanted["clientId"], TENANT_ID)
    assert answer.body["identity_type"] == "SystemAssigned"
    assert answer.body["mtls_authentication_endpoint"] == "https://westus.mtlsauth.microsoft.com"
    assert "IMDS" in answer.headers["Server"]
    found = x509.load_der_x509_certificate(certificate(answer))
    assert found.public_key() == key().public_key()
    assert found.not_valid_after_utc - found.not_valid_before_utc == timedelta(days=7)
    issuer = x509.load_pem_x509_certificate(binding_certificates.authority(world).encode())
    found.verify_directly_issued_by(issuer)


def test_the_names_of_the_subject_may_come_in_either_order(metadata: Metadata) -> None:
    wanted = platform(metadata)
    names = [(NameOID.DOMAIN_COMPONENT, wanted["tenantId"]), (NameOID.COMMON_NAME, wanted["clientId"])]
    assert issue(metadata, request(wanted, names=names)).status == 200


@pytest.mark.parametrize("name", ["client_id", "object_id", "mi_res_id", "msi_res_id"])
def test_a_user_assigned_identity_is_found_by_either_name(arm: ArmClient, world: World, subnet: Any, name: str) -> None:
    del subnet
    made = {each: make_identity(arm, each)["properties"] for each in ("batch", "other")}
    make_machine(arm, "worker", user_assigned("batch", "other"))
    metadata = Metadata(world, f"{MACHINES}/worker")
    value = {"client_id": made["batch"]["clientId"], "object_id": made["batch"]["principalId"]}
    query = f"&{name}={value.get(name, f'{IDENTITIES}/batch')}"
    assert metadata.ask(PLATFORM).status == 400
    wanted = platform(metadata, query)
    assert wanted["clientId"] == made["batch"]["clientId"]
    answer = issue(metadata, request(wanted), query)
    assert (answer.body["client_id"], answer.body["identity_type"]) == (made["batch"]["clientId"], "UserAssigned")
    assert arm.get(f"{IDENTITIES}/batch", IDENTITY).status == 200


def wrong_requests() -> dict[str, dict[str, Any]]:
    """By what is wrong."""
    elliptic = ec.generate_private_key(ec.SECP256R1())
    return {
        "another length of the key": {"signer": key(3072)},
        "another kind of key": {"signer": elliptic},
        "the older padding": {"pss": None},
        "another digest": {"algorithm": hashes.SHA384(), "pss": padding.PSS(padding.MGF1(hashes.SHA384()), 48)},
        "another salt": {"pss": padding.PSS(padding.MGF1(hashes.SHA256()), 20)},
        "another mask": {"pss": padding.PSS(padding.MGF1(hashes.SHA384()), 32)},
        "no attribute": {"attributes": {}},
        "another attribute": {"attributes": {"1.2.840.113549.1.9.7": b"password"}},
        "another machine": {"attributes": {ATTRIBUTE.dotted_string: b'{"vmId":"elsewhere"}'}},
        "a loose form of JSON": {"attributes": {ATTRIBUTE.dotted_string: b'{"vmId": "elsewhere"}'}},
        "no tenant": {"names": [(NameOID.COMMON_NAME, "x")]},
    }


@pytest.mark.parametrize("what", list(wrong_requests()))
def test_a_request_with_something_else_is_refused(metadata: Metadata, what: str) -> None:
    answer = issue(metadata, request(platform(metadata), **wrong_requests()[what]))
    assert (answer.status, answer.body["error"]) == (400, "invalid_request"), answer


def test_the_compute_unit_must_be_compact(metadata: Metadata) -> None:
    wanted = platform(metadata)
    loose = f'{{"vmId": "{wanted["cuId"]["vmId"]}"}}'.encode()
    assert issue(metadata, request(wanted, attributes={ATTRIBUTE.dotted_string: loose})).status == 400


def test_a_signature_by_another_key_is_refused(metadata: Metadata) -> None:
    good = bytearray(base64.b64decode(request(platform(metadata))))
    good[-1] ^= 1
    assert issue(metadata, base64.b64encode(good).decode()).status == 400


@pytest.mark.parametrize("form", ["PEM", "lines", "nothing", "a number"])
def test_only_single_line_base64_is_a_request(metadata: Metadata, form: str) -> None:
    good = request(platform(metadata))
    sent = {
        "PEM": f"-----BEGIN CERTIFICATE REQUEST-----\n{good}\n-----END CERTIFICATE REQUEST-----",
        "lines": f"{good[:64]}\n{good[64:]}",
        "nothing": None,
        "a number": 7,
    }[form]
    assert issue(metadata, sent).status == 400


def test_the_body_must_say_that_it_is_json(metadata: Metadata) -> None:
    assert metadata.ask(ISSUE, method="POST", body={"csr": request(platform(metadata))}).status == 400


def test_the_same_key_gets_the_same_certificate_until_it_asks_for_another(metadata: Metadata, world: World) -> None:
    wanted = platform(metadata)
    first = certificate(issue(metadata, request(wanted)))
    assert certificate(issue(metadata, request(wanted))) == first
    assert certificate(issue(metadata, request(wanted), "&bypass_cache=true")) != first
    second = certificate(issue(metadata, request(wanted)))
    assert certificate(issue(metadata, request(wanted, signer=key(number=2)))) != second
    world.clock.move(timedelta(days=8))
    assert certificate(issue(metadata, request(wanted))) != second


def test_a_machine_may_have_to_attest_its_key(metadata: Metadata, world: World) -> None:
    attestation.require(world, True)
    words = "Attestation Token is missing / empty in the issue credential request"
    for token in ({}, {"attestation_token": ""}):
        assert issue(metadata, request(platform(metadata)), **token).refusal == (400, "invalid_request", words)
    assert attested(metadata, world).status == 200
    attestation.require(world, False)
    assert issue(metadata, request(platform(metadata)), attestation_token="").status == 200


@pytest.mark.parametrize(
    ("number", "claims"),
    [
        (1000610, {"exp": 1}),
        (1000611, {"iss": "https://elsewhere.attest.azure.net"}),
        (1000612, {"x-ms-runtime": {"keys": [{"n": "another"}]}}),
        (1000614, None),
    ],
)
def test_an_attestation_token_that_attests_nothing_is_refused(
    metadata: Metadata, world: World, number: int, claims: dict[str, Any] | None
) -> None:
    signer = attestation.signing_key(world) if claims is not None else key(number=3)
    answer = attested(metadata, world, signer, **(claims or {}))
    assert (answer.status, answer.body["error"], answer.body["error_codes"]) == (401, "invalid_client", [number])


def attested(metadata: Metadata, world: World, signer: Any = None, **changes: Any) -> Answer:
    """A request with a token that attests its key, but for the changes."""
    wanted = platform(metadata)
    modulus = key().public_key().public_numbers().n.to_bytes(256, "big")
    claims = {
        "iss": wanted["attestationEndpoint"],
        "exp": int(world.clock.timestamp()) + 600,
        "x-ms-runtime": {"keys": [{"n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode()}]},
        **changes,
    }
    token = jwt.encode(claims, signer or attestation.signing_key(world), algorithm="RS256")
    return issue(metadata, request(wanted), attestation_token=token)


@given(places=st.lists(st.tuples(st.integers(0, 700), st.integers(1, 255)), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_request_is_refused_and_never_a_failure(metadata: Metadata, places: list[tuple[int, int]]) -> None:
    damaged = bytearray(base64.b64decode(request(platform(metadata))))
    for place, change in places:
        damaged[place % len(damaged)] ^= change
    answer = issue(metadata, base64.b64encode(bytes(damaged)).decode())
    assert answer.status in (200, 400)


def test_a_body_that_is_no_json_is_refused_in_the_services_form(metadata: Metadata) -> None:
    answer = metadata.ask(ISSUE, method="POST", body=["a", "list"], content_type="application/json")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
