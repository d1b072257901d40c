"""How virtual machines begin and end."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_azure.instance import Instance
from local_azure.server import launch
from local_azure.server.control import ControlRefused
from tests.by_hand import MACHINES
from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.network import Network, is_gone, until
from tests.unit.local_azure.vm.support import MACHINE

pytestmark = [pytest.mark.daemon, needs_namespaces]

START_SECONDS = 0.5


class TestHowTheyBeginAndEnd:
    def test_a_machine_starts_in_less_than_half_a_second(self, network: Network) -> None:
        network.make_private_pool()
        seconds = []
        for _ in range(7):
            network.act("deallocate")
            until(lambda: not network.holders(), "the machine still runs")
            network.act("start")
            began = time.monotonic()
            network.control.enter_machine("testvmmhsm")
            seconds.append(time.monotonic() - began)
        assert statistics.median(seconds) <= START_SECONDS, seconds

    def test_it_starts_when_it_is_first_needed_and_then_goes_on(self, network: Network) -> None:
        assert network.holders() == []
        network.inside("testvmmhsm", "true")
        (first,) = network.holders()
        network.inside("testvmmhsm", "true")
        assert network.holders() == [first]

    @pytest.mark.parametrize(("action", "power"), [("deallocate", "deallocated"), ("powerOff", "stopped")])
    def test_switching_it_off_ends_what_runs_in_it(self, network: Network, action: str, power: str) -> None:
        with subprocess.Popen(network.command("vm", "testvmmhsm", "--", "sleep", "600")) as running:
            until(network.holders, "the machine does not start")
            until(lambda: b"sleep\0" in Path(f"/proc/{running.pid}/cmdline").read_bytes()[:6], "the command waits")
            network.act(action)
            assert running.wait(10) == -9
        refused = network.vm("testvmmhsm", "true")
        line = f"The virtual machine testvmmhsm is {power}; start it first.\n"
        assert (refused.returncode, refused.stderr) == (1, line)
        network.act("start")
        assert network.vm("testvmmhsm", "true").returncode == 0

    def test_deleting_it_ends_it_and_removes_its_files(self, network: Network) -> None:
        network.inside("testvmmhsm", "true")
        (holder,) = network.holders()
        _, directory = network.control.enter_machine("testvmmhsm")
        (Path(directory) / "azure-cli").mkdir()
        network.by_hand.arm("DELETE", MACHINE, MACHINES)
        until(lambda: is_gone(holder) and not Path(directory).exists(), "something of the machine is still there")
        with pytest.raises(ControlRefused, match="no virtual machine"):
            network.control.enter_machine("testvmmhsm")

    def test_a_holder_that_is_killed_is_replaced(self, network: Network) -> None:
        entering, _ = network.control.enter_machine("testvmmhsm")
        killed = int(entering[entering.index("--target") + 1])
        subprocess.run(["kill", "-9", str(killed)], check=True)
        until(lambda: is_gone(killed), "the holder lives on")
        assert network.vm("testvmmhsm", "true").returncode == 0
        assert network.holders() != [killed]

    def test_a_reset_ends_every_machine(self, network: Network) -> None:
        network.inside("testvmmhsm", "true")
        network.inside("internet", "true")
        assert len(network.holders()) == 2
        network.control.reset()
        assert network.holders() == []

    def test_many_machines_start_at_once(self, network: Network) -> None:
        names = [f"batch-{number}" for number in range(5)]
        for name in names:
            network.make_machine(name)
        with ThreadPoolExecutor(5) as pool:
            found = list(pool.map(lambda name: network.inside(name, "cat", "/proc/sys/kernel/hostname"), names))
        assert found == names


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A local Azure that may be killed, with the walkthrough's machine in it."""
    home = tmp_path_factory.mktemp("azure")
    started = launch.start(Instance(home, 0)).instance
    made = Network(started)
    made.make_network()
    made.make_machine()
    yield made
    launch.stop(started)


class TestTheDaemonEnds:
    def test_a_kill_leaves_nothing_and_the_machine_starts_again(self, own: Network) -> None:
        assert own.vm("testvmmhsm", "true").returncode == 0
        holders = own.holders()
        script = {"source": {"script": "sleep 600 & echo begun; sleep 600"}, "asyncExecution": True}
        command = f"{MACHINE}/runCommands/long"
        own.by_hand.arm("PUT", command, MACHINES, {"location": "westus", "properties": script})
        running = own.vm("testvmmhsm", "sh", "-c", "sleep 600 > /dev/null 2>&1 & echo $!")
        left = int(running.stdout)
        daemon = own.control.status()["pid"]
        subprocess.run(["kill", "-9", str(daemon)], check=True)
        until(lambda: all(is_gone(each) for each in [*holders, left]), "something has survived")

        again = Network(launch.start(own.instance).instance)
        assert again.vm("testvmmhsm", "true").returncode == 0
        assert len(again.holders()) == 1
        view = again.by_hand.ask(
            "GET",
            f"https://management.azure.com{command}?api-version={MACHINES}&$expand=instanceView",
            "https://management.azure.com",
        ).json()["properties"]["instanceView"]
        assert view["executionState"] == "Failed"
        assert view["executionMessage"].startswith("The local Azure ended while the script ran")
        assert not list(own.instance.home.rglob("script.sh"))

    def test_stop_ends_every_machine(self, own: Network) -> None:
        own.inside("testvmmhsm", "true")
        own.inside("internet", "true")
        holders = own.holders()
        assert len(holders) == 2
        assert launch.stop(own.instance)
        assert all(is_gone(each) for each in holders)
