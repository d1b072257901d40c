"""The commands on a stack's configuration, which need nobody to answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.command_line import main
from data_plane.data_actions import DATA_ACTIONS, full
from local_azure.stack import material
from tests.unit.components.recorder import REPOSITORY


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


@pytest.fixture
def project(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (directory / "Pulumi.dev.yaml").write_text((REPOSITORY / "Pulumi.dev.yaml").read_text())
    monkeypatch.chdir(directory)
    return directory


def change(project: Path, **sections: Any) -> None:
    file = project / "Pulumi.dev.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"] |= {f"managed-hsm:{name}": value for name, value in sections.items()}
    file.write_text(yaml.safe_dump(content))


def test_the_walkthrough_s_stack_is_linted_offline(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del project
    assert main(["lint", "--stack", "dev"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [each.split("[")[-1] for each in lines] == [
        "only-administrator]",
        "standing-administrator]",
        "two-duties]",
        "deployer]",
        "every-key]",
        "global-administrators]",
    ]
    assert {each.split(":")[0] for each in lines} == {"note"}


def test_lint_answers_json_and_fails_from_the_level_on_that_it_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(project, roleAssignments=[{"role": "Policy Administrator", "principal": {"user": "kim"}, "scope": "/"}])
    assert main(["lint", "--stack", "dev"]) == 0
    assert main(["lint", "--stack", "dev", "--fail-on", "warning"]) == 3
    capsys.readouterr()
    assert main(["lint", "--stack", "dev", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    [one] = [each for each in told["findings"] if each["code"] == "could-become-administrator"]
    assert (one["who"], one["level"]) == ("user kim", "warning")
    change(project, access={"bootstrapOver": True})
    assert main(["lint", "--stack", "dev"]) == 3


@pytest.mark.parametrize(
    ("form", "beginning"), [("markdown", "# Access to az400"), ("html", "<!doctype"), ("json", "{")]
)
def test_the_matrix_is_written_in_each_form(project: Path, form: str, beginning: str) -> None:
    assert main(["matrix", "--stack", "dev", "--format", form, "--output", "matrix"]) == 0
    assert (project / "matrix").read_text().startswith(beginning)


def test_what_cannot_be_read_is_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--stack", "none"]) == 1
    (project / "Pulumi.dev.yaml").write_text("nothing: here")
    assert main(["matrix", "--stack", "dev"]) == 1
    assert main(["matrix", "--hsm-name", "my_hsm"]) == 1
    assert main(["matrix", "--uri", "http://x"]) == 1
    first, second, third, fourth = capsys.readouterr().err.splitlines()
    assert "Pulumi.none.yaml: No such file or directory — run it in the project's directory" in first
    assert second.endswith("Pulumi.dev.yaml: has no section config")
    assert third == "error: --hsm-name 'my_hsm': 3 to 24 letters, digits and hyphens"
    assert fourth.startswith("error: --uri 'http://x': ")


def test_every_data_action_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["actions"]) == 0
    assert set(map(full, capsys.readouterr().out.split())) == DATA_ACTIONS
