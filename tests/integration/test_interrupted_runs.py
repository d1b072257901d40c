"""Runs of ``make up`` that are killed at one step after another, with SIGKILL: the next run takes up what they left.

Each kill waits until the local Azure holds the very request whose sender is to die. Nobody is asked anything: standard
input is empty all the time.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from data_plane.durable_files import sha256_of
from local_azure.server.control import ControlClient
from local_azure.stack.orphans import orphans
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.integration.flow import HELD_SECONDS, finished, held, until, wait_for
from tests.integration.project import Project, Run

pytestmark = pytest.mark.engine

HSM = "https://az400popmhsm.managedhsm.azure.net"
AZURE_NATIVE, DYNAMIC = "local_azure.plugin", "pulumi.dynamic"
KEYS = {"myrsakey": {"type": "RSA-HSM", "size": 2048}, "myaeskey": {"type": "oct-HSM", "size": 256}}
DEPLOYERS = [{"role": "Managed HSM Crypto User", "principal": "deployer", "scope": "/keys"}]

PUT_POOL: dict[str, Any] = {"method": "PUT", "path": r"/managedHSMs/[^/]+$"}
DELETE_POOL: dict[str, Any] = {"method": "DELETE", "path": r"/managedHSMs/[^/]+$"}
CHALLENGE: dict[str, Any] = {"method": "POST", "path": "/securitydomain/download$"}
"""Of a process's requests for the security domain the first has no token, and is refused with the challenge."""
DOWNLOAD: dict[str, Any] = {**CHALLENGE, "skip": 1}
POLL: dict[str, Any] = {"method": "GET", "path": "/securitydomain/download/pending$"}
SECOND_POLL: dict[str, Any] = {**POLL, "skip": 1}
KEY: dict[str, Any] = {"method": "POST", "path": "^/keys/myaeskey/create$"}


@pytest.fixture
def small(project: Project) -> Project:
    """The stack dev without its network: what is killed here works on the pool."""
    project.configure(
        keys=KEYS, roleAssignments=DEPLOYERS, network=None, identities=None, proof=None, vault=None, diagnostics=None
    )
    return project


def test_whichever_provider_is_killed_the_next_run_goes_on(small: Project, tmp_path: Path) -> None:
    shown, domain = tmp_path / "shown.txt", security_domain(small)

    # Azure has the pool, and nobody in this house knows.
    killed(small, shown, AZURE_NATIVE, "late-answer", PUT_POOL)
    # The imported pool is to be activated: killed before the request that does it, then after it.
    run = killed(small, shown, DYNAMIC, "delay", CHALLENGE)
    assert "an earlier run was killed while it made managed-hsm, which exists; taking it into the state" in run.output
    assert not domain.exists()
    killed(small, shown, DYNAMIC, "late-answer", DOWNLOAD)
    assert not domain.exists()

    # Ctrl-C while the activation is waited for: what is under way ends well and is recorded.
    with held(small, shown, "delay", delay_seconds=2.0, **POLL) as flow:
        assert domain.exists()
        flow.interrupt()
        run = flow.wait()
    assert run.status == 130
    assert "local_azure: pulumi up was interrupted; what it had begun is recorded, run again to go on" in run.output
    assert "Traceback" not in run.output
    assert "mhsm:SecurityDomain" in small.state()

    # The cloud has a key that the state has not.
    killed(small, shown, DYNAMIC, "late-answer", KEY)
    run = finished(small, shown)
    assert run.status == 0, run.output
    assert_whole(small)
    assert kept_files(domain) == [domain.name, f"{domain.name}.lock", f"{domain.name}.manifest.json"]

    # Azure has soft-deleted the pool, and the state still has it: the name is free only once it is purged.
    with held(small, shown, "late-answer", target="down", **DELETE_POOL) as flow:
        flow.kill(flow.plugin(AZURE_NATIVE))
        assert flow.wait().status == 1
    run = finished(small, shown)
    assert run.status == 0, run.output
    assert "local_azure: an earlier make down was interrupted when the pool had gone; finishing it first" in run.output
    assert_whole(small)


def test_whenever_the_engine_is_killed_the_next_run_goes_on(small: Project, tmp_path: Path) -> None:
    shown, domain, control = tmp_path / "shown.txt", security_domain(small), small.control

    with held(small, shown, "late-answer", **PUT_POOL) as flow:
        second = finished(small, tmp_path / "second.txt")
        assert second.status == 1
        assert second.output == (
            f"local_azure: make up (process {flow.process.pid}) is at work on this stack already;"
            " wait for it to end, then run again\n"
        )
        flow.kill(flow.engine())
        assert flow.wait().status == 1

    # The provider is killed between the file and the poll of an activation that takes its time.
    poll = control.add_fault("delay", delay_seconds=HELD_SECONDS, **POLL)
    with held(small, shown, "delay", delay_seconds=1.0, **CHALLENGE) as flow:
        control.set_latency(5)
        until(domain.exists)
        control.set_latency(0)
        wait_for(flow, poll)
        flow.kill(flow.plugin(DYNAMIC))
        run = flow.wait()
    assert run.status == 1
    assert "an earlier run was killed and left its lock behind; taking it away" in run.output
    assert "pending operations" not in run.output
    content = domain.read_bytes()

    # The engine is killed during the poll; its provider lives on and ends the activation.
    with held(small, shown, "delay", delay_seconds=3.0, **SECOND_POLL) as flow:
        flow.kill(flow.engine())
        flow.wait()
    assert list(orphans(small.instance.pulumi_home))
    control.move_clock(600)
    run = finished(small, shown)
    assert run.status == 0, run.output
    assert not list(orphans(small.instance.pulumi_home))
    assert domain.read_bytes() == content
    assert_whole(small)

    adopts_what_the_state_lost(small, shown, domain)


