from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.stack.orphans import end_orphans, orphans

pytestmark = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="needs /proc")

PROVIDER = """
import fcntl, os, sys, time
if sys.argv[1] != "-":
    held = open(sys.argv[1], "w")
    fcntl.flock(held, fcntl.LOCK_EX)
print("ready", flush=True)
time.sleep(float(sys.argv[2]))
"""


class Providers:
    """Processes that look like an engine's provider."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen[str]] = []

    def start(
        self, lock: str = "-", seconds: float = 60.0, home: Path | None = None, word: str = "pulumi.dynamic"
    ) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", PROVIDER, lock, str(seconds), word],
            env={**os.environ, "PULUMI_HOME": str(home or self.home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process.pid


@pytest.fixture
def providers(tmp_path: Path) -> Iterator[Providers]:
    made = Providers(tmp_path / "pulumi")
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def test_a_provider_without_its_engine_is_ended(providers: Providers) -> None:
    providers.start()
    end_orphans(providers.home, lambda _: None)
    assert providers.started[0].wait(5) == -signal.SIGTERM


def test_one_that_holds_a_lock_may_finish_first(providers: Providers, tmp_path: Path) -> None:
    said: list[str] = []
    began = time.monotonic()
    providers.start(str(tmp_path / "sd.json.lock"), seconds=0.6)
    end_orphans(providers.home, said.append)
    assert time.monotonic() - began >= 0.6
    assert providers.started[0].wait(5) == 0
    assert said == ["a provider of the killed run is still activating the pool; waiting for it"]


def test_other_processes_and_those_of_other_local_azures_are_left_alone(providers: Providers, tmp_path: Path) -> None:
    providers.start(home=tmp_path / "another")
    providers.start(word="pulumi")
    assert list(orphans(providers.home)) == []


@pytest.mark.parametrize("between", ["", "sh -c '\"$@\"; true' script "])
def test_a_provider_whose_engine_runs_is_no_orphan(providers: Providers, tmp_path: Path, between: str) -> None:
    shell = tmp_path / "engine" / "pulumi"
    shell.parent.mkdir()
    shutil.copy2(shutil.which("sh") or "/bin/sh", shell)
    process = subprocess.Popen(
        [str(shell), "-c", f'{between}"$0" -c "$1" - 60 pulumi.dynamic & wait', sys.executable, PROVIDER],
        env={**os.environ, "PULUMI_HOME": str(providers.home)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert list(orphans(providers.home)) == []
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
