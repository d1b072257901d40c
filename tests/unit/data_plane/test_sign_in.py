"""Every way to sign in, against the local Entra ID: that it works, and the one line where it does not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from data_plane import session
from data_plane.clouds import CLOUDS, Cloud
from data_plane.credentials import Principal
from data_plane.errors import CredentialError
from tests.by_hand import ByHand
from tests.support import Azure

pytestmark = pytest.mark.daemon

GRAPH = "https://graph.microsoft.com"
SUBJECT = "repo:contoso/hsm:environment:production"
PASSPHRASE = "a passphrase of many words"
DAY = 24 * 3600.0


class Application:
    """An application of the tenant that can sign in in no way yet."""

    def __init__(self, azure: Azure) -> None:
        self._graph = ByHand(azure.instance)
        made = self._ask("POST", "applications", {"displayName": "contoso-deployer"})
        self.client_id, self._path = str(made["appId"]), f"applications/{made['id']}"
        self.object_id = str(self._ask("POST", "servicePrincipals", {"appId": self.client_id})["id"])

    def add_secret(self, ends: datetime) -> str:
        """A new secret."""
        body = {"passwordCredential": {"endDateTime": ends.isoformat()}}
        return str(self._ask("POST", f"{self._path}/addPassword", body)["secretText"])

    def add_certificate(self, certificate: x509.Certificate) -> None:
        """Registers it."""
        key = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        body = {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": key}]}
        self._ask("PATCH", self._path, body)

    def trust_workflow(self, subject: str) -> None:
        """Takes the tokens of one workflow's environment."""
        body = {
            "name": "contoso",
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        }
        self._ask("POST", f"{self._path}/federatedIdentityCredentials", body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        answer = self._graph.ask(method, f"{GRAPH}/v1.0/{path}", GRAPH, body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def application(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """The application, named by the environment; how it proves itself is each test's."""
    made = Application(azure)
    for name in ("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARM_CLIENT_ID", made.client_id)
    session.forget()
    yield made
    session.forget()


def certificate(days: int = 30) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contoso-deployer")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(begins)
    return made.not_valid_after(begins + timedelta(days=days)).sign(key, hashes.SHA256()), key


def pem(made: tuple[x509.Certificate, rsa.RSAPrivateKey], passphrase: str | None = None) -> bytes:
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        protection = serialization.BestAvailableEncryption(passphrase.encode())
    key = made[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    return made[0].public_bytes(serialization.Encoding.PEM) + key


def pfx(made: tuple[x509.Certificate, rsa.RSAPrivateKey], passphrase: str) -> bytes:
    protection = serialization.BestAvailableEncryption(passphrase.encode())
    return pkcs12.serialize_key_and_certificates(b"contoso", made[1], made[0], None, protection)


def whoever_signs_in() -> Principal:
    return session.current().principal()


def refusal() -> str:
    with pytest.raises(CredentialError) as caught:
        whoever_signs_in()
    line = str(caught.value)
    assert line.isprintable()
    assert PASSPHRASE not in line
    return line


@pytest.mark.parametrize("form", ["PEM", "PEM with a passphrase", "PFX with a passphrase"])
def test_a_certificate_signs_in(
    application: Application, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate()
    application.add_certificate(made[0])
    path = tmp_path / "deployer"
    path.write_bytes(
        {"PEM": pem(made), "PEM with a passphrase": pem(made, PASSPHRASE)}.get(form, pfx(made, PASSPHRASE))
    )
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", str(path))
    if "passphrase" in form:
        monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PASSWORD", PASSPHRASE)
    assert whoever_signs_in() == Principal(application.object_id, application.client_id)
    assert session.current().identity.kind == "certificate"


@pytest.mark.parametrize("given", ["another passphrase", None])
@pytest.mark.parametrize("form", [pem, pfx])
def test_a_wrong_passphrase_or_none_is_one_line_with_the_file(
    application: Application, form: Any, given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate()
    application.add_certificate(made[0])
    path = tmp_path / "deployer.pfx"
    path.write_bytes(form(made, PASSPHRASE))
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", str(path))
    if given is not None:
        monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PASSWORD", given)
    assert refusal().startswith(f"{path}: not a readable certificate with private key, or the password is wrong")


def test_a_certificate_that_nobody_registered_is_refused(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.add_certificate(certificate()[0])
    path = tmp_path / "deployer.pem"
    path.write_bytes(pem(certificate()))
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", str(path))
    assert "AADSTS700027" in refusal()


def test_a_certificate_that_has_expired_is_refused(
    application: Application, azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(days=1)
    application.add_certificate(made[0])
    path = tmp_path / "deployer.pem"
    path.write_bytes(pem(made))
    azure.control.move_clock(2 * DAY)
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", str(path))
    line = refusal()
    assert "AADSTS700027" in line
    assert "expired" in line


def test_a_secret_signs_in_until_it_expires(
    application: Application, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET", application.add_secret(datetime.now(UTC) + timedelta(days=1)))
    assert whoever_signs_in().object_id == application.object_id
    azure.control.move_clock(2 * DAY)
    session.forget()
    line = refusal()
    assert "AADSTS7000222" in line
    assert "expired" in line


@pytest.mark.parametrize("way", ["ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH"])
def test_a_federated_token_signs_in(
    application: Application, azure: Azure, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.trust_workflow(SUBJECT)
    token = azure.control.workflow_token(SUBJECT)
    (tmp_path / "token").write_text(token)
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    monkeypatch.setenv(way, token if way == "ARM_OIDC_TOKEN" else str(tmp_path / "token"))
    assert whoever_signs_in() == Principal(application.object_id, application.client_id)


def test_a_workload_with_the_sdks_variables_signs_in_by_its_token_file(
    application: Application, azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.trust_workflow(SUBJECT)
    (tmp_path / "token").write_text(azure.control.workflow_token(SUBJECT))
    monkeypatch.setenv("AZURE_CLIENT_ID", application.client_id)
    monkeypatch.setenv(
        "AZURE_TENANT_ID", session.current().identity.tenant_id or "7a1c5be0-2f0e-4c57-9d43-0c2f6b1d9e11"
    )
    monkeypatch.delenv("ARM_CLIENT_ID")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    session.forget()
    assert whoever_signs_in().object_id == application.object_id


@pytest.mark.parametrize(
    ("subject", "audience", "code"),
    [
        (SUBJECT, "https://github.com/contoso", "AADSTS700212"),
        ("repo:contoso/hsm:pull_request", "api://AzureADTokenExchange", "AADSTS700213"),
    ],
)
def test_a_federated_token_for_another_audience_or_of_a_pull_request_is_refused(
    application: Application,
    azure: Azure,
    monkeypatch: pytest.MonkeyPatch,
    subject: str,
    audience: str,
    code: str,
) -> None:
    application.trust_workflow(SUBJECT)
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    monkeypatch.setenv("ARM_OIDC_TOKEN", azure.control.workflow_token(subject, audience))
    assert code in refusal()


def test_a_federated_token_that_has_expired_is_refused(
    application: Application, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.trust_workflow(SUBJECT)
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    monkeypatch.setenv("ARM_OIDC_TOKEN", azure.control.workflow_token(SUBJECT))
    azure.control.move_clock(3600.0)
    assert "AADSTS" in refusal()


def test_where_nobody_is_signed_in_the_line_says_so(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del application
    monkeypatch.delenv("ARM_CLIENT_ID")
    monkeypatch.setenv("PATH", str(tmp_path))
    session.forget()
    assert session.current().identity.kind == "az login"
    line = refusal()
    assert "Azure CLI not found on path" in line
    assert "az login" in line


@pytest.fixture(params=["usgovernment", "china"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Another cloud, chosen by the one setting."""
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    monkeypatch.setenv("ARM_ENVIRONMENT", request.param)
    session.forget()
    return CLOUDS[request.param]


def test_a_secret_signs_in_to_another_cloud_and_reaches_its_resource_manager(
    application: Application, cloud: Cloud, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    del application
    for name, value in azure.instance.variables({})[0].items():
        if name in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET"):
            monkeypatch.setenv(name, value)
    session.forget()
    assert session.current().identity.cloud is cloud
    found = session.current().resource_manager_get("/subscriptions", "2022-12-01")
    assert len(found["value"]) == 1
    asked = {each["host"] for each in azure.control.log() if "graph" not in each["host"]}
    assert {cloud.authority, cloud.resource_manager.removeprefix("https://")} <= asked


def test_a_certificate_signs_in_to_another_cloud(
    application: Application, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate()
    application.add_certificate(made[0])
    (tmp_path / "deployer.pem").write_bytes(pem(made))
    monkeypatch.setenv("ARM_CLIENT_CERTIFICATE_PATH", str(tmp_path / "deployer.pem"))
    assert whoever_signs_in().object_id == application.object_id
    assert session.current().identity.authority == cloud.authority


def test_a_pipelines_token_is_asked_for_with_the_audience_of_the_cloud(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_url: str, params: dict[str, str], **_options: Any) -> Any:
        asked.append(params["audience"])
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", answer)
    monkeypatch.setenv("ARM_CLIENT_ID", "9b0f3c1e-3c55-4bb2-8f77-5a3d9e1c2b40")
    monkeypatch.setenv("ARM_TENANT_ID", "7a1c5be0-2f0e-4c57-9d43-0c2f6b1d9e11")
    for name in ("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "https://pipelines.contoso.example/token")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "a token of the pipeline")
    session.forget()
    assert "gave no token" in refusal()
    assert asked == [cloud.token_exchange]
