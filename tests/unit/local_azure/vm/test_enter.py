"""``python -m local_azure vm NAME -- CMD``, as people run it."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.instance import REPOSITORY, Instance
from tests.unit.local_azure.vm.allowed import needs_namespaces, needs_user_namespaces
from tests.unit.local_azure.vm.network import Network, plain_environment, until

pytestmark = pytest.mark.daemon


@needs_namespaces
class TestACommandInAMachine:
    @pytest.mark.parametrize("status", [0, 1, 3, 126, 255])
    def test_its_exit_status_is_the_commands(self, network: Network, status: int) -> None:
        assert network.vm("testvmmhsm", "sh", "-c", f"exit {status}").returncode == status

    def test_a_signal_that_ends_it_ends_it_here_too(self, network: Network) -> None:
        assert network.vm("testvmmhsm", "sh", "-c", "kill -TERM $$").returncode == -signal.SIGTERM

    def test_its_streams_are_the_callers(self, network: Network) -> None:
        done = network.vm(
            "testvmmhsm", "sh", "-c", "cat; echo careful >&2", stdin=None, input="one\ntwo 'three' $four\n"
        )
        assert (done.stdout, done.stderr) == ("one\ntwo 'three' $four\n", "careful\n")

    def test_its_arguments_come_as_they_were_given(self, network: Network) -> None:
        program = "import sys; print(sys.argv[1:])"
        given = ["a b", "", "'", '"', "$HOME", "*", "--", "-x", "ä"]
        assert network.vm("testvmmhsm", sys.executable, "-c", program, *given).stdout == f"{given}\n"

    def test_it_runs_where_the_caller_is(self, network: Network, tmp_path: Path) -> None:
        place = tmp_path / "a b"
        place.mkdir()
        environment = {**plain_environment(), "PYTHONPATH": str(REPOSITORY)}
        assert network.vm("testvmmhsm", "pwd", cwd=place, env=environment).stdout == f"{place}\n"

    def test_the_machine_bears_its_name(self, network: Network) -> None:
        found = network.vm("testvmmhsm", "cat", "/proc/sys/kernel/hostname", "/etc/hosts").stdout
        assert found.splitlines() == ["testvmmhsm", "127.0.0.1 localhost", "::1 localhost", "10.0.1.4 testvmmhsm"]

    def test_it_sees_neither_proxies_nor_credentials(self, network: Network) -> None:
        environment = {
            **plain_environment(),
            "https_proxy": "http://127.0.0.1:1",
            "ALL_PROXY": "http://127.0.0.1:1",
            "AZURE_CLIENT_ID": "somebody",
            "AZURE_CLIENT_SECRET": "0815",
            "ARM_CLIENT_SECRET": "0815",
            "IDENTITY_ENDPOINT": "http://127.0.0.1:2",
            "MINE": "kept",
        }
        lines = network.vm("testvmmhsm", "env", env=environment).stdout.splitlines()
        found = dict(line.partition("=")[::2] for line in lines)
        assert found["MINE"] == "kept"
        assert not [name for name in found if "proxy" in name.lower()]
        assert not [name for name in found if "CLIENT" in name or "SECRET" in name or name == "IDENTITY_ENDPOINT"]
        assert found["SSL_CERT_FILE"] == str(network.instance.ca_bundle)
        assert found["AZURE_SUBSCRIPTION_ID"] == SUBSCRIPTION_ID
        assert Path(found["AZURE_CONFIG_DIR"]).is_relative_to(network.instance.home / "machines")

    def test_the_local_azures_own_credentials_stay_where_they_were_given(self, network: Network) -> None:
        environment = network.instance.environment(os.environ)
        found = network.vm("testvmmhsm", "env", env=environment).stdout
        assert f"AZURE_CLIENT_SECRET={environment['AZURE_CLIENT_SECRET']}" in found.splitlines()
        assert "PROXY=" not in found.upper()

    def test_a_command_that_is_not_there(self, network: Network) -> None:
        done = network.vm("testvmmhsm", "no-such-command")
        assert (done.returncode, done.stderr) == (127, "no-such-command: command not found\n")

    def test_it_has_the_callers_terminal_and_its_ctrl_c(self, network: Network) -> None:
        ready = network.instance.home / "ready"
        ready.unlink(missing_ok=True)
        program = (
            "import pathlib, signal, sys, time\n"
            "def interrupted(*_): print('interrupted', sys.stdin.isatty()); sys.exit(42)\n"
            "signal.signal(signal.SIGINT, interrupted)\n"
            f"pathlib.Path({str(ready)!r}).touch()\n"
            "time.sleep(30)\n"
        )
        command = network.command("vm", "testvmmhsm", "--", sys.executable, "-c", program)
        terminal, its = pty.openpty()
        # A session of its own, whose controlling terminal this is: only then does Ctrl-C become a signal.
        take = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        take += "os.execv(sys.argv[1], sys.argv[1:])"
        with subprocess.Popen(
            [sys.executable, "-c", take, *command],
            cwd=REPOSITORY,
            env=plain_environment(),
            stdin=its,
            stdout=its,
            stderr=its,
        ) as process:
            os.close(its)
            until(ready.exists, "the command does not start")
            os.write(terminal, b"\x03")
            said = b""
            while b"interrupted" not in said:
                said += os.read(terminal, 1024)
            assert process.wait(20) == 42
        os.close(terminal)
        assert b"interrupted True" in said

    def test_curl_and_a_resolvers_tool_work_where_this_computer_has_them(self, network: Network) -> None:
        # What they show is shown by Python in the other tests, wherever these are not installed.
        address = network.make_private_pool()
        tools = {
            "curl": ("curl", "-sS", "-H", "Metadata: true", "http://169.254.169.254/metadata/versions"),
            "nslookup": ("nslookup", "az400popmhsm.managedhsm.azure.net"),
            "dig": ("dig", "+short", "az400popmhsm.privatelink.managedhsm.azure.net"),
        }
        expected = {"curl": "apiVersions", "nslookup": f"Address: {address}", "dig": address}
        there = [name for name in tools if shutil.which(name)]
        if not there:
            pytest.skip("this computer has neither curl nor nslookup nor dig")
        for name in there:
            done = network.vm("testvmmhsm", *tools[name])
            assert expected[name] in done.stdout, (name, done)


class TestItCannotBe:
    def test_an_unknown_machine_is_answered_with_those_that_there_are(self, network: Network) -> None:
        done = network.vm("nobody", "true")
        line = "There is no virtual machine 'nobody' in the local Azure; there is testvmmhsm, internet.\n"
        assert (done.returncode, done.stderr, done.stdout) == (1, line, "")

    def test_without_a_command_it_says_how_to_give_one(self, network: Network) -> None:
        done = subprocess.run(
            network.command("vm", "testvmmhsm"), capture_output=True, text=True, cwd=REPOSITORY, check=False
        )
        assert done.returncode == 2
        assert done.stderr == "vm needs a command: python -m local_azure vm NAME -- CMD ...\n"

    def test_where_no_local_azure_runs(self, tmp_path: Path) -> None:
        done = Network(Instance(tmp_path / "none", 1)).vm("testvmmhsm", "true")
        assert done.returncode == 1
        assert done.stderr == (
            f"The local Azure of {tmp_path / 'none'} is not running; start it with: python -m local_azure start\n"
        )

    def test_the_help_shows_how(self, network: Network) -> None:
        done = subprocess.run(
            network.command("vm", "--help"), capture_output=True, text=True, cwd=REPOSITORY, check=True
        )
        assert "vm internet -- curl" in done.stdout
        assert "exit status" in done.stdout


@needs_user_namespaces
def test_it_works_for_somebody_who_is_not_root(tmp_path: Path) -> None:
    # Daemon and callers are user 1000, without a capability, in a user namespace that plays such a computer.
    program = """
