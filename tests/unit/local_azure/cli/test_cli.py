"""The command line, run as people run it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.instance import REPOSITORY, Instance
from local_azure.server import launch
from local_azure.server.control import ControlClient
from tests.support import Azure

pytestmark = pytest.mark.daemon


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home where nothing runs yet."""
    yield tmp_path / "home with 'quotes' and spaces"
    launch.stop(Instance(tmp_path / "home with 'quotes' and spaces", 0))


@pytest.fixture
def port() -> str:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def run(home: Path, *arguments: str, shell_input: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCAL_AZURE_")}
    return subprocess.run(
        [sys.executable, "-m", "local_azure", "--home", str(home), *arguments],
        cwd=REPOSITORY,
        env=environment,
        input=shell_input,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_life_from_start_to_stop(home: Path, port: str) -> None:
    assert run(home, "status").returncode == 3
    started = run(home, "--port", port, "start")
    assert (started.returncode, started.stdout) == (0, f"The local Azure started: 127.0.0.1:{port}, {home}\n")
    assert run(home, "start").stdout == f"The local Azure runs already: 127.0.0.1:{port}, {home}\n"
    status = run(home, "status")
    assert status.returncode == 0
    assert f"127.0.0.1:{port}" in status.stdout
    assert "Entra ID" in status.stdout
    assert run(home, "stop").stdout == "The local Azure has stopped.\n"
    assert run(home, "stop").stdout == "The local Azure was not running.\n"
    assert run(home, "status").returncode == 3


@pytest.mark.parametrize("command", [["env"], ["exec", "--", "true"]])
def test_what_needs_a_running_one_says_how_to_start_it(home: Path, command: list[str]) -> None:
    answer = run(home, *command)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (f"The local Azure of {home} is not running; start it with: python -m local_azure start\n")


def test_the_exports_survive_the_shell(home: Path, port: str) -> None:
    run(home, "--port", port, "start")
    script = run(home, "env").stdout + '\nprintf \'%s\\n\' "$AZURE_CONFIG_DIR" "$HTTPS_PROXY"'
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == [str(home / "azure-cli"), f"http://127.0.0.1:{port}"]


def test_a_command_runs_with_the_environment_and_its_exit_status(azure: Azure) -> None:
    program = "import os, sys; print(os.environ['REQUESTS_CA_BUNDLE']); sys.exit(7)"
    answer = run(azure.instance.home, "exec", "--", "python", "-c", program)
    assert (answer.returncode, answer.stdout.strip()) == (7, str(azure.instance.ca_bundle))


def test_curl_works_unchanged(azure: Azure) -> None:
    url = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1"
    answer = run(azure.instance.home, "exec", "--", "curl", "-sS", "--fail", url)
    assert json.loads(answer.stdout)["metadata"]


def test_a_command_that_is_not_there_is_named(azure: Azure) -> None:
    answer = run(azure.instance.home, "exec", "--", "no-such-command")
    assert (answer.returncode, answer.stderr) == (127, "no-such-command: command not found\n")


def test_an_engine_that_is_too_old_is_not_run(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin/pulumi"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho v3.100.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    answer = run(azure.instance.home, "exec", "--", "pulumi", "version")
    assert (answer.returncode, answer.stdout) == (127, "")
    assert answer.stderr.startswith(f"no Pulumi engine: {old} is version 3.100.0, older than 3.200.0")
    assert answer.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line_and_a_failure(home: Path, azure: Azure) -> None:
    answer = run(home, "--port", str(azure.instance.port), "start")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Port {azure.instance.port} of 127.0.0.1 is in use by the local Azure of ")
    assert answer.stderr.count("\n") == 1


def test_the_wrong_port_is_told_of_before_any_client_fails(azure: Azure) -> None:
    answer = run(azure.instance.home, "--port", "1", "exec", "--", "true")
    assert answer.returncode == 1
    assert f"listens on port {azure.instance.port}, not on 1" in answer.stderr


def test_a_reset_forgets_while_it_runs_and_while_it_does_not(home: Path, port: str) -> None:
    started = launch.start(Instance(home, int(port))).instance
    secret = (home / "deployer-secret").read_text()
    ControlClient(started.port).set_latency(1.0)
    assert run(home, "reset").returncode == 0
    assert ControlClient(started.port).status()["latency_scale"] == 0
    ControlClient(started.port).set_latency(1.0)
    launch.stop(started)
    assert run(home, "reset").returncode == 0
    launch.start(started)
    assert ControlClient(started.port).status()["latency_scale"] == 0
    assert (home / "deployer-secret").read_text() == secret


def test_a_reset_forgets_the_stacks_unless_an_engine_works_on_one(home: Path) -> None:
    stack = home / "stacks/.pulumi/stacks/managed-hsm/dev.json"
    lock = home / "stacks/.pulumi/locks/organization/managed-hsm/dev/one.json"
    for path in (stack, lock, home / "last-up.jsonl"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lock.write_text(json.dumps({"pid": os.getpid(), "hostname": socket.gethostname()}))
    answer = run(home, "reset")
    assert answer.returncode == 1
    assert answer.stderr == (
        f"pulumi (process {os.getpid()} on {socket.gethostname()}) is at work on the stack dev; wait for it to end,"
        " then reset\n"
    )
    assert stack.exists()
    lock.unlink()
    assert run(home, "reset").stdout.endswith("has forgotten everything, the state of its Pulumi stacks included.\n")
    assert not (home / "stacks/.pulumi").exists()
    assert not (home / "last-up.jsonl").exists()


def test_a_reset_mends_a_broken_state(home: Path, port: str) -> None:
    home.mkdir()
    (home / "state.sqlite").write_text("this is no database, not even a small one" * 100)
    assert "file is not a database" in run(home, "start").stderr
    assert run(home, "reset").returncode == 0
    assert run(home, "--port", port, "start").returncode == 0


def test_a_home_that_cannot_be_made_is_one_line(home: Path) -> None:
    home.touch()
    answer = run(home, "start")
    assert (answer.returncode, answer.stderr) == (1, f"{home}: File exists\n")


def test_the_log_is_readable_and_newest_last(azure: Azure) -> None:
    for name in ("first", "second"):
        run(azure.instance.home, "exec", "--", "curl", "-s", f"https://login.microsoftonline.com/{name}")
    lines = run(azure.instance.home, "logs").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == [
        "login.microsoftonline.com/first",
        "login.microsoftonline.com/second",
    ]


def test_help_is_helpful(home: Path) -> None:
    told = run(home, "--help").stdout
    for command in ("start", "stop", "status", "reset", "env", "exec", "logs"):
        assert f"\n    {command} " in told
    assert "exec -- pulumi preview" in told


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["fly"], 2), (["exec"], 2), (["--port", "x", "start"], 1)])
def test_wrong_use_is_told(home: Path, arguments: list[str], status: int) -> None:
    answer = run(home, *arguments)
    assert answer.returncode == status
    assert answer.stderr
