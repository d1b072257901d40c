from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local_azure.stack.leftovers import Lock, clear_locks, pending_creates, take_in
from local_azure.stack.pulumi import Pulumi, StackError

PARENT = "urn:pulumi:dev::managed-hsm::mhsm:components:ManagedHsm::managed-hsm"
URN = "urn:pulumi:dev::managed-hsm::mhsm:components:ManagedHsm$azure-native:keyvault:ManagedHsm::managed-hsm"
POOL = {"urn": URN, "type": "azure-native:keyvault:ManagedHsm", "parent": PARENT, "inputs": {"name": "contoso"}}
CREATING, DELETING = {"type": "creating", "resource": POOL}, {"type": "deleting", "resource": {"urn": "urn:b"}}


class RecordingPulumi(Pulumi):
    """The engine, which only notes what it is asked to do."""

    ran: list[str]
    imported: list[dict[str, Any]]

    def run(self, *arguments: str, journal: Path | None = None) -> None:
        del journal
        if arguments[0] == "import":
            self.imported.append(json.loads(Path(arguments[2]).read_text()))
        self.ran.append(arguments[0])

    def tell(self, text: str, *arguments: str) -> None:
        self.ran.append(f"{' '.join(arguments)}: {json.loads(text)['deployment']['pending_operations']}")


@pytest.fixture
def pulumi(tmp_path: Path) -> RecordingPulumi:
    made = RecordingPulumi(tmp_path, {})
    object.__setattr__(made, "ran", [])
    object.__setattr__(made, "imported", [])
    return made


@pytest.fixture
def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def lock(path: Path, **changes: Any) -> Lock:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": os.getpid(), "hostname": socket.gethostname(), "username": "kim", **changes}))
    read = Lock.read(path)
    assert read is not None
    return read


def in_backend(backend: Path) -> Path:
    return backend / ".pulumi/locks/organization/managed-hsm/dev/one.json"


def test_the_lock_of_a_process_that_is_gone_is_dead(tmp_path: Path, dead_process: int) -> None:
    assert lock(tmp_path / "lock.json", pid=dead_process).is_dead


def test_the_lock_of_a_process_that_runs_is_alive(tmp_path: Path) -> None:
    assert not lock(tmp_path / "lock.json").is_dead


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs /proc")
def test_a_process_that_began_after_the_lock_is_not_its_maker(tmp_path: Path) -> None:
    made = lock(tmp_path / "lock.json")
    os.utime(made.path, (0, 0))
    assert made.is_dead


def test_the_lock_of_another_machine_is_nobodys_to_take_away(tmp_path: Path, dead_process: int) -> None:
    assert not lock(tmp_path / "lock.json", pid=dead_process, hostname="build-7.contoso.com").is_dead


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"hostname": "h", "pid": "x"}'])
def test_a_lock_that_says_nothing_stops_the_run(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lock.json"
    path.write_text(content)
    with pytest.raises(StackError, match="does not say by whom"):
        Lock.read(path)


def test_a_lock_that_is_taken_away_meanwhile_is_none(tmp_path: Path) -> None:
    assert Lock.read(tmp_path / "lock.json") is None


def test_a_dead_engines_lock_is_taken_away(tmp_path: Path, pulumi: RecordingPulumi, dead_process: int) -> None:
    lock(in_backend(tmp_path), pid=dead_process)
    assert clear_locks(pulumi, tmp_path, lambda _: None)
    assert pulumi.ran == ["cancel"]


def test_an_engine_that_works_on_the_stack_stops_the_run_in_one_line(tmp_path: Path, pulumi: RecordingPulumi) -> None:
    lock(in_backend(tmp_path))
    with pytest.raises(
        StackError, match=rf"^pulumi \(process {os.getpid()} on .*\) is at work on the stack dev"
    ) as told:
        clear_locks(pulumi, tmp_path, lambda _: None)
    assert "\n" not in str(told.value)
    assert pulumi.ran == []


def test_only_creations_are_looked_for_in_the_cloud() -> None:
    assert pending_creates({"deployment": {"pending_operations": [CREATING, DELETING]}}) == [POOL]


@pytest.mark.parametrize("state", [{"version": 3}, {"version": 3, "deployment": None}])
def test_a_new_stack_has_nothing_pending(state: dict[str, Any], tmp_path: Path, pulumi: RecordingPulumi) -> None:
    assert pending_creates(state) == []
    take_in(pulumi, state, tmp_path / "journal", everything, lambda _: None)
    assert pulumi.ran == []


def everything(_kind: str, inputs: Mapping[str, Any]) -> str | None:
    return f"/{inputs['name']}"


def nothing(_kind: str, _inputs: Mapping[str, Any]) -> str | None:
    return None


def test_what_was_made_unseen_is_imported_below_its_parent(tmp_path: Path, pulumi: RecordingPulumi) -> None:
    said: list[str] = []
    state = {"deployment": {"resources": [], "pending_operations": [CREATING, DELETING]}}
    take_in(pulumi, state, tmp_path / "journal", everything, said.append)
    assert pulumi.ran == [f"stack import: {[DELETING]}", "import"]
    assert pulumi.imported == [
        {
            "nameTable": {"parent0": PARENT},
            "resources": [
                {"type": POOL["type"], "name": "managed-hsm", "id": "/contoso", "parent": "parent0"},
            ],
        }
    ]
    assert said == ["an earlier run was killed while it made managed-hsm, which exists; taking it into the state"]


def test_what_never_came_to_be_is_only_forgotten(tmp_path: Path, pulumi: RecordingPulumi) -> None:
    state = {"deployment": {"pending_operations": [CREATING]}}
    take_in(pulumi, state, tmp_path / "journal", nothing, lambda _: None)
    assert pulumi.ran == ["stack import: []"]


def test_a_creation_that_only_the_journal_knows_is_imported_too(tmp_path: Path, pulumi: RecordingPulumi) -> None:
    journal = tmp_path / "journal"
    journal.write_text(json.dumps({"resourcePreEvent": {"metadata": {"op": "create", **POOL, "new": POOL}}}))
    take_in(pulumi, {"deployment": {"resources": []}}, journal, everything, lambda _: None)
    assert pulumi.ran == ["import"]


def test_what_the_state_knows_is_left_alone(tmp_path: Path, pulumi: RecordingPulumi) -> None:
    journal = tmp_path / "journal"
    journal.write_text(json.dumps({"resourcePreEvent": {"metadata": {"op": "create", **POOL, "new": POOL}}}))
    take_in(pulumi, {"deployment": {"resources": [POOL]}}, journal, everything, lambda _: None)
    assert pulumi.ran == []
