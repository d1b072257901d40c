"""The security domain in storage accounts, by the real engine: the program's own, one that is there, and a file.

What is kept outlives the stack; a pool that comes after finds its places taken, and overwrites nothing.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from azure.identity import EnvironmentCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from local_azure.instance import REPOSITORY
from tests.by_hand import SUBSCRIPTION, ByHand
from tests.integration.project import Project
from tests.integration.test_custody import ceremony, keys_of, reduced
from tests.support import Azure
from tests.unit.data_plane.support import GROUP
from tests.unit.data_plane.test_failing_activation import pieces
from tests.unit.local_azure.storage.daemon import ACCOUNT, CONTRIBUTOR, Storage

pytestmark = pytest.mark.engine

OWN, GIVEN = "contosocustody", ACCOUNT
OWN_BLOB = f"https://{OWN}.blob.core.windows.net/security-domains/az400popMHSM-SD.json"
GIVEN_BLOB = f"https://{GIVEN}.blob.core.windows.net/custody/contoso/SD.json"
FILE = ".local/security-domain/az400popMHSM-SD.json"
GROUPS, STORAGE = "2024-03-01", "2024-01-01"
OWN_GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoCustody"


def test_the_security_domain_outlives_the_pool_in_every_account(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    given = Storage(Azure(project.instance, project.control))
    custody = given.container("custody")
    given.give(CONTRIBUTOR)
    reduced(project)
    project.configure(
        securityDomain={
            **project.configured("securityDomain"),
            "destinations": [
                {"path": FILE},
                {"blob": OWN_BLOB.rpartition("/")[0]},
                {"blob": GIVEN_BLOB},
                {"blob": GIVEN_BLOB.replace("/custody/", "/nowhere/"), "optional": True},
            ],
        },
        storage={"name": OWN, "resourceGroup": "ContosoCustody", "location": "westus", "tags": {"keeps": "custody"}},
    )
    first = project.up()
    assert "optional destination: " in first.output
    assert "there is no container nowhere in that account" in first.output
    own = assert_the_copies_are_the_same(project, given, custody)
    assert_nobody_saw_the_content(project, first.output)
    project.pulumi("preview", "--expect-no-changes")
    assert_everything_outlives_the_stack(project, own)
    assert_a_pool_that_comes_after_overwrites_nothing(project, custody, own, tmp_path)


def assert_the_copies_are_the_same(project: Project, given: Storage, custody: ContainerClient) -> ContainerClient:
    outputs, content = project.outputs(), (project.directory / FILE).read_bytes()
    assert outputs["securityDomain"]["files"] == [str(project.directory / FILE), OWN_BLOB, GIVEN_BLOB]
    account = given.hand.arm("GET", own_id(), STORAGE)
    assert account["location"] == "westus"
    assert account["tags"] == {"keeps": "custody"}
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["allowBlobPublicAccess"] is False
    service = given.hand.arm("GET", f"{own_id()}/blobServices/default", STORAGE)["properties"]
    assert service["isVersioningEnabled"] is True
    assert service["deleteRetentionPolicy"] == {"enabled": True, "days": 90}
    own = own_container()
    assert list(own.list_blob_names()) == ["az400popMHSM-SD.json", "az400popMHSM-SD.json.manifest.json"]
    assert list(custody.list_blob_names()) == ["contoso/SD.json", "contoso/SD.json.manifest.json"]
    assert own.download_blob("az400popMHSM-SD.json").readall() == content
    assert custody.download_blob("contoso/SD.json").readall() == content
    return own


def assert_nobody_saw_the_content(project: Project, shown: str) -> None:
    content = (project.directory / FILE).read_text()
    secret = {piece for jwe in re.findall(r"[A-Za-z0-9_-]{60,}", content) for piece in pieces(jwe)}
    logs = [path.read_text() for path in project.instance.home.glob("*.log*")]
    requests = (project.instance.home / "requests.jsonl").read_text()
    told = "\n".join([project.state(), shown, requests, *logs])
    assert not secret & pieces(told)


def assert_everything_outlives_the_stack(project: Project, own: ContainerClient) -> None:
    gone = project.pulumi("destroy", "--yes", "--skip-preview")
    assert f"{own_id()} stays, with every security domain in it".lower() in gone.output.lower()
    assert ByHand(project.instance).arm("GET", GROUP, GROUPS) is None
    assert len(list(own.list_blob_names())) == 2


def assert_a_pool_that_comes_after_overwrites_nothing(
    project: Project, custody: ContainerClient, own: ContainerClient, directory: Path
) -> None:
    earlier = own.download_blob("az400popMHSM-SD.json").readall()
    (project.directory / FILE).unlink()
    again = project.up()
    assert f"the storage account {OWN} is there already: it is taken over" in again.output
    for container, name in ((own, "az400popMHSM-SD.json"), (custody, "contoso/SD.json")):
        asides = [each for each in container.list_blob_names() if re.fullmatch(rf"{re.escape(name)}\.\d+T\d+Z", each)]
        assert [container.download_blob(each).readall() for each in asides] == [earlier]
        now = directory / "now.json"
        now.write_bytes(container.download_blob(name).readall())
        (directory / "now.json.manifest.json").write_bytes(container.download_blob(f"{name}.manifest.json").readall())
        assert now.read_bytes() == (project.directory / FILE).read_bytes() != earlier
        assert ceremony(project, "verify", now, "--key", *keys_of(project, 1, 2, 3))["holds"]


def own_id() -> str:
    return f"{OWN_GROUP}/providers/Microsoft.Storage/storageAccounts/{OWN}"


def own_container() -> ContainerClient:
    """By the deployer's token: the account takes no keys."""
    url = f"https://{OWN}.blob.core.windows.net"
    return BlobServiceClient(url, credential=EnvironmentCredential()).get_container_client("security-domains")


def test_pulumis_own_state_lives_in_a_storage_account_with_its_lock(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``azblob://`` of the engine, as the service principal: it is another client, MSAL and Azure SDK for Go."""
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    given = Storage(Azure(project.instance, project.control))
    state = given.container("state")
    given.give(CONTRIBUTOR)
    (tmp_path / "Pulumi.yaml").write_text("{name: tiny, runtime: {name: python, options: {virtualenv: .venv}}}")
    (tmp_path / "__main__.py").write_text("import pulumi\npulumi.export('answer', 42)\n")
    (tmp_path / ".venv").symlink_to(REPOSITORY / ".venv")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", GIVEN)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state")
    engine(tmp_path, "stack", "init", "tiny")
    engine(tmp_path, "up", "--yes", "--skip-preview", "--stack", "tiny")
    assert engine(tmp_path, "stack", "output", "answer", "--stack", "tiny").stdout.strip() == "42"
    assert ".pulumi/stacks/tiny/tiny.json" in list(state.list_blob_names())
    lock = '{"pid": 1, "username": "kim", "hostname": "elsewhere", "timestamp": "2026-11-21T12:00:00Z"}'
    state.upload_blob(".pulumi/locks/organization/tiny/tiny/8c6f28e9-662f-4079-a5ed-0569abc4ffd8.json", lock)
    refused = engine(tmp_path, "up", "--yes", "--skip-preview", "--stack", "tiny", check=False)
    assert refused.returncode != 0
    assert "the stack is currently locked by 1 lock(s)" in refused.stdout + refused.stderr


def engine(directory: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done
