"""The gated pipeline, by the scripts that its workflows call: previews, verdicts, deployments, drift, the end."""

from __future__ import annotations

import copy
import json
import subprocess
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.instance import REPOSITORY
from tests.by_hand import ByHand
from tests.integration.project import STACK, Project
from tests.previews import EDITS, Config, base, recorded
from tests.record_previews import write

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
"""The Azure role of that name ("Azure built-in roles")."""
AUDITOR = "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"
"""Managed HSM Crypto Auditor."""
SECOND = {"type": "EC-HSM", "curve": "P-256", "onRemove": "purge"}
DANGERS = {
    "a lower quorum": "quorum-changed",
    "other custodians": "custodians-changed",
    "a key is deleted": "key-deleted",
    "a key is abandoned": "key-abandoned",
    "a key is purged": "key-purged",
    "a role is widened": "role-widened",
    "a role is removed": "role-removed",
    "a wide role is given": "role-granted",
    "the firewall is opened": "firewall-opened",
    "the private endpoint is removed": "private-endpoint-removed",
    "the private name is removed": "dns-removed",
    "diagnostics are switched off": "diagnostics-removed",
}
"""All at once in one preview, each seen by its own name."""
HARMLESS = (
    "the pool gets a tag",
    "a key is added",
    "a key gets a tag",
    "a role at one key is given",
    "an auditor is added",
)
ONCE = ("a key is replaced", "the last administrator is gone")
"""Beside them, though they touch what others of them touch."""


