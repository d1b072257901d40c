"""Starts and stops the daemon of an instance. Standard library only."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local_azure.instance import REPOSITORY, Instance
from local_azure.server.process import DaemonRecord, process_start, running

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02


class LaunchError(Exception):
    """The daemon cannot be started or stopped; one line, for the user."""


@dataclass(frozen=True)
class Started:
    """A daemon that answers."""

    instance: Instance
    """With the port it has."""
    new: bool
    """Whether it was started just now."""


def start(instance: Instance, *, life_fd: int | None = None) -> Started:
    """Starts the daemon, detached, and waits until it answers. Raises LaunchError.

    Port 0 takes any free one. With ``life_fd``, the reading end of a pipe, the daemon ends when the pipe's other end
    is closed, by whatever means.
    """
    if (record := running(instance.home)) is not None:
        return Started(_same_port(instance, record), new=False)
    # The outer ones too, which mkdir would leave to the umask: who can rename what lies in them has it all.
    for directory in reversed(instance.home.parents):
        if not directory.exists():
            directory.mkdir(mode=0o700, exist_ok=True)
    instance.home.mkdir(mode=0o700, exist_ok=True)
    instance.pulumi_backend.mkdir(mode=0o700, exist_ok=True)
    reading, writing = os.pipe()
    handed = [writing] if life_fd is None else [writing, life_fd]
    command = [_python(), "-m", "local_azure.server.daemon", "--home", str(instance.home)]
    command += ["--port", str(instance.port), "--ready-fd", str(writing)]
    command += [] if life_fd is None else ["--life-fd", str(life_fd)]
    log = os.open(instance.daemon_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=REPOSITORY,
            pass_fds=handed,
            start_new_session=True,
        )
    finally:
        os.close(log)
        os.close(writing)
    try:
        answer = _first_line(reading)
    finally:
        os.close(reading)
    if answer.get("ready"):
        # It is a daemon from here on: nobody waits for it, so it must not be missed as a child either.
        process.returncode = 0
        return _after_start(instance)
    process.kill()
    process.wait()
    return _instead(instance, answer)


def stop(instance: Instance) -> bool:
    """Ends the daemon of this home; answers whether there was one. Raises LaunchError."""
    record = running(instance.home)
    if record is None:
        return False
    os.kill(record.pid, signal.SIGTERM)
    if not _gone(record, _STOP_SECONDS):
        os.kill(record.pid, signal.SIGKILL)
        if not _gone(record, _STOP_SECONDS):
            raise LaunchError(f"The local Azure (process {record.pid}) does not end.")
    return True


def _python() -> str:
    """This Python, or that of the clone's environment where this one has not got what a server needs."""
    own = REPOSITORY / ".venv" / "bin" / "python"
    return sys.executable if find_spec("aiohttp") is not None or not own.exists() else str(own)


def _after_start(instance: Instance) -> Started:
    record = running(instance.home)
    if record is None:
        raise LaunchError(f"The local Azure ended as soon as it had begun; see {instance.daemon_log}.")
    return Started(Instance(instance.home, record.port), new=True)


def _instead(instance: Instance, answer: dict[str, object]) -> Started:
    if answer.get("error") == "port-in-use":
        raise LaunchError(
            f"Port {instance.port} of 127.0.0.1 is in use{_holder(instance.port)}; "
            "choose another one with --port or LOCAL_AZURE_PORT."
        )
    if answer.get("error") == "home-in-use":
        return Started(_same_port(instance, _other_starter(instance)), new=False)
    raise LaunchError(f"The local Azure did not start: {_last_line(instance.daemon_log)} (see {instance.daemon_log})")


def _other_starter(instance: Instance) -> DaemonRecord:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if (record := running(instance.home)) is not None:
            return record
        time.sleep(_POLL_SECONDS)
    raise LaunchError(f"Another process holds {instance.home} and does not answer.")


def _same_port(instance: Instance, record: DaemonRecord) -> Instance:
    if instance.port not in (0, record.port):
        raise LaunchError(
            f"The local Azure of {instance.home} runs on port {record.port} already, not on {instance.port}; "
            "stop it first, or give another --home as well."
        )
    return Instance(instance.home, record.port)


def _holder(port: int) -> str:
    from local_azure.server.control import ControlClient, ControlError  # HTTP is needed in this case only

    try:
        return f" by the local Azure of {ControlClient(port, timeout_seconds=1.0).status()['home']}"
    except (ControlError, KeyError, TypeError):
        return " by another program"


def _first_line(descriptor: int) -> dict[str, object]:
    deadline, text = time.monotonic() + _START_SECONDS, b""
    while b"\n" not in text and (left := deadline - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            part = os.read(descriptor, 4096)
            if not part:
                break
            text += part
    return dict(json.loads(text)) if text.endswith(b"\n") else {}


def _gone(record: DaemonRecord, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process_start(record.pid) == record.process_start:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
