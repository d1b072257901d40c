"""Secrets that are about to be shown, wherever that is; and that the gate itself shows none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.gate.approvals import decide
from policy.gate.errors import FailedPreview, UnreadablePreview
from policy.gate.events import Log, Outputs, Violation, read_log
from policy.gate.judging import judge
from policy.gate.preview import read
from policy.gate.report.as_json import as_json
from policy.gate.report.as_markdown import markdown
from policy.gate.report.as_sarif import sarif
from tests.unit.policy.gate.made import DOMAIN, KEY, SECRET, document, rules, step

VALUE = "correct horse battery staple"
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{VALUE}\n-----END EC PRIVATE KEY-----"
HIDDEN = "[secret]"
SHOWN = [
    step("same", SECRET, "it", {"properties": {"value": HIDDEN}}, {"properties": {"value": VALUE}}),
    step("update", SECRET, "it", {"properties": {"value": HIDDEN}}, {"properties": {"value": VALUE}}),
    step("update", SECRET, "it", {"properties": HIDDEN}, {"properties": {"value": VALUE}}),
    step("update", SECRET, "it", {"properties": {"value": HIDDEN}}, {"properties": VALUE}),
    step("create", SECRET, "it", new={"properties": {"value": VALUE}}),
    step("update", KEY, "it", {"tags": {"a": HIDDEN}}, {"tags": {"a": VALUE}}),
    step("update", KEY, "it", {"tags": [HIDDEN, "b"]}, {"tags": [VALUE, "b"]}),
    step("update", KEY, "it", {"import_from": "a.pem"}, {"import_from": PEM}),
    step("create", KEY, "it", new={"import_from": PEM}),
    step("replace", KEY, "it", {"tags": {"a": HIDDEN}}, {"tags": {"a": VALUE}}),
    step("same", DOMAIN, "it", {}, {}, old_state={"outputs": {"a": HIDDEN}}, new_state={"outputs": {"a": VALUE}}),
]


@pytest.mark.parametrize("shown", SHOWN)
def test_a_secret_that_is_about_to_be_shown_blocks_and_is_not_shown_by_the_gate(shown: dict[str, Any]) -> None:
    found = judge(read(document(shown)))
    assert "secret-shown" in {each.rule_id for each in found.findings}
    decision = decide(found, "0" * 40, [])
    for text in (markdown(decision), sarif(decision), as_json(decision)):
        assert VALUE not in text
        assert "PRIVATE KEY" not in text


def test_a_secret_that_stays_one_is_no_danger() -> None:
    hidden = {"properties": {"value": HIDDEN}}
    assert rules(step("same", SECRET, "it", hidden, hidden)) == set()
    assert rules(step("create", SECRET, "it", new=hidden)) == {"new"}


def test_a_private_key_in_configuration_or_messages_blocks() -> None:
    assert rules(config={"managed-hsm:keys": PEM}) == {"secret-shown"}
    assert rules(diagnostics=[{"severity": "info", "message": PEM}]) == {"secret-shown"}


SEALED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": HIDDEN}


def log(old: dict[str, Any], new: dict[str, Any]) -> str:
    stack = {"type": "pulumi:pulumi:Stack", "old": {"outputs": old}, "new": {"outputs": new}}
    events = [
        {"sequence": 0, "preludeEvent": {"config": {}}},
        {"sequence": 1, "resOutputsEvent": {"metadata": {"type": "pulumi:pulumi:Stack", "old": None, "new": None}}},
        {"sequence": 2, "resOutputsEvent": {"metadata": stack}},
        {"sequence": 3, "cancelEvent": {}},
    ]
    return "\n".join(json.dumps(event) for event in events)


def output_rules(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    return {each.rule_id for each in judge(read(document()), read_log(log(old, new))).findings}


def test_outputs_are_judged_too() -> None:
    assert output_rules({"a": SEALED}, {"a": SEALED, "b": SEALED}) == set()
    assert output_rules({"a": SEALED}, {"a": VALUE}) == {"secret-shown"}
    assert output_rules({"a": {"b": SEALED}}, {"a": {"b": VALUE}}) == {"secret-shown"}
    assert output_rules({}, {"a": VALUE}) == {"output-added"}
    assert output_rules({"a": "b"}, {"a": PEM}) == {"secret-shown"}
    assert output_rules({"a": "b"}, {}) == set()


def test_a_new_output_can_be_approved_by_its_name() -> None:
    found = judge(read(document()), Log(Outputs({}, {"a": "b"})))
    asked = decide(found, "0" * 40, [])
    token = asked.token(found.findings[0])
    assert decide(found, "0" * 40, [token]).verdict.name == "FINE"
    other = judge(read(document()), Log(Outputs({}, {"b": "b"})))
    assert decide(other, "0" * 40, [token]).stray == (token,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not whole"),
        (log({}, {}).rpartition("\n")[0], "not whole"),
        ("nonsense", "line 1: no event"),
        ("[]", "line 1: no event"),
        ('{"policyEvent": 5}\n{"cancelEvent": {}}', "policyEvent is no object"),
        (
            '{"resOutputsEvent": {"metadata": []}}\n{"resOutputsEvent": {"metadata": 1}}\n{"cancelEvent": {}}',
            "no object",
        ),
    ],
)
def test_an_event_log_that_is_not_whole_is_no_verdict(text: str, line: str) -> None:
    with pytest.raises(UnreadablePreview, match=line):
        read_log(text)


def test_only_a_line_feed_ends_an_event() -> None:
    message = "of a page\x0cand a line\x85of another kind\u2028"
    event = {"policyEvent": {"policyName": "it", "message": message, "enforcementLevel": "mandatory"}}
    assert read_log(f'{json.dumps(event, ensure_ascii=False)}\n{{"cancelEvent": {{}}}}\n').is_violated


def test_a_log_without_the_stack_s_outputs_tells_of_none() -> None:
    assert read_log(json.dumps({"cancelEvent": {}})) == Log(None)


def policy(level: str) -> str:
    said = {"policyName": "default-deny", "resourceUrn": "urn:pulumi:a::b::c::managed-hsm", "message": "a\nb"}
    events = [{"policyEvent": {**said, "enforcementLevel": level}}] * 2
    return "\n".join(json.dumps(event) for event in [*events, {"cancelEvent": {}}])


@pytest.mark.parametrize(
    ("level", "rule"),
    [
        ("advisory", "advises"),
        ("warning", "advises"),
        ("mandatory", "violated"),
        ("remediate", "violated"),
        ("?", "violated"),
    ],
)
def test_what_the_policy_pack_says_is_in_the_verdict(level: str, rule: str) -> None:
    found = read_log(policy(level))
    assert found.violations == (
        Violation("default-deny", "urn:pulumi:a::b::c::managed-hsm", rule == "violated", "a b"),
    )
    (finding,) = judge(read(document()), found).findings
    assert (finding.rule_id, finding.detail) == (f"policy-{rule}", "default-deny managed-hsm: a b")


def test_a_preview_whose_only_error_is_a_policy_s_is_judged() -> None:
    failed = document(diagnostics=[{"severity": "error", "message": "error: preview failed\n"}])
    found = read_log(policy("mandatory"))
    assert [each.rule_id for each in judge(read(failed, found), found).findings] == ["policy-violated"]
    for log_ in (None, read_log(policy("advisory"))):
        with pytest.raises(FailedPreview, match="the preview failed: preview failed"):
            read(failed, log_)
    more = [{"severity": "error", "message": each} for each in ("error: preview failed", "error: no network")]
    with pytest.raises(FailedPreview, match="and 1 more"):
        read(document(diagnostics=more), found)
