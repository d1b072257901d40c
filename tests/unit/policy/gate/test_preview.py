"""What is read as a preview, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.gate.catalogue import Verdict
from policy.gate.errors import FailedPreview, GateError, UnreadablePreview
from policy.gate.judging import judge
from policy.gate.preview import read
from tests.unit.policy.gate.made import KEY, POOL, document, pool, step, urn

DELETED = step("delete", POOL, "managed-hsm", pool())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "the preview is empty: did pulumi preview run, and with --json?"),
        ("  \n", "the preview is empty"),
        ("Previewing update (dev)", "the preview is no JSON document"),
        (document(DELETED)[:-40], "the preview is no JSON document, or not all of one"),
        (document(DELETED) + document(), "the preview is no JSON document, or not all of one"),
        ("[]", "the preview is no JSON object"),
        ("null", "the preview is no JSON object"),
        ("{}", "changeSummary: an object is expected"),
        ('{"steps": {}, "changeSummary": {}}', "steps: a list is expected"),
        ('{"steps": [1], "changeSummary": {"same": 1}}', "a step: an object is expected"),
        ('{"steps": [], "steps": [], "changeSummary": {}}', "a name is there twice"),
        ('{"steps": [], "changeSummary": {"delete": true}}', "changeSummary.delete: True is no count"),
        ('{"steps": [], "changeSummary": {"delete": -1}}', "changeSummary.delete: -1 is no count"),
        ('{"steps": [], "changeSummary": {}, "plan": 1}', "the preview has plan, which this gate does not know"),
        ("[" * 100_000, "the preview is nested too deeply"),
        ('{"config": {"a": "\\ud800"}}', "the preview holds text that is no Unicode"),
        (b"\xff\xfe", "the preview is not text in UTF-8"),
    ],
)
def test_what_is_no_preview_is_told_in_a_line(text: str | bytes, line: str) -> None:
    with pytest.raises(UnreadablePreview) as told:
        read(text)
    assert line in str(told.value)
    assert "\n" not in str(told.value)


def altered(**changes: Any) -> str:
    return document({**DELETED, **changes})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (altered(op=None), "a step without an operation"),
        (altered(urn="managed-hsm"), "'managed-hsm' is no URN"),
        (altered(oldState=None), "neither an old nor a new state"),
        (altered(oldState={"urn": urn(KEY, "other")}), "has the state of another resource"),
        (altered(oldState={"urn": DELETED["urn"], "type": KEY}), "has a state of another type"),
        (altered(oldState={"urn": DELETED["urn"], "type": POOL, "inputs": []}), "inputs: an object is expected"),
        (altered(surprise=1), "a step has surprise, which this gate does not know"),
        (document(DELETED, DELETED), "two steps for one resource"),
    ],
)
def test_a_step_that_is_none_is_told_in_a_line(text: str, line: str) -> None:
    with pytest.raises(UnreadablePreview, match=line):
        read(text)


def test_a_change_that_the_engine_counted_and_that_is_not_there_is_missed() -> None:
    whole = json.loads(document(DELETED))
    with pytest.raises(UnreadablePreview, match=r"not whole .*delete: 0 of 1.*--show-sames"):
        read(json.dumps({**whole, "steps": []}))
    with pytest.raises(UnreadablePreview, match=r"delete: 1 of 0"):
        read(json.dumps({**whole, "changeSummary": {}}))


def test_a_preview_without_what_stays_the_same_is_judged_and_never_fine() -> None:
    whole = json.loads(document(step("update", KEY, "key", {"tags": {}}, {"tags": {"a": "b"}})))
    whole["changeSummary"]["same"] = 33
    found = judge(read(json.dumps(whole)))
    assert {each.rule_id for each in found.findings} == {"changed", "not-whole"}
    assert found.verdict is Verdict.BLOCK


def test_a_preview_that_failed_is_no_verdict() -> None:
    diagnostics = [{"severity": "error", "message": "error: 1 mistake in\nPulumi.dev.yaml"}, {"severity": "error"}]
    with pytest.raises(FailedPreview) as told:
        read(document(diagnostics=diagnostics))
    assert str(told.value) == "the preview failed: 1 mistake in Pulumi.dev.yaml (and 1 more)"


def test_a_corrupt_state_is_no_verdict() -> None:
    with pytest.raises(FailedPreview, match="maybeCorrupt"):
        read(document(maybeCorrupt=True))


def test_warnings_are_no_failure() -> None:
    assert read(document(diagnostics=[{"severity": "warning", "message": "beware"}])).messages == ("beware",)


def test_a_resource_that_still_waits_for_its_deletion_may_have_another_step() -> None:
    pending = step("delete", KEY, "key", {"on_remove": "softDelete"}, old_state={"delete": True})
    preview = read(document(pending, step("same", KEY, "key", {}, {})))
    assert judge(preview).verdict is Verdict.APPROVAL


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
DANGERS = [
    DELETED,
    step("replace", POOL, "managed-hsm", pool(), pool()),
    step("delete", KEY, "key", {"on_remove": "purge"}),
    step("replace", KEY, "key", {}, {}),
]


def verdict(text: str | bytes) -> Verdict | None:
    """None where the gate says that there is nothing to judge."""
    try:
        return judge(read(text)).verdict
    except GateError:
        return None


@settings(max_examples=150, deadline=None)
@given(
    danger=st.sampled_from(DANGERS),
    noise=st.dictionaries(st.sampled_from(["config", "diagnostics", "duration", "maybeCorrupt", "x"]), anything),
    altering=st.dictionaries(
        st.sampled_from(["diffReasons", "replaceReasons", "detailedDiff", "provider", "newState", "y"]), anything
    ),
    counts=st.none() | st.dictionaries(st.sampled_from(["same", "create", "delete", "replace"]), st.integers(0, 2)),
    beside=st.lists(
        st.sampled_from(
            [step("same", KEY, "b", {}, {}), step("create", KEY, "c", new={}), step("read", KEY, "d", {}, {})]
        ),
        max_size=3,
        unique_by=lambda each: str(each["urn"]),
    ),
)
def test_whatever_stands_beside_it_a_catastrophe_never_passes_as_fine(
    danger: dict[str, Any],
    noise: dict[str, Any],
    altering: dict[str, Any],
    counts: dict[str, int] | None,
    beside: list[dict[str, Any]],
) -> None:
    content = json.loads(document({**danger, **altering}, *beside))
    content.update(noise)
    if counts is not None:
        content["changeSummary"] = counts
    assert verdict(json.dumps(content)) in (None, Verdict.BLOCK)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | anything.map(json.dumps) | st.binary(max_size=30))
def test_nothing_that_is_no_preview_breaks_the_gate(text: str | bytes) -> None:
    assert verdict(text) in (None, Verdict.FINE)


def test_what_another_stack_keeps_says_nothing_of_this_one() -> None:
    kind = "pulumi-python:dynamic/mhsm:RoleAssignment"
    other = json.loads(json.dumps(step("same", kind, "it", {}, {})).replace("urn:pulumi:prod", "urn:pulumi:dev"))
    with pytest.raises(UnreadablePreview, match="more than one stack"):
        read(document(step("delete", kind, "it", {}), other))


def renamed(operation: str, alias: str, **more: Any) -> dict[str, Any]:
    """A step of a key that the program called ``old`` until now."""
    changed = {"old_state": {"urn": urn(KEY, "old")}, "new_state": {"aliases": [alias]}, **more}
    return step(operation, KEY, "new", {}, {}, **changed)


def test_a_resource_under_another_name_of_the_program_s_is_the_same_one() -> None:
    (found,) = judge(read(document(renamed("same", urn(KEY, "old"))))).findings
    assert (found.rule_id, found.detail) == ("renamed", f"was {KEY}::old")
    assert {each.rule_id for each in judge(read(document(renamed("replace", urn(KEY, "old"))))).findings} == {
        "key-replaced",
        "renamed",
    }


@pytest.mark.parametrize("alias", ["", urn(KEY, "other"), urn(POOL, "old"), urn(KEY, "old").replace("prod", "dev")])
def test_another_resource_is_not_the_same_one_for_an_alias(alias: str) -> None:
    before = alias if alias != urn(KEY, "other") else urn(KEY, "old")
    with pytest.raises(UnreadablePreview, match="state of another resource"):
        read(document(renamed("same", alias, old_state={"urn": before})))
