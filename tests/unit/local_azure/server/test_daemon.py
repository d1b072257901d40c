"""The life of the daemon, with real processes and real kills."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local_azure.core.world import open_world
from local_azure.entra import directory
from local_azure.instance import Instance
from local_azure.server import launch, process
from local_azure.server.control import ControlClient

pytestmark = pytest.mark.daemon


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid_of(instance: Instance) -> int:
    record = process.running(instance.home)
    assert record is not None
    return record.pid


def test_state_survives_a_kill(stopped: Instance) -> None:
    started = launch.start(stopped).instance
    control = ControlClient(started.port)
    control.set_latency(0.25)
    control.move_clock(3600)
    secret, authority = (started.home / "deployer-secret").read_text(), started.ca_bundle.read_text()
    os.kill(pid_of(started), signal.SIGKILL)
    wait_until(lambda: process.running(stopped.home) is None)
    again = launch.start(started)
    assert again.new
    assert ControlClient(again.instance.port).status()["latency_scale"] == 0.25
    assert (started.home / "deployer-secret").read_text() == secret
    assert started.ca_bundle.read_text() == authority


def test_starting_twice_is_starting_once(stopped: Instance) -> None:
    first = launch.start(stopped)
    second = launch.start(stopped)
    assert (first.new, second.new) == (True, False)
    assert first.instance == second.instance


def test_stopping_ends_it_cleanly_and_twice_is_once(stopped: Instance) -> None:
    launch.start(stopped)
    assert launch.stop(stopped)
    assert not launch.stop(stopped)
    assert stopped.daemon_log.read_text() == ""
    world = open_world(stopped.home)
    assert directory.principal(world, directory.DEPLOYER_OBJECT_ID) is not None
    world.store.close()


def test_it_stops_while_clients_hold_connections(stopped: Instance) -> None:
    started = launch.start(stopped).instance
    with socket.create_connection(("127.0.0.1", started.port)) as idle:
        idle.sendall(b"GET /_local_azure/status HTTP/1.1\r\nHost: x\r\nX-Local-Azure: control\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        launch.stop(started)
    assert time.monotonic() - began < 5
    assert started.daemon_log.read_text() == ""


def test_two_homes_run_side_by_side_and_know_nothing_of_each_other(stopped: Instance, tmp_path: Path) -> None:
    one = launch.start(stopped).instance
    other = launch.start(Instance(tmp_path / "other", 0)).instance
    try:
        ControlClient(one.port).set_latency(1.0)
        assert ControlClient(other.port).status()["latency_scale"] == 0
        assert one.ca_bundle.read_bytes() != other.ca_bundle.read_bytes()
    finally:
        launch.stop(other)


def test_a_port_in_use_is_named_with_its_holder(stopped: Instance, instance: Instance) -> None:
    wanted = Instance(stopped.home, instance.port)
    with pytest.raises(launch.LaunchError) as raised:
        launch.start(wanted)
    assert str(raised.value) == (
        f"Port {instance.port} of 127.0.0.1 is in use by the local Azure of {instance.home}; "
        "choose another one with --port or LOCAL_AZURE_PORT."
    )


def test_a_port_that_another_program_uses_is_named(stopped: Instance) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(launch.LaunchError, match=f"^Port {port} of 127.0.0.1 is in use by another program; choose"):
            launch.start(Instance(stopped.home, port))


def test_a_running_one_does_not_change_its_port(stopped: Instance) -> None:
    started = launch.start(stopped).instance
    with pytest.raises(launch.LaunchError, match=f"runs on port {started.port} already, not on 1;"):
        launch.start(Instance(stopped.home, 1))


def test_a_recycled_process_id_is_not_taken_for_the_daemon(stopped: Instance) -> None:
    started = launch.start(stopped).instance
    launch.stop(started)
    record = stopped.home / "instance.json"
    record.write_text(f'{{"pid": {os.getpid()}, "process_start": "1", "port": 1}}')
    assert not launch.stop(stopped)


def test_it_ends_with_the_process_that_holds_its_life(stopped: Instance) -> None:
    life, mine = os.pipe()
    started = launch.start(stopped, life_fd=life).instance
    os.close(life)
    assert process.running(started.home)
    os.close(mine)
    wait_until(lambda: process.running(started.home) is None)


def test_a_home_that_cannot_be_used_is_one_line(stopped: Instance) -> None:
    stopped.home.mkdir()
    (stopped.home / "state.sqlite").write_text("this is no database, not even a small one" * 100)
    with pytest.raises(launch.LaunchError, match=r"did not start: .*file is not a database"):
        launch.start(stopped)


def test_its_files_are_its_owners_alone(stopped: Instance) -> None:
    launch.start(stopped)
    open_to_others = [path for path in stopped.home.rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []
    assert stopped.home.stat().st_mode & 0o077 == 0


def test_it_idles_without_work(stopped: Instance) -> None:
    daemon = psutil.Process(pid_of(launch.start(stopped).instance))
    before = daemon.cpu_times()
    time.sleep(1)
    after = daemon.cpu_times()
    assert after.user + after.system - before.user - before.system <= 0.02
    assert daemon.memory_info().rss < 150 * 1024 * 1024
