"""Unmodified clients against a running daemon."""

from __future__ import annotations

import jwt
import pytest
import requests
from azure.identity import ClientSecretCredential, DefaultAzureCredential

from local_azure.core.world import TENANT_ID
from local_azure.entra.directory import DEPLOYER_CLIENT_ID, DEPLOYER_OBJECT_ID
from tests.support import Azure

pytestmark = pytest.mark.daemon


def test_the_deployer_signs_in_with_its_secret(azure: Azure) -> None:
    secret = (azure.instance.home / "deployer-secret").read_text()
    with ClientSecretCredential(TENANT_ID, DEPLOYER_CLIENT_ID, secret) as credential:
        token = credential.get_token("https://managedhsm.azure.net/.default").token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == DEPLOYER_OBJECT_ID


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
