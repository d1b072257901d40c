from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_azure.instance import REPOSITORY
from local_azure.stack.exclusive import only_run
from local_azure.stack.pulumi import StackError


def test_a_second_run_is_told_who_is_at_work(tmp_path: Path) -> None:
    with only_run(tmp_path, "make up"):
        expected = rf"^make up \(process {os.getpid()}\) is at work on this stack already; wait for it to end"
        with pytest.raises(StackError, match=expected), only_run(tmp_path, "make down"):
            pass


def test_a_run_that_ended_keeps_nobody_out(tmp_path: Path) -> None:
    for _ in range(2):
        with only_run(tmp_path / "home", "make up"):
            pass


def test_a_run_that_was_killed_keeps_nobody_out(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal, sys; from local_azure.stack.exclusive import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1]), 'make up'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=REPOSITORY, check=False)
    assert done.returncode == -9
    with only_run(tmp_path, "make up"):
        pass
