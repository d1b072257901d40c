"""``python -m policy.gate`` as a script calls it, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_azure.instance import REPOSITORY
from policy.gate.__main__ import NO_VERDICT, main, rules
from policy.gate.approvals import LABEL
from policy.gate.catalogue import RULES
from tests.previews import recorded
from tests.unit.policy.gate.made import KEY, document, step

COMMIT = "a" * 40


@pytest.fixture
def preview(tmp_path: Path) -> Path:
    return tmp_path / "preview.json"


def run(preview: Path, *options: str) -> int:
    return main([str(preview), "--commit", COMMIT, *options])


def outcome(preview: Path, name: str, *options: str) -> tuple[int, str, dict[str, Any], dict[str, Any]]:
    preview.write_text(json.dumps(recorded(name)))
    out = preview.parent
    status = run(preview, "--markdown", f"{out}/md", "--json", f"{out}/json", "--sarif", f"{out}/sarif", *options)
    return (
        status,
        (out / "md").read_text(),
        json.loads((out / "json").read_text()),
        json.loads((out / "sarif").read_text()),
    )


@pytest.mark.parametrize(
    ("name", "status", "verdict"),
    [("the pool gets a tag", 0, "fine"), ("a key is deleted", 3, "approval"), ("a key is purged", 4, "block")],
)
def test_scripts_tell_the_verdicts_apart(preview: Path, name: str, status: int, verdict: str) -> None:
    found, _, document, _ = outcome(preview, name)
    assert (found, document["verdict"]) == (status, verdict)


def test_a_token_from_the_report_lets_the_step_through(preview: Path, tmp_path: Path) -> None:
    _, comment, document, _ = outcome(preview, "a key is deleted")
    (token,) = {each["approval"] for each in document["findings"] if each["approval"]}
    assert f"`{LABEL}{token}`" in comment
    assert run(preview, "--approve", token) == 0
    assert run(preview, "--label", f"{LABEL}{token}", "--label", "bug") == 0
    (tmp_path / "approvals").write_text(f"{token} Kim Akers: nothing uses it")
    status, comment, document, log = outcome(preview, "a key is deleted", "--approvals", str(tmp_path / "approvals"))
    assert status == 0
    assert "Fine: 1 approved" in comment
    assert [each["approved"] for each in document["findings"]] == [True]
    assert log["runs"][0]["results"][0]["suppressions"][0]["status"] == "accepted"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"steps": ', "Error: no stack"])
def test_what_is_no_preview_is_one_line_and_a_status_of_its_own(
    preview: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    preview.write_text(text)
    assert run(preview, "--markdown", f"{tmp_path}/md", "--stack", "prod") == 5
    told = capsys.readouterr().err
    assert told.startswith("policy.gate: ")
    assert told.count("\n") == 1
    comment = (tmp_path / "md").read_text()
    assert comment.startswith("<!-- preview-gate prod -->\n### 🛑 No verdict")


def test_a_file_that_is_not_there_is_one_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none.json") == 5
    assert capsys.readouterr().err == f"policy.gate: {tmp_path}/none.json: No such file or directory\n"


def test_the_comment_says_the_danger_first_then_the_count_then_the_detail_then_the_bill(preview: Path) -> None:
    _, comment, _, _ = outcome(preview, "the pool is replaced")
    lines = comment.splitlines()
    assert lines[0] == "<!-- preview-gate dev -->"
    assert lines[1].startswith("### 🛑 Blocked: ")
    assert lines[3].startswith("- **pool managed-hsm** – The pool is replaced by an empty one")
    assert len([line for line in lines[3:] if line.startswith("- **")]) <= 8
    places = [comment.index(text) for text in ("- **pool", " replace · ", "<details>", "**Changes the bill")]
    assert places == sorted(places)
    assert f"commit `{COMMIT[:12]}`" in comment


def test_the_bill_is_what_comes_less_what_goes(preview: Path) -> None:
    more = outcome(preview, "a private endpoint is added")[2]["billPerMonth"]
    assert more["change"] == 7.8
    gone = outcome(preview, "the stack is destroyed")[2]["billPerMonth"]
    assert gone["change"] == pytest.approx(-(3.2 * 730 + 7.3 + 0.5), abs=0.01)
    assert gone["then"] == 0
    assert "a deleted pool, which is billed until it is purged" in gone["leavesOut"][0]
    assert all("20" in source for source in more["sources"])


def test_names_and_values_cannot_write_into_the_comment(preview: Path) -> None:
    name = (
        "x` | <img src=HTTPS://evil.example> @everyone **fine** www.evil.example #7 \u202e\x1b[2J\n### ✅ Fine [a](b)"
    )
    preview.write_text(document(step("delete", KEY, name, {"on_remove": "softDelete"})))
    run(preview, "--markdown", f"{preview.parent}/md")
    comment = (preview.parent / "md").read_text()
    assert "<img" not in comment
    assert "@everyone" not in comment
    assert "S://" not in comment
    assert "www.evil" not in comment
    assert "#7" not in comment
    assert not {"\u202e", "\x1b"} & set(comment)
    assert "**fine**" not in comment
    assert "\n### ✅" not in comment


@pytest.mark.parametrize("name", ["##vso[task.complete result=Succeeded;]", "x\n##[error]y", "x\n::error::y"])
def test_names_cannot_give_the_pipeline_commands(preview: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    preview.write_text(document(step("delete", KEY, name, {"on_remove": "softDelete"})))
    run(preview)
    preview.write_text(document(step("delete", KEY, f"{name}::1", {}), step("delete", KEY, f"{name}::1", {})))
    run(preview)
    said = capsys.readouterr().err
    assert "##" not in said
    assert [line for line in said.splitlines() if line.lstrip().startswith("::")] == []


def test_a_preview_of_another_stack_is_no_verdict(preview: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preview.write_text(document(step("same", KEY, "it", {}, {})))
    assert run(preview, "--stack", "prod") == run(preview, "--stack", "contoso/managed-hsm/prod") == 0
    assert run(preview, "--stack", "dev") == NO_VERDICT
    assert "is of stack prod, not of dev" in capsys.readouterr().err


def test_a_comment_fits_into_github_s(preview: Path) -> None:
    name, number = "key_" * 25, range(1000)
    many = [
        step("update", KEY, f"{name}{each}", {"operations": "*" * 500}, {"operations": "_" * 500}) for each in number
    ]
    preview.write_text(document(*many))
    run(preview, "--markdown", f"{preview.parent}/md")
    assert len((preview.parent / "md").read_text()) < 65_536


def test_code_scanning_gets_a_place_a_level_and_a_fingerprint_for_each_danger(preview: Path) -> None:
    log = outcome(preview, "the pool is replaced")[3]
    assert log["version"] == "2.1.0"
    (run_,) = log["runs"]
    ids = [rule["id"] for rule in run_["tool"]["driver"]["rules"]]
    assert ids == list(RULES)
    assert run_["results"]
    for result in run_["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        place = result["locations"][0]["physicalLocation"]
        assert (REPOSITORY / place["artifactLocation"]["uri"]).is_file()
        assert place["region"]["startLine"] >= 1
        assert len(result["partialFingerprints"]["step/v1"]) == 64
    pool = next(each for each in run_["results"] if each["ruleId"] == "pool-replaced")
    assert pool["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "components/managed_hsm.py"


def test_the_documentation_has_every_rule_as_the_gate_has_it() -> None:
    assert rules() in (REPOSITORY / "docs" / "gate-rules.md").read_text()
