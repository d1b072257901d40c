"""Every danger, and what lies near it, as the real engine previews it (tests/previews.py)."""

from __future__ import annotations

import json

import pytest

from policy.gate.catalogue import RULES, Verdict
from policy.gate.errors import FailedPreview
from policy.gate.judging import Judgement, judge
from policy.gate.preview import read
from tests.previews import EDITS, recorded

DANGERS = {
    "the pool is replaced": "pool-replaced",
    "the stack is destroyed": "pool-deleted",
    "a destroy purges from now on": "purge-armed",
    "a lower quorum": "quorum-changed",
    "other custodians": "custodians-changed",
    "the activation is touched": "activation-repeated",
    "a key is deleted": "key-deleted",
    "a key is abandoned": "key-abandoned",
    "a key is purged": "key-purged",
    "a key is replaced": "key-replaced",
    "a key will be purged": "key-purge-armed",
    "a key is disabled": "key-disabled",
    "a key is used for more": "key-use-changed",
    "a role is widened": "role-widened",
    "a wide role is given": "role-granted",
    "an administrator too many": "administrator-added",
    "a role is removed": "role-removed",
    "a role is narrowed": "role-removed",
    "the last administrator is gone": "last-administrator",
    "the firewall is opened": "firewall-opened",
    "the firewall lets in a part of the internet": "firewall-opened",
    "the firewall lets in another address": "firewall-widened",
    "the private endpoint is removed": "private-endpoint-removed",
    "the private name is removed": "dns-removed",
    "diagnostics are switched off": "diagnostics-removed",
    "the vault is removed": "vault-removed",
    "the proof is switched off": "proof-removed",
}
"""The rule that each of them breaks first."""
HARMLESS = (
    "nothing",
    "the pool gets a tag",
    "a key is added",
    "a key gets a tag",
    "a purged key is kept softly",
    "a role at one key is given",
    "an auditor is added",
    "the firewall is closed",
    "a private endpoint is added",
    "logs go to another place too",
    "the proof is run again",
    "a secret is added",
)
REFUSED = ("the quorum without the ceremony",)


def judged(name: str) -> Judgement:
    return judge(read(json.dumps(recorded(name))))


@pytest.mark.parametrize(("name", "rule"), DANGERS.items(), ids=list(DANGERS))
def test_a_danger_is_stopped_by_its_name(name: str, rule: str) -> None:
    found = judged(name)
    assert rule in {each.rule_id for each in found.findings}
    assert found.verdict is not Verdict.FINE


@pytest.mark.parametrize("name", HARMLESS)
def test_what_lies_near_a_danger_passes(name: str) -> None:
    assert [(each.rule_id, each.detail) for each in judged(name).findings if each.verdict] == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_program_refuses_is_no_verdict(name: str) -> None:
    with pytest.raises(FailedPreview, match="reissue"):
        judged(name)


def test_every_recorded_change_is_looked_at_here() -> None:
    assert {*DANGERS, *HARMLESS, *REFUSED} == {*EDITS, "the stack is destroyed"}


@pytest.mark.parametrize("name", [name for name in EDITS if name not in REFUSED])
def test_no_step_of_this_program_is_unknown(name: str) -> None:
    unknown = [rule for rule in RULES if rule.startswith(("unknown", "unexplained"))]
    assert [(each.rule_id, each.detail) for each in judged(name).findings if each.rule_id in unknown] == []


def test_the_gravest_comes_first() -> None:
    assert judged("the stack is destroyed").findings[0].rule_id == "pool-deleted"
    assert judged("the pool is replaced").findings[0].rule_id == "pool-replaced"
