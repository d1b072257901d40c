"""Approvals: what they name, what they lift, and when they die."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy.gate.approvals import LABEL, Decision, decide, from_file, from_labels
from policy.gate.catalogue import Verdict
from policy.gate.errors import BadApproval
from policy.gate.judging import judge
from policy.gate.labels import holding
from policy.gate.preview import read
from tests.previews import recorded
from tests.unit.policy.gate.made import KEY, POOL, document, pool, step

COMMIT, NEXT = "a" * 40, "b" * 40
DELETED = step("delete", KEY, "one", {"on_remove": "softDelete"})


def decided(*steps: dict[str, Any], commit: str = COMMIT, tokens: tuple[str, ...] = (), **more: Any) -> Decision:
    return decide(judge(read(document(*steps))), commit, tokens, **more)


def token(*steps: dict[str, Any], commit: str = COMMIT) -> str:
    asked = decided(*steps, commit=commit)
    return asked.token(asked.judgement.findings[0])


def test_an_approval_lifts_exactly_its_step() -> None:
    given = token(DELETED)
    assert decided(DELETED).verdict is Verdict.APPROVAL
    assert decided(DELETED, tokens=(given,)).verdict is Verdict.FINE
    other = step("delete", KEY, "two", {"on_remove": "softDelete"})
    both = decided(DELETED, other, tokens=(given,))
    assert both.verdict is Verdict.APPROVAL
    assert [both.is_approved(each) for each in both.judgement.findings] == [True, False]


def test_an_approval_dies_with_the_commit() -> None:
    given = token(DELETED)
    after = decided(DELETED, commit=NEXT, tokens=(given,))
    assert after.verdict is Verdict.APPROVAL
    assert after.stray == (given,)


@pytest.mark.parametrize(
    "changed",
    [
        step("delete", KEY, "one", {"on_remove": "softDelete", "size": 2048}),
        step("delete", KEY, "one", {"on_remove": "softDelete"}, old_state={"id": "another"}),
        step("delete", KEY, "one", {"on_remove": "softDelete"}, old_state={"protect": True}),
    ],
)
def test_an_approval_dies_with_the_step(changed: dict[str, Any]) -> None:
    assert decided(changed, tokens=(token(DELETED),)).verdict is Verdict.APPROVAL


def test_an_approval_of_one_stack_is_none_of_another() -> None:
    elsewhere = json.loads(document(DELETED).replace("urn:pulumi:prod", "urn:pulumi:dev"))
    found = decide(judge(read(json.dumps(elsewhere))), COMMIT, [token(DELETED)])
    assert found.verdict is Verdict.APPROVAL


def test_the_time_of_a_preview_is_no_part_of_a_step() -> None:
    later = step("delete", KEY, "one", {"on_remove": "softDelete"}, old_state={"modified": "2026-11-21T12:00:00Z"})
    assert token(later) == token(DELETED)


def test_nothing_lifts_a_block() -> None:
    asked = decided(step("delete", POOL, "it", pool()))
    assert asked.token(asked.judgement.findings[0]) == ""
    for name in ("the pool is replaced", "a key is purged", "the firewall is opened"):
        found = judge(read(json.dumps(recorded(name))))
        everything = [decide(found, COMMIT, []).token(each) for each in found.findings]
        assert decide(found, COMMIT, [each for each in everything if each]).verdict is Verdict.BLOCK


def test_without_a_commit_nothing_is_approved() -> None:
    assert token(DELETED, commit="") == ""
    with pytest.raises(BadApproval, match="approvals hold for one commit"):
        decided(DELETED, commit="", tokens=("0" * 16,))


@pytest.mark.parametrize("commit", ["main", "abc123", "A" * 40, "a" * 41])
def test_a_commit_is_its_whole_hash(commit: str) -> None:
    with pytest.raises(BadApproval, match="is no commit"):
        decided(DELETED, commit=commit)


@pytest.mark.parametrize("given", ["*", "all", "0" * 15, "0" * 17, "G" * 16])
def test_what_is_no_token_is_told_instead_of_passed_over(given: str) -> None:
    with pytest.raises(BadApproval, match="is no approval"):
        decided(DELETED, tokens=(given,))


def test_a_file_names_who_and_why_behind_each_token(tmp_path: Path) -> None:
    file = tmp_path / "approvals"
    file.write_text(f"# of today\n\n{'1' * 16} Kim: key is empty\n{LABEL}{'2' * 16}\n")
    assert from_file(file) == ["1" * 16, "2" * 16]
    with pytest.raises(BadApproval, match="No such file"):
        from_file(tmp_path / "none")


def test_labels_that_are_none_of_the_gate_s_are_passed_over() -> None:
    assert from_labels(["bug", f"{LABEL}{'1' * 16}"]) == ["1" * 16]
    assert len(f"{LABEL}{'1' * 16}") <= 50


def labelled(number: int, actor: str, kind: str = "labeled", **more: Any) -> dict[str, Any]:
    who = {"login": actor, "type": "User", **more}
    when = f"2026-11-21T12:00:{number:02}Z"
    return {"id": number, "event": kind, "actor": who, "label": {"name": f"{LABEL}{'1' * 16}"}, "created_at": when}


@pytest.mark.parametrize(
    ("events", "holds"),
    [
        ([labelled(1, "kim")], True),
        ([labelled(1, "Robin")], False),
        ([labelled(1, "kim"), labelled(2, "kim", "unlabeled")], False),
        ([labelled(1, "robin"), labelled(2, "kim", "unlabeled"), labelled(3, "kim")], True),
        ([labelled(2, "robin"), labelled(1, "kim")], False),
        ([labelled(1, "robot", type="Bot")], False),
        ([{**labelled(1, "kim"), "actor": None}], False),
        ([{**labelled(1, "kim"), "label": {"name": "bug"}}], False),
        ([{"event": "closed"}], False),
    ],
)
def test_a_label_approves_when_somebody_else_than_the_author_put_it_there(
    events: list[dict[str, Any]], holds: bool
) -> None:
    assert holding(events, ["robin"]) == (["1" * 16] if holds else [])
    assert holding(events, ["robin", "Kim"]) == []


def test_a_teardown_is_confirmed_by_the_pool_s_name_and_nothing_less() -> None:
    gone = step("delete", POOL, "it", pool())
    assert decided(gone, destroying="contoso").verdict is Verdict.FINE
    with pytest.raises(BadApproval, match="is not the name of the pool"):
        decided(gone, destroying="another")
    with pytest.raises(BadApproval, match="does not delete all of the stack"):
        decided(gone, step("same", KEY, "one", {}, {}), destroying="contoso")
