"""Tokens for certificates (W4.3)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import binding_certificates, directory, tokens
from local_azure.entra.directory import Principal
from local_azure.entra.errors import EntraError
from local_azure.entra.service import EntraService

HOST = "westus.mtlsauth.microsoft.com"
VAULT = "https://vault.azure.net"


@pytest.fixture
def identity(world: World) -> Principal:
    return directory.create_managed_identity(world, display_name="testvmmhsm", resource_id="/subscriptions/1/vm")


@pytest.fixture
def certificate(world: World, identity: Principal) -> bytes:
    return binding_certificates.issue(world, identity, rsa.generate_private_key(65537, 2048).public_key())


def ask(world: World, certificate: bytes | None, host: str = HOST, **fields: str | None) -> dict[str, Any]:
    form = {"grant_type": "client_credentials", "scope": f"{VAULT}/.default", "token_type": "mtls_pop", **fields}
    body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    request = Request("POST", host, f"/{TENANT_ID}/oauth2/v2.0/token", body=body, client_certificate=certificate)
    found: dict[str, Any] = json.loads(EntraService(world).handle(request).body)
    return found


def refusal(world: World, certificate: bytes | None, **fields: str | None) -> tuple[int, str, Any]:
    with pytest.raises(EntraError) as refused:
        ask(world, certificate, HOST, **fields)
    body = refused.value.body()
    return refused.value.status, body["error"], body.get("error_codes")


def test_a_token_is_bound_to_the_certificate(world: World, identity: Principal, certificate: bytes) -> None:
    answer = ask(world, certificate, client_id=identity.app_id)
    assert (answer["token_type"], answer["resource"]) == ("mtls_pop", VAULT)
    assert 3500 < answer["expires_in"] <= 3600
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    thumbprint = binding_certificates.thumbprint(certificate)
    assert claims["cnf"] == {"x5t#S256": thumbprint}
    assert (claims["aud"], claims["oid"]) == (VAULT, identity.object_id)
    assert tokens.verify(world, answer["access_token"], [VAULT], bound_to=thumbprint).object_id == identity.object_id
    with pytest.raises(tokens.BoundToken):
        tokens.verify(world, answer["access_token"], [VAULT])
    with pytest.raises(tokens.NotBoundToCertificate):
        tokens.verify(world, answer["access_token"], [VAULT], bound_to="another")


def test_without_its_type_the_token_is_a_bearer_token(world: World, identity: Principal, certificate: bytes) -> None:
    answer = ask(world, certificate, client_id=identity.app_id, token_type=None)
    assert answer["token_type"] == "Bearer"
    assert tokens.verify(world, answer["access_token"], [VAULT]).object_id == identity.object_id


def test_the_endpoint_without_a_region_answers_as_well(world: World, identity: Principal, certificate: bytes) -> None:
    assert ask(world, certificate, "mtlsauth.microsoft.com", client_id=identity.app_id)["token_type"] == "mtls_pop"
    service = EntraService(world)
    assert service.asks_for_client_certificate(HOST)
    assert not service.asks_for_client_certificate("login.microsoftonline.com")
    assert not service.plays("mtlsauth.microsoft.com.contoso.com")


def test_no_certificate_no_token(world: World, identity: Principal) -> None:
    assert refusal(world, None, client_id=identity.app_id) == (400, "invalid_request", [392200])


def test_a_secret_is_no_certificate(world: World) -> None:
    fields = {"client_id": directory.DEPLOYER_CLIENT_ID, "client_secret": directory.deployer_secret(world)}
    assert refusal(world, None, **fields) == (400, "invalid_request", [392200])


def test_another_identitys_certificate_is_refused(world: World, certificate: bytes) -> None:
    other = directory.create_managed_identity(world, display_name="other", resource_id="/subscriptions/1/other")
    assert refusal(world, certificate, client_id=other.app_id)[:2] == (401, "invalid_client")
    assert refusal(world, certificate) == (400, "invalid_request", [900144])


def test_a_revoked_certificate_is_refused_without_a_number(
    world: World, identity: Principal, certificate: bytes
) -> None:
    assert binding_certificates.revoke(world, "somebody-else") == 0
    assert binding_certificates.revoke(world, identity.app_id) == 1
    assert refusal(world, certificate, client_id=identity.app_id) == (401, "invalid_client", None)


@pytest.mark.parametrize("days", [8, -1])
def test_a_certificate_out_of_its_time_is_refused(
    world: World, identity: Principal, certificate: bytes, days: int
) -> None:
    world.clock.move(timedelta(days=days))
    assert refusal(world, certificate, client_id=identity.app_id) == (401, "invalid_client", None)


def test_an_identity_that_is_gone_gets_nothing(world: World, identity: Principal, certificate: bytes) -> None:
    directory.delete_principal(world, identity.object_id)
    assert refusal(world, certificate, client_id=identity.app_id) == (400, "unauthorized_client", [700016])


def test_managed_hsm_is_not_known_to_take_bound_tokens(world: World, identity: Principal, certificate: bytes) -> None:
    scope = "https://managedhsm.azure.net/.default"
    assert refusal(world, certificate, client_id=identity.app_id, scope=scope) == (400, "invalid_request", [392196])
    answer = ask(world, certificate, client_id=identity.app_id, scope=scope, token_type=None)
    assert answer["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"scope": None}, 900144),
        ({"scope": VAULT}, 1002012),
        ({"scope": "https://contoso.example/.default"}, 500011),
        ({"grant_type": "password"}, 70003),
    ],
)
def test_a_request_for_something_else_is_refused(
    world: World, identity: Principal, certificate: bytes, fields: dict[str, str | None], number: int
) -> None:
    assert refusal(world, certificate, client_id=identity.app_id, **fields)[2] == [number]


def test_nothing_else_is_served_there(world: World) -> None:
    with pytest.raises(NotPlayed):
        EntraService(world).handle(Request("GET", HOST, "/common/discovery/instance"))
