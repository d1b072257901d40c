"""Network namespaces, really made: as root, and in a user namespace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.vm import namespace
from local_azure.vm.namespace import Kind, Namespace, NamespaceError, NamespacesNotAllowed, Setup
from tests.unit.local_azure.vm.allowed import needs_root_namespaces, needs_user_namespaces

OWN = "10.0.1.4"


def setup(*mounts: tuple[Path, str]) -> Setup:
    return Setup("testvmmhsm", [OWN], mounts)


@pytest.fixture(
    params=[
        pytest.param("root", marks=needs_root_namespaces),
        pytest.param("user", marks=needs_user_namespaces),
    ]
)
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Namespace]:
    """A namespace that plain root made, and one that anybody may make."""
    if request.param == "user":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    over = tmp_path / "resolv.conf"
    over.write_text("nameserver 168.63.129.16\n")
    found = Namespace.start(setup((over, "/etc/resolv.conf"), (over, "/etc/there/is/nothing/here")))
    assert ("--user" in found.entering()) == (request.param == "user")
    yield found
    found.close()


def listen(made: Namespace, address: str, port: int, kind: Kind = "tcp") -> socket.socket:
    (found,) = made.listen([(address, port, kind)])
    return found


def inside(made: Namespace, *command: str) -> str:
    done = subprocess.run([*made.entering(), *command], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


def python(made: Namespace, program: str) -> str:
    return inside(made, sys.executable, "-I", "-S", "-c", program)


def test_it_has_its_own_name_its_own_files_and_its_own_addresses(made: Namespace) -> None:
    assert inside(made, "cat", "/proc/sys/kernel/hostname", "/etc/resolv.conf").split() == [
        "testvmmhsm",
        "nameserver",
        "168.63.129.16",
    ]
    program = "import socket; s = socket.socket(); s.bind(('%s', 0)); print(s.getsockname()[0])"
    assert python(made, program % OWN) == OWN
    assert "168.63.129.16" not in Path("/etc/resolv.conf").read_text()


def test_sockets_that_are_made_in_it_are_served_from_outside(made: Namespace) -> None:
    listening = listen(made, "10.0.1.9", 443)
    listening.setblocking(True)
    program = "import socket; print(socket.create_connection(('10.0.1.9', 443), 5).recv(9).decode())"
    command = [*made.entering(), sys.executable, "-I", "-S", "-c", program]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    listening.settimeout(10)
    connection, address = listening.accept()
    connection.sendall(b"from afar")
    assert client.communicate(timeout=10)[0] == "from afar\n"
    assert address[0] == "10.0.1.9"
    connection.close()
    listening.close()


def test_an_address_comes_and_goes(made: Namespace) -> None:
    program = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('10.0.1.9', 53))"
    listening = listen(made, "10.0.1.9", 443)
    python(made, program)
    listening.close()
    made.remove_address("10.0.1.9")
    made.remove_address("10.0.1.9")
    with pytest.raises(subprocess.CalledProcessError):
        python(made, program)
    listen(made, "10.0.1.9", 443).close()
    python(made, program)


def test_two_listeners_at_one_place_are_refused(made: Namespace) -> None:
    with listen(made, OWN, 443), pytest.raises(NamespaceError, match="Address already in use"):
        listen(made, OWN, 443)
    with listen(made, OWN, 53, "udp"):
        pass


@pytest.mark.parametrize("address", ["203.0.113.7", "127.0.0.5", "10.0.1.200", "169.254.169.254"])
def test_everything_else_is_unreachable_at_once(made: Namespace, address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        program = (
            "import socket, time\nbegan = time.monotonic()\n"
            f"try: socket.create_connection(('{address}', {port}), 5)\n"
            "except OSError as error: print(type(error).__name__, time.monotonic() - began < 1)"
        )
        assert python(made, program) in ("OSError True", "ConnectionRefusedError True")


def test_what_runs_in_it_ends_with_it(made: Namespace) -> None:
    command = [*made.entering(), "sh", "-c", "trap '' TERM HUP INT; setsid sleep 600 & echo $!; exec sleep 600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        escaped = int(process.stdout.readline())
        made.close()
        assert process.wait(10) == -signal.SIGKILL
    assert not Path(f"/proc/{escaped}").exists() or "Z" in Path(f"/proc/{escaped}/stat").read_text()
    assert not made.alive


def test_it_ends_when_whoever_made_it_is_killed(made: Namespace) -> None:
    # The kernel closes a killed process's end of the channel, as this does.
    made._channel.close()
    deadline = time.monotonic() + 10
    while made.alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_namespace_that_has_ended_says_so(made: Namespace) -> None:
    os.kill(made.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while made.alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(NamespaceError):
        listen(made, OWN, 443)


class TestNobodyMayMakeOne:
    """A machine that refuses, played by an ``unshare`` that says what the real one says there."""

    @pytest.fixture(autouse=True)
    def _refuses(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        unshare = tmp_path / "unshare"
        unshare.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
        unshare.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    @pytest.mark.parametrize(
        ("switches", "advice"),
        [
            ({}, "Run it as root;"),
            ({"kernel/unprivileged_userns_clone": "0"}, "sudo sysctl -w kernel.unprivileged_userns_clone=1;"),
            (
                {"kernel/apparmor_restrict_unprivileged_userns": "1", "user/max_net_namespaces": "0"},
                "kernel.apparmor_restrict_unprivileged_userns=0 user.max_net_namespaces=10000;",
            ),
        ],
    )
    def test_one_line_says_why_and_what_to_switch_on(
        self, monkeypatch: pytest.MonkeyPatch, switches: dict[str, str], advice: str
    ) -> None:
        monkeypatch.setattr(namespace, "_setting", switches.get)
        with pytest.raises(NamespacesNotAllowed) as refused:
            Namespace.start(setup())
        assert "(unshare: unshare failed: Operation not permitted)" in str(refused.value)
        assert advice in str(refused.value)
        assert "\n" not in str(refused.value)


def test_without_the_commands_it_says_which_package_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NamespacesNotAllowed, match=r"unshare and nsenter \(package util-linux\)"):
        Namespace.start(setup())


@needs_user_namespaces
def test_a_machine_that_really_refuses_is_told_which_switch_is_off() -> None:
    # A user namespace may allow itself no further ones: that is a refusal of the kernel's own.
    program = (
        "from local_azure.vm.namespace import *\n"
        "try: Namespace.start(Setup('a', [], []))\n"
        "except NamespacesNotAllowed as error: print(error)"
    )
    shell = f'echo 0 > /proc/sys/user/max_net_namespaces && exec "$0" -c "{program}"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", shell, sys.executable],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if "max_net_namespaces" in done.stderr:
        pytest.skip(f"/proc/sys cannot be written here: {done.stderr.strip()}")
    assert "sudo sysctl -w user.max_net_namespaces=10000" in done.stdout, done
