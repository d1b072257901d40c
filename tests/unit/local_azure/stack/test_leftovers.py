from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local_azure.stack.leftovers import is_dead, pending_creates


@pytest.fixture
def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def lock(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps({"pid": os.getpid(), "hostname": socket.gethostname(), "username": "kim", **changes}))
    return path


def test_the_lock_of_a_process_that_is_gone_is_dead(tmp_path: Path, dead_process: int) -> None:
    assert is_dead(lock(tmp_path / "lock.json", pid=dead_process))


def test_the_lock_of_a_process_that_runs_is_alive(tmp_path: Path) -> None:
    assert not is_dead(lock(tmp_path / "lock.json"))


def test_the_lock_of_another_machine_is_nobodys_to_take_away(tmp_path: Path, dead_process: int) -> None:
    assert not is_dead(lock(tmp_path / "lock.json", pid=dead_process, hostname="build-7.contoso.com"))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"hostname": "h", "pid": "x"}'])
def test_a_lock_that_says_nothing_is_not_certainly_dead(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lock.json"
    path.write_text(content)
    assert not is_dead(path)


def test_only_creations_are_looked_for_in_the_cloud() -> None:
    creating, deleting = {"urn": "urn:a", "type": "t"}, {"urn": "urn:b", "type": "t"}
    operations = [{"type": "creating", "resource": creating}, {"type": "deleting", "resource": deleting}]
    assert pending_creates({"deployment": {"pending_operations": operations}}) == [creating]


def test_a_new_stack_has_nothing_pending() -> None:
    assert pending_creates({"version": 3}) == []