def adopts_what_the_state_lost(project: Project, shown: Path, domain: Path) -> None:
    """``hsm.adopt`` after somebody threw the state away: with the right file, without it, with an earlier pool's."""
    manifest = domain.with_name(f"{domain.name}.manifest.json")
    content, record = domain.read_bytes(), manifest.read_text()
    project.configure(hsm={**project.configured("hsm"), "adopt": True})

    forget_state(project)
    domain.unlink()
    manifest.unlink()
    refused = finished(project, shown)
    assert refused.status == 1
    line = error_of(refused)
    assert f"CustodyError: az400popMHSM is active, but its security domain is not at {domain} — put the right" in line
    assert "or set managed-hsm:securityDomain.reissue to az400popMHSM to download it again" in line

    domain.write_bytes(b"an earlier pool's")
    earlier = {
        **json.loads(record),
        "hsm_created_at": "2025-01-01T00:00:00Z",
        "sha256": sha256_of(b"an earlier pool's"),
    }
    manifest.write_text(json.dumps(earlier))
    refused = finished(project, shown)
    assert refused.status == 1
    assert f"{domain} belongs to az400popMHSM of 2025-01-01T00:00:00Z, and this pool was" in error_of(refused)
    assert domain.read_bytes() == b"an earlier pool's"

    forget_state(project)
    domain.write_bytes(content)
    manifest.write_text(record)
    before = len(writes(project.control))
    run = finished(project, shown)
    assert run.status == 0, run.output
    # What is taken over is as the configuration says already.
    assert writes(project.control)[before:] == []
    assert_whole(project)


def killed(project: Project, shown: Path, victim: str, kind: str, fault: dict[str, Any]) -> Run:
    """``make up`` whose provider is killed while the request is held."""
    with held(project, shown, kind, **fault) as flow:
        flow.kill(flow.plugin(victim))
        run = flow.wait()
    assert run.status == 1, run.output
    return run


def assert_whole(project: Project) -> None:
    """One pool, its own security domain, everything once, and nothing left to do."""
    project.pulumi("preview", "--expect-no-changes")
    by_hand, state, outputs = ByHand(project.instance), json.loads(project.state())["deployment"], project.outputs()
    (pool,) = by_hand.arm("GET", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/managedHSMs", POOLS)["value"]
    assert "pending_operations" not in state
    made = [each["id"] for each in state["resources"] if each["type"].startswith("azure-native:")]
    assert sorted(made) == sorted([group_of(pool["id"]), pool["id"]])

    path = security_domain(project)
    manifest = json.loads(path.with_name(f"{path.name}.manifest.json").read_text())
    assert manifest["sha256"] == sha256_of(path.read_bytes()) == outputs["securityDomain"]["sha256"]
    assert (manifest["hsm_id"], manifest["hsm_created_at"]) == (pool["id"], pool["systemData"]["createdAt"])
    assert pool["properties"]["securityDomainProperties"]["activationStatus"] == "Active"

    keys = {key["kid"].rsplit("/", 1)[-1] for key in listed(by_hand, "/keys")}
    assert keys == set(KEYS)
    for name in keys:
        assert len(listed(by_hand, f"/keys/{name}/versions")) == 1
    assignments = listed(by_hand, "/keys/providers/Microsoft.Authorization/roleAssignments")
    (user,) = [each for each in assignments if each["properties"]["scope"] == "/keys"]
    assert user["name"] == outputs["roleAssignments"]["Managed HSM Crypto User: deployer at /keys"]


def listed(by_hand: ByHand, path: str) -> list[dict[str, Any]]:
    """What the pool lists at the path."""
    answer = by_hand.ask("GET", f"{HSM}{path}?api-version=7.5", "https://managedhsm.azure.net")
    assert answer.ok, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def group_of(resource_id: str) -> str:
    """The ARM id of the resource group that a resource lies in."""
    return resource_id.partition("/providers/")[0]


def security_domain(project: Project) -> Path:
    """The destination that the stack dev configures."""
    return project.directory / ".local/security-domain/az400popMHSM-SD.json"


def kept_files(domain: Path) -> list[str]:
    """What lies where the security domain does."""
    return sorted(path.name for path in domain.parent.iterdir())


def forget_state(project: Project) -> None:
    """Somebody throws the engine's state away; the cloud does not know."""
    shutil.rmtree(project.instance.pulumi_backend)
    project.instance.pulumi_backend.mkdir(mode=0o700)


def writes(control: ControlClient) -> list[str]:
    """The requests that changed ARM's resources, or could have."""
    return [
        f"{each['method']} {each['path']}"
        for each in control.log()
        if each["method"] != "GET" and each["host"] == "management.azure.com"
    ]


def error_of(run: Run) -> str:
    """The one line that the program's own refusal takes, however often the engine shows it."""
    lines = [line.strip() for line in run.output.splitlines()]
    (line,) = {line for line in lines if line.startswith("error: data_plane.")}
    return line
