from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local_azure.plugin.values import Values
from tests.unit.local_azure.plugin.fake_arm import CLIENT, ENVIRONMENT, GROUP, SUBSCRIPTION, TENANT, FakeArm, engine

BASE = {name: value for name, value in ENVIRONMENT.items() if name != "ARM_CLIENT_SECRET"}


def _ask(arm: FakeArm, environment: dict[str, str], config: Values | None = None) -> str:
    """Reads a group; the error in one line, empty where there is none."""
    with engine(arm, environment, config) as pulumi:
        try:
            pulumi.read("resources:ResourceGroup", GROUP)
        except grpc.RpcError as error:
            message = str(error.details())
            assert "\n" not in message
            return message
    return ""


def _sign_in(arm: FakeArm) -> Any:
    return next(each for each in arm.asked if each.path.endswith("/token"))


def test_a_client_secret_signs_in(arm: FakeArm) -> None:
    assert _ask(arm, ENVIRONMENT) == ""
    asked = _sign_in(arm)
    assert asked.url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert asked.body == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": "not-a-real-one",
        "scope": "https://management.azure.com/.default",
    }


def test_the_configuration_wins_over_the_environment(arm: FakeArm) -> None:
    assert _ask(arm, ENVIRONMENT, {"clientId": "configured", "clientSecret": "other"}) == ""
    assert _sign_in(arm).body["client_id"] == "configured"
    assert _sign_in(arm).body["client_secret"] == "other"


def test_a_federated_token_is_read_again_for_every_sign_in(arm: FakeArm, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    environment = {**BASE, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": str(token)}
    with engine(arm, environment) as pulumi:
        pulumi.read("resources:ResourceGroup", GROUP)
        token.write_text("second")
        pulumi.invoke("authorization:getClientToken", {"endpoint": "https://managedhsm.azure.net"})
    sign_ins = [each.body for each in arm.asked if each.path.endswith("/token")]
    assert [each["client_assertion"] for each in sign_ins] == ["first", "second"]
    assert sign_ins[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert sign_ins[1]["scope"] == "https://managedhsm.azure.net/.default"


def test_a_workflow_asks_its_own_issuer_for_the_federated_token(arm: FakeArm) -> None:
    arm.then("GET", "/id-token", 200, {"value": "from the issuer"})
    environment = {
        **BASE,
        "ARM_USE_OIDC": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://issuer.example/id-token?run=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer",
    }
    assert _ask(arm, environment) == ""
    assert arm.asked[0].query == {"run": "1", "audience": "api://AzureADTokenExchange"}
    assert arm.asked[0].headers["Authorization"] == "Bearer bearer"
    assert _sign_in(arm).body["client_assertion"] == "from the issuer"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION, "ARM_CLIENT_SECRET": "x"},
            "signing in with a client secret needs azure-native:tenantId: set it in the stack's configuration or as"
            " ARM_TENANT_ID",
        ),
        (
            {**BASE, "ARM_USE_OIDC": "true"},
            "signing in with OIDC needs azure-native:oidcToken (ARM_OIDC_TOKEN), azure-native:oidcTokenFilePath"
            " (ARM_OIDC_TOKEN_FILE_PATH), or a request URL and token (ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN)",
        ),
        (
            {**BASE, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": "/nowhere"},
            "cannot read the OIDC token /nowhere: No such file or directory",
        ),
        (
            {**BASE, "ARM_CLIENT_CERTIFICATE_PATH": "/nowhere.pfx"},
            "cannot read the client certificate /nowhere.pfx: No such file or directory",
        ),
        (
            {**ENVIRONMENT, "ARM_ENVIRONMENT": "moon"},
            "azure-native:environment is 'moon'; it must be one of public, usgovernment, china",
        ),
    ],
)
def test_what_is_missing_is_named(arm: FakeArm, environment: dict[str, str], message: str) -> None:
    assert _ask(arm, environment) == message


def test_the_default_chain_comes_first_where_it_is_asked_for(arm: FakeArm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    chain = {**ENVIRONMENT, "ARM_USE_DEFAULT_AZURE_CREDENTIAL": "true"}
    assert _ask(arm, chain).startswith("no access token by the default chain: ")
    assert not [each for each in arm.asked if each.path.endswith("/token")]
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "MoonCredential")
    assert _ask(arm, chain).startswith("the default chain cannot be used: ")
    without = {name: value for name, value in chain.items() if name != "ARM_SUBSCRIPTION_ID"}
    assert _ask(arm, without).startswith("signing in by the default chain needs azure-native:subscriptionId")


