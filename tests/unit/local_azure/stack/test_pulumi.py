from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_azure.instance import REPOSITORY
from local_azure.stack.pulumi import Pulumi, StackError

ENGINE = """#!/bin/sh
trap 'sleep 1; echo in order > ended; exit 1' INT
touch begun
while :; do sleep 0.05; done
"""
CALLER = """
import os
from pathlib import Path
from local_azure.stack.pulumi import Pulumi, StackError
try:
    Pulumi(Path.cwd(), os.environ).run("up")
except StackError as error:
    print(error)
"""


def environment_with(engine: str, directory: Path) -> dict[str, str]:
    (directory / "pulumi").write_text(engine)
    (directory / "pulumi").chmod(0o755)
    return {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)}


def test_an_engine_that_fails_is_told_of_in_one_line(tmp_path: Path) -> None:
    engine = Pulumi(tmp_path, environment_with("#!/bin/sh\nexit 3", tmp_path))
    with pytest.raises(StackError, match=r"^pulumi up failed \(exit status 3\); its lines above say why$"):
        engine.run("up")


def test_an_engine_that_was_interrupted_ends_in_order_before_its_caller_does(tmp_path: Path) -> None:
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER],
        cwd=tmp_path,
        env=environment_with(ENGINE, tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(caller.pid, signal.SIGINT)
    said, _ = caller.communicate(timeout=20)
    assert (tmp_path / "ended").read_text() == "in order\n"
    assert said.startswith("pulumi up was interrupted")
