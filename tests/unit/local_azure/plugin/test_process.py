from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from local_azure.plugin import install as installation
from local_azure.plugin.install import install, plugin_directory
from local_azure.plugin.protocol import empty_pb2, provider_pb2_grpc

SECONDS = 20.0
START_SECONDS = 0.3
"""What the plugin's start may take."""


@contextmanager
def _started(directory: Path) -> Iterator[subprocess.Popen[str]]:
    executable = plugin_directory(directory) / "pulumi-resource-azure-native"
    # The engine's own directory holds the program, whose modules must not be taken for ours.
    (directory / "grpc.py").write_text("raise SystemExit('the program was imported')")
    with subprocess.Popen(
        [str(executable), "127.0.0.1:1"], cwd=directory, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _gone(pid: int) -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_installed_plugin_says_its_port_first_and_answers_there(tmp_path: Path) -> None:
    install(tmp_path)
    with _started(tmp_path) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(empty_pb2.Empty(), timeout=SECONDS).version == "3.29.0"
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


def _seconds_to_a_first_line(command: list[str], directory: Path) -> float:
    """Of processor time, which does not grow when others keep the machine busy."""
    environment = {**os.environ, "PYTHONPATH": str(Path(installation.__file__).parents[2])}
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    _, process.returncode, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime


def test_the_plugin_starts_in_a_moment(tmp_path: Path) -> None:
    plugin = [sys.executable, "-P", "-m", "local_azure.plugin", "127.0.0.1:1"]
    protocol = [sys.executable, "-P", "-c", "import grpc; print(flush=True)"]
    took = min(_seconds_to_a_first_line(plugin, tmp_path) for _ in range(5))
    # On a machine where the protocol's library alone takes that long, as little on top of it as on a fast one.
    assert took < max(START_SECONDS, 3 * min(_seconds_to_a_first_line(protocol, tmp_path) for _ in range(5)))


def test_the_plugin_ends_with_the_engine_that_started_it(tmp_path: Path) -> None:
    engine = (
        "import subprocess, sys, time\n"
        "plugin = subprocess.Popen([sys.executable, '-P', '-m', 'local_azure.plugin'], stdout=subprocess.PIPE)\n"
        "plugin.stdout.readline()\n"
        "print(plugin.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(installation.__file__).parents[2])}
    command = [sys.executable, "-c", engine]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        plugin = int(process.stdout.readline())
        process.kill()
        process.wait(SECONDS)
    assert _gone(plugin)


def test_a_second_installation_changes_nothing(tmp_path: Path) -> None:
    install(tmp_path)
    executable = plugin_directory(tmp_path) / "pulumi-resource-azure-native"
    before = executable.stat()
    install(tmp_path)
    assert executable.stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(each.name for each in executable.parent.iterdir()) == [executable.name]


def test_an_installation_of_another_clone_is_renewed(tmp_path: Path) -> None:
    install(tmp_path)
    executable = plugin_directory(tmp_path) / "pulumi-resource-azure-native"
    text = executable.read_text()
    executable.write_text(text.replace("PYTHONPATH=", "PYTHONPATH=/elsewhere"))
    install(tmp_path)
    assert executable.read_text() == text
    assert os.access(executable, os.X_OK)


@pytest.mark.parametrize("content", [b"\x7fELF...", b""])
def test_the_real_plugin_stays(tmp_path: Path, content: bytes) -> None:
    executable = plugin_directory(tmp_path) / "pulumi-resource-azure-native"
    executable.parent.mkdir(parents=True)
    executable.write_bytes(content)
    install(tmp_path)
    assert executable.read_bytes() == content
