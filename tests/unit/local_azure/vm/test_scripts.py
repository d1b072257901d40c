"""Scripts of run commands, really run; what leads into a machine is left out here."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import pytest

from local_azure.core.machines import Outcome, Script
from local_azure.core.world import World
from local_azure.vm.scripts import Execution


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "machine" / "home").mkdir(parents=True)
    return tmp_path / "machine"


@pytest.fixture
def execution(world: World) -> Execution:
    return Execution(world.clock)


def run(execution: Execution, directory: Path, script: Script) -> Outcome:
    return execution.run([], script, directory, directory / "ca.pem")


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 10
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path.read_text().strip()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                time.sleep(0.01)
                continue
        return
    raise AssertionError(f"process {pid} lives on")


def test_what_it_says_and_how_it_ends_are_kept(execution: Execution, directory: Path) -> None:
    outcome = run(execution, directory, Script("echo out; echo err >&2; exit 7"))
    assert (outcome.exit_code, outcome.output, outcome.error) == (7, "out\n", "err\n")
    assert outcome.began <= outcome.ended
    assert (outcome.timed_out, outcome.problem) == (False, None)


def test_only_the_last_4_kb_of_each_stream_are_kept(execution: Execution, directory: Path) -> None:
    script = "python3 -c \"import sys; sys.stdout.write('a'*5000 + 'END'); sys.stderr.write('b'*4096)\""
    outcome = run(execution, directory, Script(script))
    assert (len(outcome.output), outcome.output[-4:]) == (4096, "aEND")
    assert outcome.error == "b" * 4096


def test_output_that_is_no_text_is_kept_as_well_as_it_can_be(execution: Execution, directory: Path) -> None:
    assert run(execution, directory, Script(r"printf 'k\xffy'")).output == "k\ufffdy"


def test_a_script_may_name_its_interpreter(execution: Execution, directory: Path) -> None:
    script = Script("#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])", arguments="one 'two three'")
    assert run(execution, directory, script).output == "['one', 'two three']\n"


def test_without_one_it_is_the_shell_s(execution: Execution, directory: Path) -> None:
    assert run(execution, directory, Script("echo $1-$KEY", "one", {"KEY": "myrsakey"})).output == "one-myrsakey\n"


def test_nothing_of_the_callers_environment_is_there(
    execution: Execution, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "0815")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    found = dict(line.partition("=")[::2] for line in run(execution, directory, Script("env")).output.splitlines())
    assert found.keys() <= {
        *("PATH", "HOME", "USER", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("PWD", "SHLVL", "_", "OLDPWD"),
    }
    assert found["HOME"] == str(directory / "home")


def test_its_input_is_empty(execution: Execution, directory: Path) -> None:
    assert run(execution, directory, Script("cat; echo end")).output == "end\n"


def test_no_script_lies_about_afterwards(execution: Execution, directory: Path) -> None:
    outcome = run(execution, directory, Script("pwd; stat -c %a . script.sh"))
    place, *modes = outcome.output.split()
    assert modes == ["700", "700"]
    assert not Path(place).exists()


def test_a_script_that_takes_too_long_is_ended_with_all_it_started(execution: Execution, directory: Path) -> None:
    script = Script("sleep 600 & echo $!; wait", timeout_seconds=0.5)
    began = time.monotonic()
    outcome = run(execution, directory, script)
    assert time.monotonic() - began < 10
    assert (outcome.exit_code, outcome.timed_out) == (None, True)
    wait_until_gone(int(outcome.output))


def test_a_script_is_stopped_with_all_it_started(execution: Execution, directory: Path) -> None:
    said = directory / "pid"
    ends: list[Outcome] = []
    script = Script(f"sleep 600 & echo $! > {said}; wait")
    thread = threading.Thread(target=lambda: ends.append(run(execution, directory, script)))
    thread.start()
    pid = int(wait_for(said))
    execution.cancel()
    thread.join(10)
    assert (ends[0].exit_code, ends[0].problem) == (None, "The script was stopped.")
    wait_until_gone(pid)


def test_one_that_was_stopped_before_it_began_ends_at_once(execution: Execution, directory: Path) -> None:
    execution.cancel()
    began = time.monotonic()
    assert run(execution, directory, Script("sleep 600")).problem == "The script was stopped."
    assert time.monotonic() - began < 10


def test_what_a_script_leaves_running_in_its_group_ends_with_it(execution: Execution, directory: Path) -> None:
    outcome = run(execution, directory, Script("sleep 600 > /dev/null & echo $!"))
    assert outcome.exit_code == 0
    wait_until_gone(int(outcome.output))


def test_a_signal_that_ends_it_counts_as_in_a_shell(execution: Execution, directory: Path) -> None:
    assert run(execution, directory, Script("kill -9 $$")).exit_code == 137
