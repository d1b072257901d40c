from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from data_plane import session
from data_plane.credentials import Identity, SerialisedCredential, credential, identity, principal
from data_plane.errors import CredentialError
from tests.support import Azure

ARM_SECRET = {"ARM_CLIENT_ID": "arm", "ARM_TENANT_ID": "tenant", "ARM_CLIENT_SECRET": "arm-secret"}
AZURE_SECRET = {"AZURE_CLIENT_ID": "azure", "AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_SECRET": "azure-secret"}


def test_the_variables_of_azure_native_come_before_those_of_the_sdks() -> None:
    found = identity({}, {**AZURE_SECRET, **ARM_SECRET})
    assert (found.kind, found.client_id, found.secret) == ("secret", "arm", "arm-secret")


def test_the_configuration_comes_before_the_variables() -> None:
    assert identity({"clientId": "configured"}, ARM_SECRET).client_id == "configured"


def test_the_sdks_variables_are_enough() -> None:
    assert identity({}, AZURE_SECRET).client_id == "azure"


def test_without_any_settings_the_cli_is_asked_and_never_the_metadata_service() -> None:
    assert identity({}, {}).kind == "az login"
    assert identity({}, {"ARM_USE_MSI": "true", "ARM_CLIENT_ID": "x"}).kind == "managed identity"


def test_a_certificate_comes_before_a_secret() -> None:
    found = identity({}, {**ARM_SECRET, "ARM_CLIENT_CERTIFICATE_PATH": "/c.pfx"})
    assert (found.kind, found.certificate_path) == ("certificate", "/c.pfx")


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({**ARM_SECRET, "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "t", "ARM_USE_MSI": "true"}, "secret"),
        ({"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "t"}, "oidc"),
        ({**AZURE_SECRET, "ARM_USE_MSI": "true"}, "managed identity"),
    ],
)
def test_several_ways_to_sign_in_are_tried_in_azure_natives_order(environment: dict[str, str], kind: str) -> None:
    assert identity({}, {"ARM_USE_MSI": "true", **environment}).kind == kind


@pytest.mark.parametrize("word", ["1", "True", "yes", "false", ""])
def test_a_switch_is_on_only_as_azure_native_reads_it(word: str) -> None:
    assert identity({}, {"ARM_USE_MSI": word}).kind == "az login"
    assert identity({"useMsi": word}, {}).kind == "az login"


@pytest.mark.parametrize("variables", ["ARM_OIDC_REQUEST", "AZURE_FEDERATED"])
def test_what_azure_native_does_not_read_brings_no_federated_token(variables: str) -> None:
    others = {f"{variables}_URL": "https://x", f"{variables}_TOKEN": "x", f"{variables}_TOKEN_FILE": "/x"}
    with pytest.raises(CredentialError, match="no token to exchange"):
        identity({}, {"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_USE_OIDC": "true", **others})


@pytest.mark.parametrize("word", [{"useDefaultAzureCredential": "true"}, {}])
def test_the_sdks_default_chain_comes_first_where_it_is_asked_for(word: dict[str, str]) -> None:
    environment = {**ARM_SECRET, "ARM_USE_DEFAULT_AZURE_CREDENTIAL": "" if word else "true"}
    found = identity(word, environment)
    assert (found.kind, found.client_id) == ("default", "")
    assert identity({}, {**ARM_SECRET, "ARM_USE_DEFAULT_AZURE_CREDENTIAL": "false"}).kind == "secret"


def test_a_chain_that_cannot_be_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "MoonCredential")
    with pytest.raises(CredentialError, match="AZURE_TOKEN_CREDENTIALS: is not the name of a credential"):
        credential(identity({"useDefaultAzureCredential": "true"}, {}))


@pytest.mark.parametrize(
    ("audience", "asked"), [({}, "api://AzureADTokenExchange"), ({"ARM_OIDC_AUDIENCE": "api://own"}, "api://own")]
)
def test_a_pipelines_token_is_asked_for_its_audience(
    monkeypatch: pytest.MonkeyPatch, audience: dict[str, str], asked: str
) -> None:
    seen: list[Any] = []

    class Answer:
        def raise_for_status(self) -> None:
            pass

        def json(self) -> dict[str, str]:
            return {"value": "token"}

    def get(url: str, **options: Any) -> Answer:
        seen.append((url, options["params"]))
        return Answer()

    monkeypatch.setattr("requests.get", get)
    pipeline = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipeline.example/token",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer",
    }
    found = identity({}, {"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_USE_OIDC": "true", **pipeline, **audience})
    assert found.assertion is not None
    assert found.assertion() == "token"
    assert seen == [("https://pipeline.example/token", {"audience": asked})]


