"""The ways in to set up a pool that is closed from birth, each by a whole run, and what is said to whoever has none.

The declared address is the way of the stack dev: ``test_dev_stack`` goes it, with ``defaultAction: Deny`` and one rule.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import yaml

from local_azure.instance import REPOSITORY
from local_azure.stack.pulumi import Pulumi
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.integration.project import SECONDS, STACK, Project, Run

pytestmark = pytest.mark.engine

POOL = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
HOST = "az400popmhsm.managedhsm.azure.net"
CLOSED = {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}
KEYS = {"myrsakey": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]}}
DEPLOYERS = [{"role": "Managed HSM Crypto User", "principal": "deployer", "scope": "/keys"}]
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJtwXrouN0LDZyjHCHluoeJH/UFs4wW7uYdZ9TfP0v6E"


@pytest.fixture
def small(project: Project) -> Project:
    """The stack dev with one key and no machine: what is tried here is the way to the pool."""
    project.configure(keys=KEYS, roleAssignments=DEPLOYERS, identities=None, proof=None, vault=None, diagnostics=None)
    return project


def with_firewall(project: Project, **firewall: Any) -> None:
    project.configure(hsm={**project.configured("hsm"), "firewall": firewall})


def with_tags(project: Project, **tags: str) -> None:
    project.configure(hsm={**project.configured("hsm"), "tags": tags})


def with_key_tags(project: Project, **tags: str) -> None:
    project.configure(keys={"myrsakey": {**KEYS["myrsakey"], "tags": tags}})


def pool(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = ByHand(project.instance).arm("GET", POOL, POOLS)
    return found


def firewall_of(project: Project) -> dict[str, Any]:
    properties = pool(project)["properties"]
    return {name: properties[name] for name in ("publicNetworkAccess", "networkAcls")}


def writes(project: Project) -> list[str]:
    """How the pool itself was written, in order."""
    return [
        each["method"]
        for each in project.control.log()
        if each["path"].lower() == POOL.lower() and each["method"] in ("PUT", "PATCH")
    ]


def refusals(run: Run) -> list[str]:
    """What the diagnostics say, a line each; the engine's own ``update failed`` is not one."""
    said = run.output[run.output.rindex("Diagnostics:") :]
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("error:")]
    return [line for line in lines if line != "error: update failed"]


def assert_only_updated(run: Run, resource: str, difference: str) -> None:
    assert run.changes().split("\n")[1].strip() == "~ 1 updated", run.output
    (line,) = [each for each in run.output.splitlines() if resource in each]
    assert difference in line


def assert_shut_out(run: Run, *words: str) -> None:
    assert run.status != 0
    assert "Traceback" not in run.output
    (line,) = refusals(run)
    for each in words:
        assert each in line


def test_set_up_openly_and_denied_by_a_second_up(small: Project) -> None:
    empty = small.control.status()["resources"]
    with_firewall(small, publicNetworkAccess="Enabled", defaultAction="Allow", bypass="AzureServices")
    small.up()
    assert firewall_of(small)["networkAcls"]["defaultAction"] == "Allow"

    with_firewall(small, publicNetworkAccess="Enabled", defaultAction="Deny", bypass="AzureServices")
    assert_only_updated(small.up(), "ManagedHsm managed-hsm updated", "[diff: ~properties]")
    denied = firewall_of(small)
    assert denied["networkAcls"]["defaultAction"] == "Deny"
    assert denied["networkAcls"]["ipRules"] == []

    # A tag is a change of the tags and of nothing else, and from outside too: ARM is not behind the firewall.
    with_tags(small, owner="crypto")
    assert_only_updated(small.up(), "ManagedHsm managed-hsm updated", "[diff: ~tags]")
    assert pool(small)["tags"] == {"owner": "crypto"}
    assert firewall_of(small) == denied
    assert writes(small) == ["PUT"] * 3

    with_key_tags(small, owner="crypto")
    assert_shut_out(
        small.up(check=False),
        f"key myrsakey in https://{HOST}: ",
        "403 ForbiddenByFirewall",
        "defaultAction is Deny and ipRules (none) do not name 203.0.113.10",
        "ways on: declare 203.0.113.10 in managed-hsm:hsm.firewall.ipRules;",
        "run inside the virtual network (private endpoints: privateendpointmainsubnet: Approved",
        "set up openly first (defaultAction: Allow) and Deny with a second up",
    )

    small.pulumi("destroy", "--yes", "--skip-preview")
    assert small.control.status()["resources"] == empty
    assert writes(small) == ["PUT"] * 3


