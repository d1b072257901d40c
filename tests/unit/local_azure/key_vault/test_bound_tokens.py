"""Tokens that are bound to a certificate, at a vault (W4.4)."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import World
from local_azure.entra import binding_certificates, directory, tokens
from local_azure.entra.directory import Principal
from tests.unit.local_azure.key_vault.support import VAULT, VAULT_ID, Answer, Client, make_vault, policy

PATH = "/secrets?api-version=7.4"


@pytest.fixture(scope="module")
def public_key() -> rsa.RSAPublicKey:
    return rsa.generate_private_key(65537, 2048).public_key()


@pytest.fixture
def identity(world: World) -> Principal:
    made = directory.create_managed_identity(world, display_name="testvmmhsm", resource_id="/subscriptions/1/vm")
    make_vault(Client(world), policy(made.object_id, "list"))
    return made


@pytest.fixture
def certificate(world: World, identity: Principal, public_key: rsa.RSAPublicKey) -> bytes:
    return binding_certificates.issue(world, identity, public_key)


@pytest.fixture
def token(world: World, identity: Principal, certificate: bytes) -> str:
    confirmed = {"x5t#S256": binding_certificates.thumbprint(certificate)}
    return tokens.issue(world, identity, VAULT, claims={"cnf": confirmed})


def ask(world: World, token: str, certificate: bytes | None, scheme: str = "mtls_pop", bound: str = "true") -> Answer:
    headers = {"authorization": f"{scheme} {token}", **({"x-ms-tokenboundauth": bound} if bound else {})}
    return Client(world).send("GET", PATH, headers=headers, certificate=certificate)


@pytest.mark.parametrize("scheme", ["mtls_pop", "MTLS_POP"])
def test_a_bound_token_is_good_with_its_certificate(world: World, token: str, certificate: bytes, scheme: str) -> None:
    assert ask(world, token, certificate, scheme).status == 200


def test_it_fails_without_the_certificate(world: World, token: str) -> None:
    assert refused(ask(world, token, None)).startswith("[MissingClientCertificate] ")


def test_it_fails_where_the_vault_was_not_asked_to_look_at_the_certificate(
    world: World, token: str, certificate: bytes
) -> None:
    for value in ("", "false"):
        message = refused(ask(world, token, certificate, bound=value))
        assert "Client certificate required for using MTLS_POP token." in message


def test_it_fails_with_another_certificate(
    world: World, token: str, identity: Principal, public_key: rsa.RSAPublicKey
) -> None:
    another = binding_certificates.issue(world, identity, public_key)
    assert refused(ask(world, token, another)).startswith("[MtlsCnfClaimRequestDataValidationFailed] ")


def test_it_fails_as_a_bearer_token_even_with_the_certificate(world: World, token: str, certificate: bytes) -> None:
    for shown in (certificate, None):
        assert refused(ask(world, token, shown, "Bearer")) == "Cnf claim not supported over Bearer protocol."


def test_it_fails_once_the_certificate_is_revoked_and_a_newer_one_is_asked_for(
    world: World, token: str, certificate: bytes, identity: Principal
) -> None:
    binding_certificates.revoke(world, identity.app_id)
    answer = ask(world, token, certificate)
    refused(answer)
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    found = re.search(r'claims="([^"]+)"', challenge)
    assert found is not None
    assert json.loads(base64.b64decode(found[1]))["access_token"]["nbf"]["essential"] is True


def test_it_fails_when_the_token_or_the_certificate_has_expired(
    world: World, token: str, certificate: bytes, identity: Principal
) -> None:
    world.clock.move(timedelta(hours=2))
    assert refused(ask(world, token, certificate)).startswith("[TokenExpired]")
    world.clock.move(timedelta(days=8))
    confirmed = {"x5t#S256": binding_certificates.thumbprint(certificate)}
    young = tokens.issue(world, identity, VAULT, claims={"cnf": confirmed})
    assert "valid until" in refused(ask(world, young, certificate))


def test_a_token_that_is_bound_to_nothing_is_no_bound_token(
    world: World, certificate: bytes, identity: Principal
) -> None:
    bearer = tokens.issue(world, identity, VAULT)
    assert refused(ask(world, bearer, certificate)).startswith("[MtlsCnfClaimRequestDataValidationFailed] ")
    assert ask(world, bearer, certificate, "Bearer").status == 200


def test_a_bound_token_is_refused_where_nobody_looks_at_certificates(world: World, identity: Principal) -> None:
    arm = tokens.issue(world, identity, "https://management.azure.com", claims={"cnf": {"x5t#S256": "any"}})
    answer = Client(world).send(
        "GET",
        f"{VAULT_ID}?api-version=2024-11-01",
        host="management.azure.com",
        headers={"authorization": f"Bearer {arm}"},
    )
    assert answer.status == 401


def refused(answer: Answer) -> str:
    assert (answer.status, answer.code) == (401, "Unauthorized"), answer
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization=")
    return answer.message
