"""Unmodified clients against a running daemon."""

from __future__ import annotations

import base64
import datetime

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential, DefaultAzureCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from local_azure.core.world import TENANT_ID
from local_azure.entra.directory import DEPLOYER_CLIENT_ID, DEPLOYER_OBJECT_ID
from tests.by_hand import ByHand
from tests.support import Azure
from tests.unit.local_azure.managed_hsm.support import rsa_key

pytestmark = pytest.mark.daemon


def certificate_valid_now(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contoso-ci")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def test_the_deployer_signs_in_with_its_secret(azure: Azure) -> None:
    secret = (azure.instance.home / "deployer-secret").read_text()
    with ClientSecretCredential(TENANT_ID, DEPLOYER_CLIENT_ID, secret) as credential:
        token = credential.get_token("https://managedhsm.azure.net/.default").token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == DEPLOYER_OBJECT_ID


def test_an_application_signs_in_with_its_certificate(azure: Azure) -> None:
    key = rsa_key(0)
    certificate = certificate_valid_now(key)
    by_hand, graph = ByHand(azure.instance), "https://graph.microsoft.com"
    keys = [{"key": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}]
    body = {"displayName": "contoso-ci", "keyCredentials": keys}
    app_id = by_hand.ask("POST", f"{graph}/v1.0/applications", graph, body).json()["appId"]
    principal = by_hand.ask("POST", f"{graph}/v1.0/servicePrincipals", graph, {"appId": app_id}).json()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    with CertificateCredential(TENANT_ID, app_id, certificate_data=pem) as credential:
        token = credential.get_token("https://managedhsm.azure.net/.default").token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == principal["id"]
    with (
        CertificateCredential(TENANT_ID, DEPLOYER_CLIENT_ID, certificate_data=pem) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS700027"),
    ):
        credential.get_token("https://managedhsm.azure.net/.default")


def test_the_default_credential_finds_the_deployer(azure: Azure) -> None:
    with DefaultAzureCredential() as credential:
        token = credential.get_token("https://management.azure.com/.default").token
    assert jwt.decode(token, options={"verify_signature": False})["tid"] == TENANT_ID
    assert [entry["host"] for entry in azure.control.log()][-1] == "login.microsoftonline.com"


def test_a_token_outlasts_a_reset_as_the_secret_does(azure: Azure) -> None:
    with DefaultAzureCredential() as credential:
        before = credential.get_token("https://graph.microsoft.com/.default").token
    azure.control.reset()
    with requests.get(
        "https://graph.microsoft.com/v1.0/servicePrincipals",
        headers={"Authorization": f"Bearer {before}"},
        timeout=10,
    ) as answer:
        assert answer.status_code == 200


@pytest.mark.usefixtures("azure")
def test_requests_reaches_a_played_host() -> None:
    with requests.get(
        "https://login.microsoftonline.com/common/discovery/instance", params={"api-version": "1.1"}, timeout=10
    ) as answer:
        assert answer.status_code == 200
        assert {"x-ms-request-id", "Date"} <= set(answer.headers)


def test_a_host_that_is_not_played_is_refused_by_name(azure: Azure) -> None:
    with pytest.raises(
        requests.exceptions.ProxyError, match=r"There is no example\.com:443 in the local Azure; nothing leaves"
    ):
        requests.get("https://example.com/", timeout=10)
    assert "example.com" in azure.control.log()[-1]["host"]


@pytest.mark.usefixtures("azure")
def test_plain_http_is_refused_by_name() -> None:
    with requests.get("http://example.com/", timeout=10) as answer:
        assert answer.status_code == 502
        said = "There is no http://example.com in the local Azure; nothing leaves this machine"
        assert answer.json()["error_description"].startswith(said)
