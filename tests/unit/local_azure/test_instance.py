from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local_azure.entra.directory import DEPLOYER_CLIENT_ID
from local_azure.instance import DEFAULT_PORT, REPOSITORY, BadSetting, Instance


@pytest.fixture
def started_once(tmp_path: Path) -> Instance:
    (tmp_path / "deployer-secret").write_text("an-invented-secret")
    return Instance(tmp_path, 8741)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_AZURE_HOME", raising=False)
    monkeypatch.delenv("LOCAL_AZURE_PORT", raising=False)


def test_it_lives_in_the_clone_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Instance.from_environment().home == REPOSITORY / ".local" / "azure"
    monkeypatch.setenv("LOCAL_AZURE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCAL_AZURE_PORT", "9001")
    assert Instance.from_environment() == Instance(tmp_path, 9001)
    assert Instance.from_environment(tmp_path / "other", 9002) == Instance(tmp_path / "other", 9002)


def test_without_a_port_it_is_the_one_it_had_last(tmp_path: Path) -> None:
    assert Instance.from_environment(tmp_path).port == DEFAULT_PORT
    (tmp_path / "instance.json").write_text('{"pid": 1, "process_start": "1", "port": 9003}')
    assert Instance.from_environment(tmp_path).port == 9003


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSetting, match=f"The port '{text}' is none"):
        Instance.from_environment(tmp_path, text)


def test_the_way_leads_through_the_proxy_and_trusts_only_its_authority(started_once: Instance) -> None:
    environment = started_once.environment(
        {"SSL_CERT_FILE": "/etc/ssl/all.pem", "https_proxy": "http://corporate:3128"}
    )
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        assert environment[name] == "http://127.0.0.1:8741"
    for name in ("NO_PROXY", "no_proxy"):
        assert environment[name].startswith("127.0.0.1,localhost")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert environment[name] == str(started_once.ca_bundle)


@pytest.mark.parametrize(
    "name",
    [
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_AUTHORITY_HOST",
        "AZURE_FEDERATED_TOKEN_FILE",
        "ARM_USE_OIDC",
        "ARM_OIDC_TOKEN",
        "ALL_PROXY",
        "all_proxy",
        "MSI_ENDPOINT",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
    ],
)
def test_what_leads_to_the_real_azure_is_taken_out(started_once: Instance, name: str) -> None:
    assert name not in started_once.environment({name: "elsewhere"})
    assert name in started_once.variables({name: "elsewhere"})[1]


def test_what_leads_nowhere_stays(started_once: Instance) -> None:
    base = {"HOME": "/home/kim", "AZURE_CORE_OUTPUT": "table", "PULUMI_DEBUG_COMMANDS": "true"}
    assert base.items() <= started_once.environment(base).items()


def test_the_deployer_is_signed_in_both_ways(started_once: Instance) -> None:
    environment = started_once.environment({"AZURE_CLIENT_SECRET": "another"})
    for prefix in ("AZURE", "ARM"):
        assert environment[f"{prefix}_CLIENT_ID"] == DEPLOYER_CLIENT_ID
        assert environment[f"{prefix}_CLIENT_SECRET"] == "an-invented-secret"
    assert environment["AZURE_CONFIG_DIR"].startswith(str(started_once.home))


def test_the_engine_keeps_everything_within_the_home(started_once: Instance) -> None:
    environment = started_once.environment({"PULUMI_BACKEND_URL": "s3://contoso-state"})
    assert environment["PULUMI_BACKEND_URL"] == f"file://{started_once.home}/stacks"
    assert environment["PULUMI_HOME"] == f"{started_once.home}/pulumi"
    assert environment["PULUMI_CONFIG_PASSPHRASE"] == "local-azure"


def test_the_environment_of_the_clone_comes_first_on_path_and_once(started_once: Instance) -> None:
    once = started_once.environment({"PATH": "/usr/bin:/bin"})
    assert once["PATH"].startswith(str(REPOSITORY / ".venv" / "bin") + ":")
    assert once["PATH"].endswith("/usr/bin:/bin")
    assert started_once.environment(once)["PATH"] == once["PATH"]


def test_the_command_line_imports_neither_aiohttp_nor_cryptography() -> None:
    program = (
        "import sys, local_azure.cli, local_azure.core.world, local_azure.entra.directory, local_azure.server.control;"
        "sys.exit(bool({'aiohttp', 'cryptography', 'asyncio', 'jwt'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False).returncode == 0
