"""Custody by the real engine: other custodians, and a new pool that takes the place of a lost one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm

from tests.integration.project import Project

pytestmark = pytest.mark.engine

DOMAIN = ".local/security-domain/az400popMHSM-SD.json"
BLOB = ".local/recovery/restore.json"


def ceremony(project: Project, *arguments: object) -> Any:
    """What a command of a ceremony answers, run as a custodian runs it."""
    command = [sys.executable, "-m", "ceremony", *(str(each) for each in arguments), "--json"]
    done = subprocess.run(command, env=project.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def keys_of(project: Project, *numbers: int) -> list[Path]:
    return [project.directory / f".local/custodians/cert_{number}.key" for number in numbers]


def custodians(*numbers: int) -> list[dict[str, str]]:
    return [
        {"name": f"custodian-{number}", "certificate": f".local/custodians/cert_{number}.cer"} for number in numbers
    ]


def credential_of(project: Project) -> ClientSecretCredential:
    given = project.environment
    return ClientSecretCredential(given["AZURE_TENANT_ID"], given["AZURE_CLIENT_ID"], given["AZURE_CLIENT_SECRET"])


def key_client(project: Project, name: str) -> KeyClient:
    return KeyClient(f"https://{name}.managedhsm.azure.net/", credential_of(project))


def reduced(project: Project) -> None:
    """The stack without what custody does not need."""
    keys = project.configured("keys")
    project.configure(
        keys={"myrsakey": keys["myrsakey"]},
        roleAssignments=[each for each in project.configured("roleAssignments") if each["principal"] == "deployer"],
        **dict.fromkeys(("network", "identities", "proof", "vault", "diagnostics")),
    )


def test_custodians_change_and_a_lost_pool_comes_back_in_another_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    reduced(project)
    project.up()
    path = project.directory / DOMAIN
    first, before = path.read_bytes(), project.outputs()
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    assert_other_custodians_need_a_confirmation(project, first)
    assert_a_reissue_keeps_pool_keys_and_the_earlier_file(project, first, before)
    plain = os.urandom(32)
    backup, wrapped = what_the_first_pool_leaves(project, plain)
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert_a_recovered_pool_unwraps_what_the_lost_one_wrapped(project, backup, wrapped, plain)


def assert_other_custodians_need_a_confirmation(project: Project, first: bytes) -> None:
    for number in (4, 5, 6):
        ceremony(
            project,
            "custodian",
            f"cert_{number}",
            "--directory",
            project.directory / ".local/custodians",
            "--unencrypted",
        )
    domain = project.configured("securityDomain")
    project.configure(securityDomain={**domain, "custodians": custodians(3, 4, 5, 6), "quorum": 3})
    refused = project.up(check=False)
    assert refused.status != 0
    assert "is a ceremony, not an update" in refused.output
    assert "set managed-hsm:securityDomain.reissue to the pool's name" in refused.output
    assert "Traceback" not in refused.output
    assert (project.directory / DOMAIN).read_bytes() == first


def assert_a_reissue_keeps_pool_keys_and_the_earlier_file(
    project: Project, first: bytes, before: dict[str, Any]
) -> None:
    path = project.directory / DOMAIN
    domain = project.configured("securityDomain")
    project.configure(securityDomain={**domain, "reissue": "az400popMHSM"})
    assert project.steps() == {"security-domain": "update"}
    project.up()
    after = project.outputs()
    assert (after["hsmId"], after["keys"]) == (before["hsmId"], before["keys"])
    assert ceremony(project, "verify", path, "--key", *keys_of(project, 3, 4, 5, 6))["quorums"]["open"] == 4
    kept = [each for each in path.parent.glob(f"{path.name}.2*") if "manifest" not in each.name]
    assert [each.read_bytes() for each in kept] == [first]
    assert ceremony(project, "verify", kept[0], "--key", *keys_of(project, 1, 2, 3))["holds"]
    assert first.decode()[-200:] not in project.state()
    project.pulumi("preview", "--expect-no-changes")


def what_the_first_pool_leaves(project: Project, plain: bytes) -> tuple[bytes, bytes]:
    """A backup of the key, and what it wrapped."""
    keys = key_client(project, "az400popmhsm")
    key = keys.get_key("myrsakey")
    wrapped = CryptographyClient(key, credential_of(project)).wrap_key(KeyWrapAlgorithm.rsa_oaep_256, plain)
    return keys.backup_key("myrsakey"), wrapped.encrypted_key


def assert_a_recovered_pool_unwraps_what_the_lost_one_wrapped(
    project: Project, backup: bytes, wrapped: bytes, plain: bytes
) -> None:
    domain = project.configured("securityDomain")
    own = {"path": ".local/security-domain/az400recovered-SD.json"}
    recovery = {"custodians": custodians(1, 2, 3), "quorum": 2, "destinations": [own], "recoverFrom": BLOB}
    project.configure(
        keys=None,
        hsm={**project.configured("hsm"), "name": "az400recovered"},
        securityDomain={**{name: value for name, value in domain.items() if name != "reissue"}, **recovery},
    )
    waiting = project.up(check=False)
    assert waiting.status != 0
    assert "az400recovered: waits for a security domain; its transfer key is at" in waiting.output
    assert "Traceback" not in waiting.output
    blob = project.directory / BLOB
    ceremony(
        project,
        *("recover", project.directory / DOMAIN, "--transfer-key", f"{blob}.transfer-key.json"),
        *("--key", *keys_of(project, 4, 5, 6), "--output", blob),
    )
    project.up()
    keys = key_client(project, "az400recovered")
    key = keys.restore_key_backup(backup)
    client = CryptographyClient(str(key.id), credential_of(project))
    assert client.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key == plain
    project.pulumi("preview", "--expect-no-changes")
    state = project.state()
    for each in json.loads(blob.read_text())["EncData"]["data"]:
        assert each["compact_jwe"][-40:] not in state
    project.pulumi("destroy", "--yes", "--skip-preview")
