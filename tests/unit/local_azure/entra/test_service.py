from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local_azure.core.http import Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory, issuers, tokens
from local_azure.entra.client_authentication import ASSERTION_TYPE
from local_azure.entra.errors import EntraError
from local_azure.entra.service import EntraService

TOKEN_PATH = f"/{TENANT_ID}/oauth2/v2.0/token"
ENDPOINT = f"https://login.microsoftonline.com{TOKEN_PATH}"
SUBJECT = "repo:contoso/hsm:ref:refs/heads/main"


@pytest.fixture
def entra(world: World) -> EntraService:
    return EntraService(world)


def form(world: World, **changes: str | None) -> dict[str, str]:
    fields = {
        "grant_type": "client_credentials",
        "client_id": directory.DEPLOYER_CLIENT_ID,
        "client_secret": directory.deployer_secret(world),
        "scope": "https://managedhsm.azure.net/.default",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def ask(entra: EntraService, fields: dict[str, str], path: str = TOKEN_PATH) -> dict[str, object]:
    request = Request("POST", "login.microsoftonline.com", path, body=urlencode(fields).encode())
    content: dict[str, object] = json.loads(entra.handle(request).body)
    return content


def test_a_secret_is_worth_a_token(world: World, entra: EntraService) -> None:
    answer = ask(entra, form(world))
    assert answer["token_type"] == "Bearer"
    claims = tokens.verify(world, str(answer["access_token"]), ["https://managedhsm.azure.net"])
    assert claims.object_id == directory.DEPLOYER_OBJECT_ID


def test_the_older_endpoint_writes_numbers_as_text(world: World, entra: EntraService) -> None:
    fields = form(world, scope=None, resource="https://management.azure.com/")
    answer = ask(entra, fields, f"/{TENANT_ID}/oauth2/token")
    assert answer["expires_in"] == "3599"
    assert answer["resource"] == "https://management.azure.com/"


def test_scopes_of_sign_ins_beside_the_resource_mean_nothing(world: World, entra: EntraService) -> None:
    """As MSAL for Go sends them with client credentials."""
    scope = "https://storage.azure.com/.default openid offline_access profile"
    token = str(ask(entra, form(world, scope=scope))["access_token"])
    assert tokens.verify(world, token, ["https://storage.azure.com"]).object_id == directory.DEPLOYER_OBJECT_ID


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_secret": "wrong"}, 7000215),
        ({"client_secret": None}, 7000218),
        ({"client_id": "00000000-0000-4000-8000-00000000dead"}, 700016),
        ({"client_id": None}, 900144),
        ({"scope": None}, 900144),
        ({"scope": "https://managedhsm.azure.net"}, 1002012),
        ({"scope": "https://unheard.of/.default"}, 500011),
        ({"grant_type": "password"}, 70003),
        ({"grant_type": None}, 900144),
        ({"client_secret": None, "client_assertion": "not.a.token", "client_assertion_type": ASSERTION_TYPE}, 50027),
    ],
)
def test_a_wrong_request_is_refused_with_entras_number(
    world: World, entra: EntraService, changes: dict[str, str | None], number: int
) -> None:
    with pytest.raises(EntraError) as refused:
        ask(entra, form(world, **changes))
    assert refused.value.body()["error_codes"] == [number]
    assert f"AADSTS{number}" in refused.value.body()["error_description"]


def test_a_foreign_tenant_is_refused(world: World, entra: EntraService) -> None:
    with pytest.raises(EntraError, match="AADSTS90002"):
        ask(entra, form(world), "/00000000-0000-4000-8000-00000000beef/oauth2/v2.0/token")


def certificate_for(world: World, days: int = 30) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contoso-deployer")])
    now = world.clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def register(world: World, certificate: x509.Certificate) -> None:
    application = directory.application(world, directory.DEPLOYER_CLIENT_ID)
    assert application is not None
    encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    directory.put_application(world, replace(application, certificates=[encoded]))