@dataclass(frozen=True)
class Pipeline:
    """The scripts, on the program in its own git repository."""

    project: Project
    out: Path
    environment: dict[str, str]

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(REPOSITORY / "pipelines" / f"{script}.sh"), STACK, *arguments]
        environment = {**self.environment, "PROGRAM": str(self.project.directory)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    def status(self, script: str, *arguments: str) -> int:
        done = self.run(script, *arguments)
        print(script, done.returncode, done.stderr)
        return done.returncode

    def commit(self, config: Config) -> str:
        write(self.project.directory, config)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Kim Akers", "-c", "user.email=kim.akers@contoso.com")
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=self.project.directory, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def judge(self, config: Config, *more: str) -> tuple[int, dict[str, Any]]:
        """Commits, previews and judges; the gate's exit status and what it wrote as JSON."""
        commit = self.commit(config)
        assert self.status("preview", str(self.out), *more) == 0
        status = self.status("gate", str(self.out), commit)
        found: dict[str, Any] = json.loads((self.out / "gate.json").read_text())
        assert found["commit"] == commit
        return status, found


@pytest.fixture
def pipeline(project: Project, tmp_path: Path) -> Pipeline:
    made = Pipeline(project, tmp_path / "out", project.environment)
    (project.directory / ".gitignore").write_text(".local/\n.venv\n__pycache__/\n")
    made.git("init", "--quiet")
    return made


def start() -> Config:
    config = base()
    config["managed-hsm:keys"]["secondpurgedkey"] = dict(SECOND)
    config["managed-hsm:deployer"] = DEPLOYER_OBJECT_ID
    # As many as there are custodians, and a vault that is open to all, are what the policy pack forbids.
    config["managed-hsm:securityDomain"]["quorum"] = 2
    config["managed-hsm:vault"]["firewall"] = copy.deepcopy(config["managed-hsm:hsm"]["firewall"])
    return config


def changed(config: Config, *names: str) -> Config:
    made = copy.deepcopy(config)
    for name in names:
        EDITS[name](made)
    return made


def said(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Operation, resource and rule of each finding."""
    return {(each["operation"], each["urn"], each["rule"]) for each in found["findings"]}


def test_nothing_dangerous_gets_past(pipeline: Pipeline) -> None:
    config = start()
    write(pipeline.project.directory, config)
    pipeline.project.up()
    assert pipeline.status("backend") == 4

    config = what_is_harmless_is_deployed(pipeline, config)
    what_has_moved_is_not(pipeline, config)
    every_danger_is_stopped(pipeline, config)
    a_pool_that_goes_is_stopped(pipeline, config)
    what_was_changed_by_hand_is_told(pipeline, config)


def what_is_harmless_is_deployed(pipeline: Pipeline, config: Config) -> Config:
    """Previewed by somebody who has Reader and Crypto Auditor and no more: what that records holds for the deployer."""
    config = changed(config, *HARMLESS)
    previewer = replace(pipeline, environment={**pipeline.environment, **reader(pipeline.project)})
    status, found = previewer.judge(config)
    assert [each for each in found["findings"] if each["verdict"] != "fine"] == []
    assert status == 0
    assert "✅ Fine" in (pipeline.out / "comment.md").read_text()
    assert pipeline.status("deploy", str(pipeline.out)) == 0
    assert "newkey" in pipeline.project.outputs()["keys"]
    return config


def what_has_moved_is_not(pipeline: Pipeline, config: Config) -> None:
    """The record is of the state before the deployment; then of a commit before this one."""
    assert pipeline.run("deploy", str(pipeline.out)).returncode == 6
    pipeline.commit(config)
    done = pipeline.run("deploy", str(pipeline.out))
    assert done.returncode == 6
    assert "the commit; the stack's state" in done.stderr


def every_danger_is_stopped(pipeline: Pipeline, config: Config) -> None:
    """Each by the name, the resource and the operation that the recording has for it alone."""
    roles = config["managed-hsm:roleAssignments"]
    dangerous = changed(config, *(name for name in DANGERS if name != "a role is removed"))
    dangerous["managed-hsm:securityDomain"]["quorum"] = 3
    dangerous["managed-hsm:keys"]["secondpurgedkey"]["curve"] = "P-384"
    administrator = next(each for each in roles if each["role"] == "Managed HSM Administrator")
    dangerous["managed-hsm:roleAssignments"] = [
        each
        for each in dangerous["managed-hsm:roleAssignments"]
        if each not in (roles[1], administrator) and each["scope"] != "/keys/oldkey"
    ]
    show_the_secret(pipeline.project.directory)
    status, found = pipeline.judge(dangerous)
    assert status == 4
    for name, rule in DANGERS.items():
        alone = {(step["op"], step["urn"]) for step in recorded(name)["steps"] if step["op"] != "same"}
        assert any(each[:2] in alone and each[2] == rule for each in said(found)), name
    rules = {(each["urn"] or "").rpartition("::")[2]: each["rule"] for each in found["findings"]}
    assert rules["secondpurgedkey"] == "key-replaced"
    assert rules["contososecret"] == "secret-shown"
    assert "last-administrator" in rules.values()
    assert any(
        each["rule"] == "policy-violated" and each["detail"].startswith("custodians") for each in found["findings"]
    )
    assert "Rehearsal-value" not in "".join(path.read_text() for path in pipeline.out.glob("[cg]*"))
    show_the_secret(pipeline.project.directory, shown=False)


def show_the_secret(directory: Path, *, shown: bool = True) -> None:
    """A change of the program that no preview of the engine's shows: the secret's value is no secret any more."""
    path, secret, plain = (
        directory / "components" / "vault.py",
        "pulumi.Output.secret(value.get_secret_value())",
        ("value.get_secret_value()"),
    )
    before, after = (secret, plain) if shown else (f": {plain}", f": {secret}")
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def a_pool_that_goes_is_stopped(pipeline: Pipeline, config: Config) -> None:
    status, found = pipeline.judge(changed(config, "the pool is replaced"))
    assert status == 4
    assert found["findings"][0]["rule"] == "pool-replaced"

    status, found = pipeline.judge(config, "--destroy")
    assert status == 4
    assert found["findings"][0]["rule"] == "pool-deleted"
    commit = found["commit"]
    assert pipeline.status("gate", str(pipeline.out), commit, "/dev/null", "another") == 5
    assert pipeline.status("gate", str(pipeline.out), commit, "/dev/null", "az400popMHSM") == 0


def reader(project: Project) -> dict[str, str]:
    """A service principal that can only read, as the environment names it."""
    hand = ByHand(project.instance)
    graph = "https://graph.microsoft.com"
    application = hand.ask("POST", f"{graph}/v1.0/applications", graph, {"displayName": "contoso-previewer"}).json()
    secret = hand.ask("POST", f"{graph}/v1.0/applications/{application['id']}/addPassword", graph, {}).json()
    who = hand.ask("POST", f"{graph}/v1.0/servicePrincipals", graph, {"appId": application["appId"]}).json()["id"]
    roles = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization"
    properties = {"principalId": who, "principalType": "ServicePrincipal"}
    hand.arm(
        "PUT",
        f"{roles}/roleAssignments/{uuid.uuid4()}",
        "2022-04-01",
        {"properties": {**properties, "roleDefinitionId": f"{roles}/roleDefinitions/{READER}"}},
    )
    pool, local = "https://az400popmhsm.managedhsm.azure.net", "Microsoft.KeyVault/providers/Microsoft.Authorization"
    hand.ask(
        "PUT",
        f"{pool}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=7.5",
        "https://managedhsm.azure.net",
        {"properties": {"principalId": who, "roleDefinitionId": f"{local}/roleDefinitions/{AUDITOR}"}},
    )
    names = {"CLIENT_ID": application["appId"], "CLIENT_SECRET": secret["secretText"]}
    return {f"{prefix}_{name}": value for prefix in ("ARM", "AZURE") for name, value in names.items()}


def what_was_changed_by_hand_is_told(pipeline: Pipeline, config: Config) -> None:
    hand = ByHand(pipeline.project.instance)
    group = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoResourceGroup"
    pool = f"{group}/providers/Microsoft.KeyVault/managedHSMs/{config['managed-hsm:hsm']['name']}"
    hand.arm("PATCH", pool, "2024-11-01", {"tags": {"owner": "somebody"}})
    done = pipeline.run("drift", str(pipeline.out / "drift"))
    assert done.returncode == 6
    text = (pipeline.out / "drift" / "drift.md").read_text()
    assert "**pool managed-hsm** tags.owner: is somebody, shall be crypto" in text