def test_a_federated_token_file_is_read_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one\n")
    settings = {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t"}
    found = identity({}, {**settings, "ARM_OIDC_TOKEN_FILE_PATH": str(token)})
    assert found.assertion is not None
    assert found.assertion() == "one"
    token.write_text("two")
    assert found.assertion() == "two"
    token.unlink()
    with pytest.raises(CredentialError, match="cannot be read"):
        found.assertion()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ARM_CLIENT_ID": "c", "ARM_CLIENT_SECRET": "s"}, "ARM_TENANT_ID is not"),
        ({"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_USE_OIDC": "true"}, "no token to exchange"),
        ({"ARM_ENVIRONMENT": "moon"}, "use one of public, usgovernment, china"),
    ],
)
def test_incomplete_settings_are_one_clear_line(environment: dict[str, str], words: str) -> None:
    with pytest.raises(CredentialError, match=words):
        identity({}, environment)


@pytest.mark.parametrize(
    ("environment", "authority"),
    [
        ({}, "login.microsoftonline.com"),
        ({"ARM_ENVIRONMENT": "usgovernment"}, "login.microsoftonline.us"),
        ({"ARM_ENVIRONMENT": "AzureChinaCloud"}, "login.partner.microsoftonline.cn"),
        ({"AZURE_AUTHORITY_HOST": "https://login.contoso.example/"}, "login.contoso.example"),
    ],
)
def test_the_authority_follows_the_cloud_or_the_variable(environment: dict[str, str], authority: str) -> None:
    assert identity({}, environment).authority == authority


def test_secrets_do_not_show() -> None:
    assert "arm-secret" not in repr(identity({}, ARM_SECRET))


def test_an_unreadable_certificate_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "c.pem"
    path.write_text("nothing")
    settings = {"ARM_CLIENT_ID": "c", "ARM_TENANT_ID": "t", "ARM_CLIENT_CERTIFICATE_PATH": str(path)}
    with pytest.raises(CredentialError, match="not a readable certificate"):
        credential(identity({}, settings))


def token_with(claims: dict[str, Any]) -> str:
    return ".".join(["x", base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), "x"])


def test_the_principal_is_read_from_the_token() -> None:
    class Fixed:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            del scopes, options
            return type("Token", (), {"token": token_with({"oid": "o", "upn": "ada@contoso.example"})})()

    assert str(principal(SerialisedCredential(Fixed()))) == "ada@contoso.example (o)"


@pytest.mark.daemon
def test_the_deployer_signs_in(azure: Azure) -> None:
    session.forget()
    found = session.current().principal()
    assert found.object_id
    assert azure.instance
    session.forget()


@pytest.mark.daemon
def test_the_deployer_signs_in_by_the_default_chain(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    del azure
    session.forget()
    expected = session.current().principal()
    monkeypatch.setenv("ARM_USE_DEFAULT_AZURE_CREDENTIAL", "true")
    session.forget()
    assert session.current().identity.kind == "default"
    assert session.current().principal() == expected
    session.forget()


@pytest.mark.daemon
def test_a_wrong_secret_is_refused_in_one_line(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    del azure
    for name in ("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "wrong")
    session.forget()
    with pytest.raises(CredentialError, match="Entra ID refused the credential: AADSTS7000215"):
        session.current().principal()
    session.forget()


def test_one_process_has_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ARM_SECRET.items():
        monkeypatch.setenv(name, value)
    session.forget()
    assert session.current() is session.current()
    session.use(identity({"clientId": "other"}))
    assert session.current().identity.client_id == "other"
    session.forget()
    assert session.current().identity.client_id == "arm"
    session.forget()


def test_the_identity_is_a_value() -> None:
    assert isinstance(identity({}, ARM_SECRET), Identity)
    assert identity({}, ARM_SECRET) == identity({}, ARM_SECRET)