def test_a_certificate_whose_passphrase_is_missing_is_one_line(arm: FakeArm, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path / "client.pem"
    protection = serialization.BestAvailableEncryption(b"a passphrase")
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection))
    found = _ask(arm, {**BASE, "ARM_CLIENT_CERTIFICATE_PATH": str(path)})
    assert found.startswith(f"the client certificate {path} cannot be used: ")


def test_a_certificate_that_is_none_is_refused(arm: FakeArm, tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    path.write_text("nothing")
    assert _ask(arm, {**BASE, "ARM_CLIENT_CERTIFICATE_PATH": str(path)}).startswith(
        f"the client certificate {path} cannot be used: "
    )


def test_a_refusal_says_who_was_refused_and_why_and_never_the_secret(arm: FakeArm) -> None:
    reason = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"
    arm.then("POST", "/token", 401, {"error": "invalid_client", "error_description": reason})
    message = _ask(arm, ENVIRONMENT)
    assert message == (
        f"Entra ID refused a client secret of client {CLIENT} in tenant {TENANT}:"
        " AADSTS7000215: Invalid client secret provided. Trace ID: 1"
    )


def test_without_any_credential_the_azure_cli_is_asked_and_its_absence_said(
    arm: FakeArm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = _ask(arm, {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION})
    assert message.startswith("no access token by the Azure CLI's sign-in")
    with engine(arm, {**ENVIRONMENT, "ARM_SUBSCRIPTION_ID": ""}) as pulumi, pytest.raises(grpc.RpcError) as caught:
        pulumi.create("resources:ResourceGroup", {"resourceGroupName": "x", "location": "westus"})
    details = caught.value.details()
    assert details.startswith("every call to Azure needs azure-native:subscriptionId")


def test_a_cloud_is_described_by_its_metadata_host(arm: FakeArm) -> None:
    described = {
        "resourceManager": "https://management.contoso.example/",
        "authentication": {"loginEndpoint": "https://login.contoso.example/", "audiences": ["https://arm.contoso/"]},
        "suffixes": {"keyVaultDns": "vault.contoso.example"},
    }
    arm.then("GET", "/metadata/endpoints", 200, described)
    assert _ask(arm, {**ENVIRONMENT, "ARM_METADATA_HOSTNAME": "management.contoso.example"}) == ""
    assert arm.asked[0].url == "https://management.contoso.example/metadata/endpoints?api-version=2022-09-01"
    assert _sign_in(arm).url == f"https://login.contoso.example/{TENANT}/oauth2/v2.0/token"
    assert _sign_in(arm).body["scope"] == "https://arm.contoso/.default"
    assert arm.asked[-1].url.startswith("https://management.contoso.example/subscriptions/")


def test_a_metadata_host_that_describes_nothing_is_named(arm: FakeArm) -> None:
    message = _ask(arm, {**ENVIRONMENT, "ARM_METADATA_HOSTNAME": "contoso.example"})
    assert message == "azure-native:metadataHost is 'contoso.example', which answers 404 and no description of a cloud"


@pytest.mark.daemon
@pytest.mark.usefixtures("azure")
def test_a_client_certificate_is_taken_to_entra_by_azure_identity(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import os

    from local_azure.plugin.transport import Transport

    path = tmp_path / "client.pem"
    path.write_bytes(_certificate())
    monkeypatch.delenv("ARM_CLIENT_SECRET")
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", str(path))
    message = _ask(Transport(dict(os.environ)), dict(os.environ))  # type: ignore[arg-type]
    # The directory does not know this certificate: that it says so proves that it was asked.
    assert "no access token by the client certificate of client" in message
    assert "AADSTS700027" in message


def test_nothing_of_the_sdk_and_no_http_client_is_imported_to_start() -> None:
    import subprocess

    code = (
        "import json, sys; import local_azure.plugin.server;"
        "print(json.dumps(sorted({each.partition('.')[0] for each in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pulumi", "pulumi_azure_native", "urllib3", "requests", "azure"} & set(json.loads(done.stdout))


def _certificate() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contoso")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