def certificate_form(
    world: World, key: rsa.RSAPrivateKey, certificate: x509.Certificate, audience: str = ENDPOINT
) -> dict[str, str]:
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    client = directory.DEPLOYER_CLIENT_ID
    content = {"iss": client, "sub": client, "aud": audience, "exp": int(time.time()) + 600}
    assertion = jwt.encode(content, key, algorithm="PS256", headers={"x5t#S256": thumbprint})
    return form(world, client_secret=None, client_assertion=assertion, client_assertion_type=ASSERTION_TYPE)


def test_a_registered_certificate_is_worth_a_token(world: World, entra: EntraService) -> None:
    key, certificate = certificate_for(world)
    register(world, certificate)
    answer = ask(entra, certificate_form(world, key, certificate))
    claims = tokens.verify(world, str(answer["access_token"]), ["https://managedhsm.azure.net"])
    assert claims.raw["appidacr"] == "2"


def test_a_certificate_that_nobody_registered_is_refused(world: World, entra: EntraService) -> None:
    key, certificate = certificate_for(world)
    with pytest.raises(EntraError, match="AADSTS700027"):
        ask(entra, certificate_form(world, key, certificate))


def test_an_expired_certificate_is_refused(world: World, entra: EntraService) -> None:
    key, certificate = certificate_for(world, days=-1)
    register(world, certificate)
    with pytest.raises(EntraError, match="expired"):
        ask(entra, certificate_form(world, key, certificate))


def test_a_certificate_without_its_key_is_refused(world: World, entra: EntraService) -> None:
    _, certificate = certificate_for(world)
    register(world, certificate)
    other, _ = certificate_for(world)
    with pytest.raises(EntraError, match="signature"):
        ask(entra, certificate_form(world, other, certificate))


def test_an_assertion_for_another_audience_is_refused(world: World, entra: EntraService) -> None:
    key, certificate = certificate_for(world)
    register(world, certificate)
    with pytest.raises(EntraError, match="AADSTS700023"):
        ask(entra, certificate_form(world, key, certificate, audience="https://elsewhere.contoso.com"))


def federate(world: World, subject: str = SUBJECT) -> None:
    application = directory.application(world, directory.DEPLOYER_CLIENT_ID)
    assert application is not None
    credential = {"issuer": issuers.GITHUB, "subject": subject, "audiences": [issuers.FEDERATION_AUDIENCE]}
    directory.put_application(world, replace(application, federated=[credential]))


def federated_form(world: World, token: str) -> dict[str, str]:
    return form(world, client_secret=None, client_assertion=token, client_assertion_type=ASSERTION_TYPE)


def test_a_federated_token_is_worth_a_token(world: World, entra: EntraService) -> None:
    federate(world)
    assert ask(entra, federated_form(world, issuers.github_token(world, SUBJECT)))["access_token"]


@pytest.mark.parametrize(
    ("subject", "audience", "number"),
    [
        ("repo:contoso/hsm:pull_request", issuers.FEDERATION_AUDIENCE, 700213),
        (SUBJECT, "https://github.com/contoso", 700212),
    ],
)
def test_a_federated_token_for_something_else_is_refused(
    world: World, entra: EntraService, subject: str, audience: str, number: int
) -> None:
    federate(world)
    with pytest.raises(EntraError, match=f"AADSTS{number}"):
        ask(entra, federated_form(world, issuers.github_token(world, subject, audience)))


def test_no_error_repeats_the_credential(world: World, entra: EntraService) -> None:
    with pytest.raises(EntraError) as refused:
        ask(entra, form(world, client_secret="hunter2-hunter2"))
    assert "hunter2" not in json.dumps(refused.value.body())


@pytest.mark.parametrize(
    "path",
    [
        f"/{TENANT_ID}/v2.0/.well-known/openid-configuration",
        f"/{TENANT_ID}/.well-known/openid-configuration",
        "/organizations/v2.0/.well-known/openid-configuration",
        "/common/discovery/instance",
        f"/{TENANT_ID}/discovery/v2.0/keys",
    ],
)
def test_the_metadata_is_public(entra: EntraService, path: str) -> None:
    assert entra.handle(Request("GET", "login.microsoftonline.com", path)).status == 200
