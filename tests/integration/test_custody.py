"""Custody by the real engine: other custodians, and a new pool that takes the place of a lost one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.project import Project

pytestmark = pytest.mark.engine

DOMAIN = ".local/security-domain/az400popMHSM-SD.json"


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


def reduced(project: Project) -> None:
    """The stack without what custody does not need."""
    keys = project.configured("keys")
    project.configure(
        keys={"myrsakey": keys["myrsakey"]},
        roleAssignments=[each for each in project.configured("roleAssignments") if each["principal"] == "deployer"],
        **dict.fromkeys(("network", "identities", "proof", "vault", "diagnostics")),
    )


def test_custodians_change_by_a_confirmed_reissue_and_the_pool_stays(
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
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert (project.directory / DOMAIN).exists()


def test_a_lost_pool_comes_back_in_another_region_with_its_keys(tmp_path: Path) -> None:
    """``make recovery``, as it is called; it says itself that the keys unwrapped what the lost ones had wrapped.

    One comes back by a full restore, after the pool's own backup and its half hour, one from a backup of its own.
    """
    place = tmp_path / "recovery"
    command = [sys.executable, "-m", "local_azure.stack.recovery", "--directory", str(place)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "az400recovered: waits for a security domain; its transfer key is at" in done.stdout
    assert "Traceback" not in done.stdout
    for key in ("myrsakey", "myyoungerkey"):
        assert f"{key} of az400recovered unwrapped what {key} of az400popMHSM had wrapped" in done.stdout
    assert "everything that is in the pool now is taken away" in done.stdout
    own, waiting, moved, restored = (
        done.stdout.index(words)
        for words in (
            "az400recovered: its own backup, to come back to: https://contosobackups.blob.core.windows.net/mhsm/mhsm-",
            "30 minutes after the pool's own backup: waiting until",
            "half an hour passes",
            "FullRestore full-restore created",
        )
    )
    assert own < waiting < moved < restored
    assert "sig=" not in done.stdout
    domains = place / "program/.local/security-domain"
    keys = [place / f"program/.local/custodians/cert_{number}.key" for number in (1, 2, 3)]
    for name in ("az400popMHSM", "az400recovered"):
        command = [
            sys.executable,
            "-m",
            "ceremony",
            "verify",
            str(domains / f"{name}-SD.json"),
            "--key",
            *map(str, keys),
        ]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    blob = json.loads((place / "program/.local/recovery/restore.json").read_text())
    for each in blob["EncData"]["data"]:
        assert each["compact_jwe"][-40:] not in done.stdout


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
