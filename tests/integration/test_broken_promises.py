"""The proof by the real engine: it fails the run for what is not as promised, passes once that is mended, and does not
run where nothing has changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.by_hand import DNS, MACHINES, POOLS, SUBSCRIPTION, ByHand
from tests.integration.flow import finished
from tests.integration.project import Project, Run

pytestmark = pytest.mark.engine

PROVIDERS = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup/providers"
MACHINE = f"{PROVIDERS}/Microsoft.Compute/virtualMachines/testvmmhsm"
POOL = f"{PROVIDERS}/Microsoft.KeyVault/managedHSMs/az400popMHSM"
ZONE = f"{PROVIDERS}/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net"
URI = "https://az400popmhsm.managedhsm.azure.net"
HSM = "https://managedhsm.azure.net"
LONGEST_PROOF_SECONDS = 3.0
ROLE = {"role": "Managed HSM Crypto User", "principal": {"identity": "testvmmhsm"}, "scope": "/"}


def proofs(project: Project) -> int:
    """How often a machine was asked to prove."""
    log = project.control.log()
    return len([each for each in log if each["method"] == "PUT" and "/runcommands/" in each["path"].lower()])


def seconds_of_the_proof(run: Run) -> float:
    """What it added to the run, the start of the machine included."""
    (seconds,) = re.findall(r"mhsm:Proof testvmmhsm-proof created \(([0-9.]+)s\)", run.output)
    return float(seconds)


def assert_fails(run: Run, *words: str) -> None:
    assert run.status != 0
    assert "Traceback" not in run.output
    (line,) = run.errors()
    for each in words:
        assert each in line, line


def break_everything(project: Project) -> None:
    """Takes the role, the zone's link and the firewall's Deny away, each as somebody in a hurry would."""
    hand = ByHand(project.instance)
    name = project.outputs()["roleAssignments"]["Managed HSM Crypto User: testvmmhsm at /"]
    url = f"{URI}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=7.5"
    assert hand.ask("DELETE", url, HSM).ok
    hand.arm("DELETE", f"{ZONE}/virtualNetworkLinks/managedhsmzone", DNS)
    acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []}
    hand.arm("PATCH", POOL, POOLS, {"properties": {"networkAcls": acls}})


def test_a_broken_promise_fails_the_run_in_one_line_and_make_up_ends_with_the_evidence_again(
    project: Project, tmp_path: Path
) -> None:
    hand = ByHand(project.instance)
    deployers = [each for each in project.configured("roleAssignments") if each["principal"] == "deployer"]
    project.configure(
        keys={"myrsakey": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]}},
        roleAssignments=[*deployers, ROLE],
        proof={"patienceSeconds": 2},
        vault=None,
    )
    assert seconds_of_the_proof(project.up()) <= LONGEST_PROOF_SECONDS
    first = project.outputs()["proof"]["testvmmhsm"]
    assert first["passed"]
    assert proofs(project) == 1

    break_everything(project)
    hand.arm("POST", f"{MACHINE}/deallocate", MACHINES)
    # Nothing that the stack says has changed, so nothing is asked and the evidence stays the one of the first run.
    project.up("--expect-no-changes")
    assert proofs(project) == 1
    assert project.outputs()["proof"]["testvmmhsm"] == first

    project.configure(proof={"patienceSeconds": 2, "again": "after the incident"})
    assert_fails(
        project.up(check=False),
        "testvmmhsm: the proof cannot run: 409 OperationNotAllowed:",
        f"— start the machine (az vm start --ids {MACHINE})",
    )

    hand.arm("POST", f"{MACHINE}/start", MACHINES)
    assert_fails(
        project.up(check=False),
        "testvmmhsm: the private path is not as promised: name: az400popmhsm.managedhsm.azure.net is 52.",
        " here, not 10.0.1.4; list: listing keys was answered 403 AccessDenied Not authorized to access ",
        "; use: reading myrsakey was answered 403 AccessDenied Not authorized to access ",
        "; publicWay: 52.",
        " answered 403 AccessDenied to an authorised token — look at the zone and its link",
        "the identity's roles (managed-hsm:roleAssignments)",
        "the firewall (managed-hsm:hsm.firewall)",
    )

    project.pulumi("refresh", "--yes", "--skip-preview")
    made = finished(project, tmp_path / "shown")
    assert made.status == 0, made.output
    mended = project.outputs()["proof"]["testvmmhsm"]
    assert mended["passed"]
    steps = {name: step["found"] for name, step in mended["steps"].items()}
    assert steps["name"] == "10.0.1.4"
    assert steps["publicWay"].endswith("ForbiddenByFirewall")
    # What a person reads last: every step, with what it found.
    _, _, summary = made.output.partition("Your Managed HSM stands")
    assert "as testvmmhsm, on its machine testvmmhsm" in summary
    assert all(found in summary for found in steps.values())
