"""When the proof runs, and what it makes of the script's answer. The script itself: tests/unit/workload."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi.output import Unknown

from data_plane import run_command
from data_plane.errors import ConflictError, DeadlineError, NotFoundError
from data_plane.run_command import Outcome
from dynamic.proof import ProofError, ProofProvider
from workload import proof as script

UNKNOWN = Unknown()  # type: ignore[no-untyped-call]  # the SDK has no types for it
PROVIDER = ProofProvider()
PROMISE: dict[str, Any] = {
    "vm_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/testvmmhsm",
    "machine_instance": "77777777-8888-4999-8aaa-bbbbbbbbbbbb",
    "location": "westus",
    "host": "az400popmhsm.managedhsm.azure.net",
    "private_addresses": ["10.0.1.4"],
    "principal_id": "11111111-2222-3333-4444-555555555555",
    "client_id": "",
    "key": "myrsakey",
    "key_version": "1f",
    "lists": True,
    "public_way": "closed",
    "firewall": '{"defaultAction": "Deny"}',
    "patience_seconds": 120,
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
    [
        {"key_version": "2a"},
        {"role_assignments": []},
        {"private_addresses": ["10.0.1.5"]},
        {"machine_instance": "another"},
        {"principal_id": "another"},
        {"firewall": '{"defaultAction": "Deny", "ipRules": ["203.0.113.10"]}'},
        {"again": "today"},
    ],
)
def test_whatever_the_promise_rests_on_proves_it_again_in_place(change: dict[str, Any]) -> None:
    difference = PROVIDER.diff("id", checked(), checked(**change))
    assert difference.changes
    assert difference.replaces == []


def test_a_change_of_the_pool_alone_previews_no_new_proof_and_another_pool_does() -> None:
    olds = checked()
    assert not PROVIDER.diff("id", olds, checked(host=UNKNOWN)).changes
    assert PROVIDER.diff("id", olds, checked(host=UNKNOWN, key_version=UNKNOWN)).changes


def test_a_change_of_the_machine_alone_previews_no_new_proof_and_another_machine_does() -> None:
    olds = checked()
    assert not PROVIDER.diff("id", olds, checked(machine_instance=UNKNOWN)).changes
    assert PROVIDER.diff("id", olds, checked(machine_instance=UNKNOWN, principal_id=UNKNOWN)).changes
    assert PROVIDER.diff("id", olds, checked(machine_instance=UNKNOWN, vm_id=UNKNOWN)).changes


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
    place = r"the zone and its link \(managed-hsm:network\.dns\)"
    promise = r"^testvmmhsm: .* not as promised: name: it is 52\.1\.2\.3 here"
    with pytest.raises(ProofError, match=f"{promise} — look at {place}$"):
        PROVIDER.create(checked())


def test_what_could_not_be_tried_is_not_among_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    untried = {"passed": False, "found": "not tried: there is no token"}
    steps = {
        "name": {"passed": True, "found": "10.0.1.4"},
        "token": {"passed": False, "found": "the metadata service answered 400: Identity not found"},
        **dict.fromkeys(("list", "use", "publicWay"), untried),
    }
    script_says(monkeypatch, Outcome("Succeeded", 0, json.dumps({"passed": False, "steps": steps}), ""))
    with pytest.raises(ProofError) as caught:
        PROVIDER.create(checked())
    assert str(caught.value) == (
        "testvmmhsm: the private path is not as promised: token: the metadata service answered 400: Identity not found"
        " — look at the machine's identities (managed-hsm:identities)"
    )


@pytest.mark.parametrize(
    ("refusal", "way_out"),
    [
        (
            ConflictError("/vm/runCommands/x: 409 OperationNotAllowed: the VM is not running.", status=409),
            "409 OperationNotAllowed: the VM is not running."
            f" — start the machine (az vm start --ids {PROMISE['vm_id']})",
        ),
        (
            ConflictError("/vm/runCommands/x: 409 Conflict: another extension is being installed.", status=409),
            "409 Conflict: another extension is being installed."
            " — something else changes the machine: run again when it is done",
        ),
        (
            NotFoundError("/vm/runCommands/x: 404 ParentResourceNotFound: no such machine.", status=404),
            "404 ParentResourceNotFound: no such machine. — somebody deleted the machine: pulumi refresh, then up",
        ),
        (
            DeadlineError("the script on /vm: not done within 720 seconds; the last answer: Unknown"),
            "not done within 720 seconds; the last answer: Unknown — its agent has to be well"
            " (az vm get-instance-view), and to reach Azure's public addresses on port 443",
        ),
    ],
)
def test_a_machine_that_is_off_or_busy_or_gone_or_silent_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, refusal: Exception, way_out: str
) -> None:
    def run(*_: object, **__: object) -> Outcome:
        raise refusal

    monkeypatch.setattr(run_command, "run", run)
    with pytest.raises(ProofError) as caught:
        PROVIDER.create(checked())
    assert str(caught.value) == f"testvmmhsm: the proof cannot run: {way_out}"


def test_every_run_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def run(*arguments: Any, **__: object) -> Outcome:
        names.append(arguments[3])
        return Outcome("Succeeded", 0, json.dumps(PASSED), "")

    monkeypatch.setattr(run_command, "run", run)
    PROVIDER.create(checked())
    PROVIDER.update("id", checked(), checked())
    assert len(set(names)) == 2


def test_what_is_sent_runs_by_itself_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scripts: list[str] = []

    def run(*arguments: Any, **__: object) -> Outcome:
        scripts.append(arguments[4])
        return Outcome("Succeeded", 0, json.dumps(PASSED), "")

    monkeypatch.setattr(run_command, "run", run)
    # No name in it is resolved, and nothing is asked: the promise is refused for what it lacks.
    PROVIDER.create(checked())
    program = scripts[0].replace('"patienceSeconds": 120', '"somethingElse": 120')
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        ["/bin/sh", "-c", program], cwd="/", env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.strip().endswith("KeyError: 'patienceSeconds'")
    assert done.returncode == 1
    assert not list(tmp_path.iterdir())


def test_another_script_proves_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    olds = checked()
    monkeypatch.setattr(script, "MODULES", script.MODULES[:-1])
    assert PROVIDER.diff("id", olds, checked()).changes


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


def test_a_script_that_could_not_even_begin_is_told_as_the_machine_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "Virtual machines are network namespaces. Switch it on: sudo sysctl -w user.max_net_namespaces=10000"
    script_says(monkeypatch, Outcome("Failed", -1, "", "", message))
    with pytest.raises(ProofError) as caught:
        PROVIDER.create(checked())
    assert f"the proof did not run (Failed, exit status -1): {message} — " in str(caught.value)
