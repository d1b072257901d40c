"""What the workflows may and may not, whatever else they say; and the linters' word where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_azure.instance import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
AZURE = sorted((REPOSITORY / "azure-pipelines").glob("*.yml"))
SCRIPTS = sorted((REPOSITORY / "pipelines").rglob("*.sh"))
DEPLOYER = re.compile(r"deployer", re.IGNORECASE)


def named(path: Path) -> str:
    return path.name


def parsed(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    return found


def jobs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from parsed(path)["jobs"].items()


def test_there_are_the_four_of_them_for_both() -> None:
    names = {"preview.yml", "deploy.yml", "drift.yml", "teardown.yml"}
    assert {path.name for path in WORKFLOWS} >= names
    assert {path.name for path in AZURE} == names


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(path: Path) -> None:
    uses = re.findall(r"uses: (.*)", path.read_text())
    assert uses
    assert [each for each in uses if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_workflow_stores_no_secret_and_gives_each_job_only_what_it_needs(path: Path) -> None:
    text = path.read_text()
    assert "secrets." not in text
    assert "pull_request_target" not in text
    workflow = parsed(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for name, job in jobs(path):
        assert job["permissions"].get("contents") == "read", name
        assert job["timeout-minutes"], name
        checkouts = [step for step in job["steps"] if str(step.get("uses")).startswith("actions/checkout@")]
        assert all(step["with"]["persist-credentials"] == "false" for step in checkouts), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_nothing_from_outside_is_pasted_into_a_script(path: Path) -> None:
    for _, job in jobs(path):
        assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_the_deployer_acts_behind_an_environment_only(path: Path) -> None:
    for name, job in jobs(path):
        if DEPLOYER.search(yaml.safe_dump(job)):
            assert job["environment"] in ("hsm-prod", "hsm-prod-teardown"), name
            assert "plan" in job["needs"], name


def test_code_of_a_pull_request_never_sees_the_deployer() -> None:
    preview = dict(jobs(REPOSITORY / ".github" / "workflows" / "preview.yml"))
    assert not DEPLOYER.search(yaml.safe_dump(preview))
    assert "head.repo.full_name == github.repository" in preview["preview"]["if"]
    assert preview["preview"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert "environment" not in preview["preview"]


def test_the_deployer_s_machines_run_nothing_else() -> None:
    for path in WORKFLOWS:
        for name, job in jobs(path):
            assert ("hsm-deploy" in job["runs-on"]) == bool(DEPLOYER.search(yaml.safe_dump(job))), name
    for path in AZURE:
        for job in (job for stage in parsed(path)["stages"] for job in stage["jobs"]):
            assert (job["pool"] == "hsm-deploy") == ("hsm-deployer" in yaml.safe_dump(job)), path.name


def test_the_gate_is_the_code_of_the_branch_that_is_merged_into_and_has_no_identity() -> None:
    gate = dict(jobs(REPOSITORY / ".github" / "workflows" / "preview.yml"))["gate"]
    assert "id-token" not in gate["permissions"]
    checkout = next(step for step in gate["steps"] if str(step.get("uses")).startswith("actions/checkout@"))
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert gate["if"] == "always()"


def test_which_commit_was_previewed_is_the_pipeline_s_word_and_not_the_preview_s() -> None:
    github = dict(jobs(REPOSITORY / ".github" / "workflows" / "preview.yml"))["gate"]
    assert github["env"]["COMMIT"] == "${{ github.event.pull_request.head.sha }}"
    azure = (REPOSITORY / "azure-pipelines" / "preview.yml").read_text()
    assert 'gate.sh prod "$out" "$BUILD_SOURCEVERSION"' in azure


def test_deployments_of_a_stack_wait_for_each_other() -> None:
    groups = [
        parsed(REPOSITORY / ".github" / "workflows" / f"{name}.yml")["concurrency"] for name in ("deploy", "teardown")
    ]
    assert groups[0] == groups[1] == {"group": "stack-prod", "cancel-in-progress": "false"}
    assert all(
        parsed(REPOSITORY / "azure-pipelines" / f"{name}.yml")["lockBehavior"] for name in ("deploy", "teardown")
    )


@pytest.mark.parametrize("path", AZURE, ids=named)
def test_in_azure_pipelines_the_deployer_acts_in_deployments_only(path: Path) -> None:
    for stage in parsed(path)["stages"]:
        for job in stage["jobs"]:
            if "hsm-deployer" in yaml.safe_dump(job):
                assert job["environment"] in ("hsm-prod", "hsm-prod-teardown")


def test_every_script_that_is_called_is_there_and_can_run() -> None:
    texts = "".join(path.read_text() for path in (*WORKFLOWS, *(REPOSITORY / "azure-pipelines").rglob("*.yml")))
    called = set(re.findall(r"pipelines/(?:github/|azure_devops/)?[a-z_]+\.sh", texts))
    assert len(called) > 8
    for each in called:
        assert (REPOSITORY / each).stat().st_mode & 0o111, each


def tool(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"{name} is not installed; docs/gated-pipeline.md says what it found when it was")
    return found


def test_actionlint_has_nothing_to_say() -> None:
    subprocess.run([tool("actionlint"), *map(str, WORKFLOWS)], cwd=REPOSITORY, check=True)


def test_zizmor_has_nothing_to_say() -> None:
    subprocess.run([tool("zizmor"), "--offline", ".github/workflows"], cwd=REPOSITORY, check=True)


def test_shellcheck_has_nothing_to_say() -> None:
    subprocess.run([tool("shellcheck"), "--external-sources", *map(str, SCRIPTS)], cwd=REPOSITORY, check=True)
