"""Where the state and its secrets may be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_plane.errors import ForbiddenError
from data_plane.session import Session
from data_plane.storage_accounts import API_VERSION
from policy.backend import encryption
from policy.backend.__main__ import main
from policy.backend.checks import kept, own_accounts, problems

CONFIG: dict[str, Any] = {
    "managed-hsm:hsm": {"name": "Contoso-Prod-Hsm"},
    "managed-hsm:vault": {"name": "contosovault"},
    "managed-hsm:diagnostics": {"storage": {"name": "contosohsmlogs"}},
    "managed-hsm:backup": {"container": "https://contosobackups.blob.core.windows.net/contoso"},
    "managed-hsm:securityDomain": {
        "destinations": [{"blob": "https://contosocustody.blob.core.windows.net/a/sd.json"}]
    },
}
VAULT = {"secretsprovider": "azurekeyvault://platform.vault.azure.net/keys/pulumi"}
SHARED = {"PULUMI_BACKEND_URL": "azblob://state?storage_account=platformstate"}


def told(stack: dict[str, Any], environment: dict[str, str], project: dict[str, Any] | None = None) -> list[str]:
    return problems(kept(project or {}, stack, environment), CONFIG)


def test_a_shared_account_and_a_vault_of_the_platform_s_are_fine() -> None:
    assert told(VAULT, SHARED) == []
    assert told(VAULT, {"PULUMI_BACKEND_URL": "azblob://state", "AZURE_STORAGE_ACCOUNT": "PlatformState"}) == []


def test_pulumi_cloud_is_fine_and_keeps_the_secrets_key_itself() -> None:
    assert told({}, {"PULUMI_BACKEND_URL": "https://api.pulumi.com"}) == []
    assert told({}, {}, {"backend": {"url": "https://api.pulumi.com"}}) == []


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({}, "no backend is named"),
        ({"PULUMI_BACKEND_URL": "file:///home/kim"}, "on one machine's disk"),
        ({"PULUMI_BACKEND_URL": "azblob://state"}, "names no storage account"),
        ({"PULUMI_BACKEND_URL": "azblob://state?storage_account=contosohsmlogs"}, "makes or manages the account"),
        ({"PULUMI_BACKEND_URL": "azblob://state?storage_account=ContosoBackups"}, "makes or manages the account"),
        ({"PULUMI_BACKEND_URL": "azblob://state", "AZURE_STORAGE_ACCOUNT": "contosocustody"}, "makes or manages"),
    ],
)
def test_a_state_that_would_not_survive_is_refused(environment: dict[str, str], line: str) -> None:
    (found,) = told(VAULT, environment)
    assert line in found


@pytest.mark.parametrize(
    ("stack", "line"),
    [
        ({"encryptionsalt": "v1:abc"}, "a passphrase, which a pipeline would have to store"),
        ({}, "no secrets provider is named"),
        ({"secretsprovider": "azurekeyvault://contoso-prod-hsm.managedhsm.azure.net/keys/state"}, "the very pool"),
        ({"secretsprovider": "azurekeyvault://CONTOSO-PROD-HSM.managedhsm.azure.net/keys/state"}, "the very pool"),
        (
            {"secretsprovider": "azurekeyvault://contosovault.vault.azure.net/keys/state"},
            "the stack itself makes the vault",
        ),
    ],
)
def test_secrets_that_nobody_could_open_any_more_are_refused(stack: dict[str, Any], line: str) -> None:
    (found,) = told(stack, SHARED)
    assert line in found


def test_the_key_of_another_pool_is_fine() -> None:
    assert told({"secretsprovider": "azurekeyvault://platform.managedhsm.azure.net/keys/state"}, SHARED) == []


def test_a_pool_that_another_stack_owns_is_known_by_its_id() -> None:
    existing = {"managed-hsm:hsm": {"existing": "/subscriptions/s/providers/Microsoft.KeyVault/managedHSMs/theirs"}}
    stack = {"secretsprovider": "azurekeyvault://theirs.managedhsm.azure.net/keys/state"}
    (found,) = problems(kept({}, stack, SHARED), existing)
    assert "the very pool" in found


def test_every_account_that_the_configuration_names_is_its_own() -> None:
    assert own_accounts(CONFIG) == {"contosohsmlogs", "contosobackups", "contosocustody"}
    assert own_accounts({}) == set()


class Accounts(Session):
    """ARM, which knows these accounts, and one container in each."""

    def __init__(self, *accounts: dict[str, Any], scope: str = "") -> None:
        super().__init__()
        self.accounts, self.scope = list(accounts), scope

    def resource_manager_list(self, path: str, api_version: str) -> Any:
        assert (path, api_version) == ("/subscriptions/s/providers/Microsoft.Storage/storageAccounts", API_VERSION)
        return iter(self.accounts)

    def resource_manager_get(self, path: str, api_version: str) -> Any:
        assert api_version == API_VERSION
        if path.endswith("/encryptionScopes/own"):
            return {"properties": {"keyVaultProperties": {"keyUri": f"https://{self.scope}/keys/state"}}}
        assert path.endswith("/blobServices/default/containers/state")
        return {"properties": {"defaultEncryptionScope": "own" if self.scope else "$account-encryption-key"}}


def account(host: str | None) -> dict[str, Any]:
    encrypted = {"keySource": "Microsoft.Storage"}
    by_key = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyvaulturi": f"https://{host}/"}}
    id_ = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/platformstate"
    return {"id": id_, "name": "PlatformState", "properties": {"encryption": by_key if host else encrypted}}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([account(None)], None),
        ([account("platform.vault.azure.net")], None),
        ([account("other.managedhsm.azure.net")], None),
        ([account("Contoso-Prod-Hsm.managedhsm.azure.net")], "encrypts state with a key of the pool contoso-prod-hsm"),
        ([], "is not in subscription s, or cannot be read there"),
    ],
)
def test_an_account_that_is_encrypted_by_the_very_pool_is_refused(
    found: list[dict[str, Any]], line: str | None
) -> None:
    told = list(encryption.problems(Accounts(*found), "s", "platformstate", "state", "contoso-prod-hsm"))
    assert [line in each for each in told if line] == ([True] if line else [])
    assert bool(told) == bool(line)


def test_a_container_that_is_encrypted_by_the_very_pool_is_refused() -> None:
    by_pool = Accounts(account(None), scope="contoso-prod-hsm.managedhsm.azure.net")
    (told,) = encryption.problems(by_pool, "s", "platformstate", "state", "contoso-prod-hsm")
    assert "encrypts state with a key of the pool" in told
    by_vault = Accounts(account(None), scope="platform.vault.azure.net")
    assert list(encryption.problems(by_vault, "s", "platformstate", "state", "contoso-prod-hsm")) == []


def test_the_command_says_every_problem_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: managed-hsm\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": CONFIG, "encryptionsalt": "v1:abc"}))
    for name in ("PULUMI_BACKEND_URL", "AZURE_STORAGE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--stack", "prod", "--directory", str(tmp_path)]) == 4
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("policy.backend: ") for line in lines)
    monkeypatch.setenv("PULUMI_BACKEND_URL", SHARED["PULUMI_BACKEND_URL"])
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": CONFIG, **VAULT}))
    assert main(["--stack", "prod", "--directory", str(tmp_path)]) == 0
    assert main(["--stack", "none", "--directory", str(tmp_path)]) == 4


def test_an_account_that_cannot_be_asked_for_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> Any:
        raise ForbiddenError("AuthorizationFailed")

    monkeypatch.setattr(encryption, "problems", refused)
    monkeypatch.setenv("PULUMI_BACKEND_URL", SHARED["PULUMI_BACKEND_URL"])
    (tmp_path / "Pulumi.yaml").write_text("name: managed-hsm\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": CONFIG, **VAULT}))
    assert main(["--stack", "prod", "--directory", str(tmp_path), "--subscription", "s"]) == 4
    assert "cannot be asked: AuthorizationFailed" in capsys.readouterr().err