import json, os, sys
from pathlib import Path
from local_azure.instance import Instance
from local_azure.server import launch
from tests.by_hand import MACHINES
from tests.unit.local_azure.vm.network import Network
from tests.unit.local_azure.vm.support import HOST, MACHINE
started = launch.start(Instance(Path(sys.argv[1]), 0)).instance
try:
    network = Network(started)
    network.make_network()
    network.make_machine()
    address = network.make_private_pool()
    entering, _ = network.control.enter_machine("testvmmhsm")
    token = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net"
    ask = f"import urllib.request as u; print(u.urlopen(u.Request('{token}', headers={{'Metadata': 'true'}})).status)"
    command, arm = f"{MACHINE}/runCommands/who", "https://management.azure.com"
    script = {"source": {"script": "id -u; cat $0 > /dev/null && hostname"}}
    network.by_hand.arm("PUT", command, MACHINES, {"location": "westus", "properties": script})
    view = network.by_hand.ask("GET", f"{arm}{command}?api-version={MACHINES}&$expand=instanceView", arm).json()
    print(json.dumps([
        os.geteuid(),
        "--user" in entering,
        network.addresses(HOST) == [address],
        network.addresses(HOST, name="internet") == network.addresses(HOST, server="8.8.8.8"),
        network.python(ask),
        network.vm("testvmmhsm", "sh", "-c", "exit 7").returncode,
        view["properties"]["instanceView"]["output"].split(),
    ]))
finally:
    launch.stop(started)
"""
    command = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    probe = subprocess.run([*command, "id", "-u"], capture_output=True, text=True, check=False)
    if probe.stdout != "1000\n":
        pytest.skip(f"unshare cannot play another user here: {probe.stderr.strip()}")
    done = subprocess.run(
        [*command, sys.executable, "-c", program, str(tmp_path / "home")],
        cwd=REPOSITORY,
        env={**plain_environment(), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == '[1000, true, true, true, "200", 7, ["0", "testvmmhsm"]]', done.stderr
