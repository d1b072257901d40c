"""When the proof runs, and what it makes of the script's answer. The script itself: tests/unit/workload."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.output import Unknown

from data_plane import run_command
from data_plane.run_command import Outcome
from dynamic.proof import ProofError, ProofProvider

UNKNOWN = Unknown()  # type: ignore[no-untyped-call]  # the SDK has no types for it
PROVIDER = ProofProvider()
PROMISE: dict[str, Any] = {
    "vm_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/testvmmhsm",
    "location": "westus",
    "host": "az400popmhsm.managedhsm.azure.net",
    "private_addresses": ["10.0.1.4"],
    "principal_id": "11111111-2222-3333-4444-555555555555",
    "client_id": "",
    "key": "myrsakey",
    "key_version": "1f",
    "lists": True,
    "public_way": "closed",
    "role_assignments": ["66666666-7777-8888-9999-000000000000"],
}
PASSED = {"passed": True, "steps": {"name": {"passed": True, "found": "10.0.1.4"}}}


def checked(**changes: Any) -> dict[str, Any]:
    result = PROVIDER.check({}, {"__provider": "x", **PROMISE, **changes})
    assert result.failures == []
    return result.inputs


def script_says(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    monkeypatch.setattr(run_command, "run", lambda *_, **__: outcome)


def test_without_a_change_nothing_is_proved_again() -> None:
    assert not PROVIDER.diff("id", {**checked(), "evidence": PASSED}, checked()).changes


@pytest.mark.parametrize(
    "change",
    [{"key_version": "2a"}, {"role_assignments": []}, {"private_addresses": ["10.0.1.5"]}, {"again": "today"}],
)
def test_whatever_the_promise_rests_on_proves_it_again_in_place(change: dict[str, Any]) -> None:
    difference = PROVIDER.diff("id", checked(), checked(**change))
    assert difference.changes
    assert difference.replaces == []


def test_a_change_of_the_pool_alone_previews_no_new_proof_and_another_pool_does() -> None:
    olds = checked()
    assert not PROVIDER.diff("id", olds, checked(host=UNKNOWN)).changes
    assert PROVIDER.diff("id", olds, checked(host=UNKNOWN, key_version=UNKNOWN)).changes


def test_a_refresh_keeps_the_evidence_and_proves_nothing() -> None:
    known = {**checked(), "evidence": PASSED}
    read = PROVIDER.read("id", known)
    assert read.outs == known
    assert "evidence" not in (read.inputs or {})


def test_the_evidence_is_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    script_says(monkeypatch, Outcome("Succeeded", 0, f"a line before\n{json.dumps(PASSED)}\n", ""))
    outs = PROVIDER.create(checked()).outs
    assert outs is not None
    assert outs["evidence"] == PASSED


def test_a_step_that_failed_fails_the_run_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"name": {"passed": False, "found": "it is 52.1.2.3 here"}, "token": {"passed": True, "found": "fine"}}
    script_says(monkeypatch, Outcome("Succeeded", 0, json.dumps({"passed": False, "steps": steps}), ""))
    with pytest.raises(ProofError, match=r"^testvmmhsm: .* not as promised: name: it is 52\.1\.2\.3 here$"):
        PROVIDER.create(checked())


@pytest.mark.parametrize(
    ("output", "error", "cause"),
    [("", "sh: python3: not found", "python3: not found"), ("garbage", "", "'garbage'"), ("[1]", "", "it wrote")],
)
def test_a_script_that_did_not_run_says_why(
    monkeypatch: pytest.MonkeyPatch, output: str, error: str, cause: str
) -> None:
    script_says(monkeypatch, Outcome("Failed", 127, output, error))
    with pytest.raises(ProofError, match=f"the proof did not run .Failed, exit status 127.*{cause}"):
        PROVIDER.update("id", {}, checked())