def make_runner(project: Project) -> dict[str, Any]:
    """Brings up the stack examples/runner; answers its outputs."""
    directory = project.directory / "examples" / "runner"
    shutil.copytree(REPOSITORY / "examples" / "runner", directory, ignore=shutil.ignore_patterns("Pulumi.*.yaml"))
    # The copy's environment is a link to this one, which the engine takes for another.
    settings = directory / "Pulumi.yaml"
    settings.write_text(settings.read_text().replace("../../.venv", str(REPOSITORY / ".venv")))
    stack = yaml.safe_dump({"config": {"hsm-runner:sshPublicKey": SSH_KEY}})
    (directory / f"Pulumi.{STACK}.yaml").write_text(stack)
    runner = replace(project, directory=directory)
    Pulumi(directory, runner.environment).select()
    runner.up()
    return runner.outputs()


def inside(project: Project, machine: str, *command: str) -> Run:
    """What a command does inside of a machine that signs in by its own identity."""
    environment = {
        **os.environ,
        "LOCAL_AZURE_HOME": str(project.instance.home),
        "LOCAL_AZURE_PORT": str(project.instance.port),
        "PYTHONPATH": str(REPOSITORY),
    }
    entering = [sys.executable, "-m", "local_azure", "vm", machine, "--", "env", "ARM_USE_MSI=true"]
    done = subprocess.run(
        [*entering, *command],
        cwd=project.directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def test_a_runner_in_the_network_sets_up_a_pool_without_a_public_way(small: Project) -> None:
    runner = make_runner(small)
    before = small.control.status()["resources"]
    with_firewall(small, **CLOSED)
    small.configure(
        network={
            "location": "westus",
            "vnet": {"id": runner["network"]},
            "subnet": {"name": "hsm", "addressPrefix": "10.9.2.0/24"},
            "dns": {"link": "runners"},
            "privateEndpoints": [{"name": "az400popMHSM-runners"}],
        }
    )
    brought_up = inside(
        small, "runner", "pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"
    )
    assert brought_up.status == 0, brought_up.output
    outputs = small.outputs()
    assert outputs["privateEndpoints"] == {"az400popMHSM-runners": "10.9.2.4"}
    assert set(outputs["keys"]) == {"myrsakey"}
    assert firewall_of(small) == {
        "publicNetworkAccess": "Disabled",
        "networkAcls": {"defaultAction": "Deny", "bypass": "None", "ipRules": [], "virtualNetworkRules": []},
    }
    asked = [each for each in small.control.log() if each["host"] == HOST]
    assert {each["status"] for each in asked if each["path"].startswith("/securitydomain")} == {202, 200, 401}
    assert {each["origin"].rpartition("/")[2] for each in asked} == {"runner"}
    assert 403 not in {each["status"] for each in asked}

    with_key_tags(small, owner="crypto")
    again = inside(small, "runner", "pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive")
    assert "~ 1 updated" in again.changes(), again.output

    # From outside nothing gets in, and nothing has to: not even to be deleted.
    refused = ByHand(small.instance).ask("GET", f"https://{HOST}/keys?api-version=7.4", "https://managedhsm.azure.net")
    assert (refused.status_code, refused.json()["error"]["innererror"]["code"]) == (403, "ForbiddenByFirewall")
    small.pulumi("destroy", "--yes", "--skip-preview")
    assert small.control.status()["resources"] == before
    assert writes(small) == ["PUT"]
