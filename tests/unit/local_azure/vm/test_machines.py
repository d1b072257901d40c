"""Virtual machines that run: what they reach, what they see of changes, how they begin and end."""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local_azure.instance import Instance
from local_azure.server import launch
from local_azure.server.control import ControlRefused
from tests.by_hand import DNS, MACHINES, NETWORKS
from tests.support import Azure
from tests.unit.local_azure.arm.support import ENDPOINT, GROUP, NETWORK, SUBNET, endpoint_body, network_body
from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.network import Network, is_gone, until
from tests.unit.local_azure.vm.support import FRONT_END, HOST, LINK, LINK_HOST, MACHINE, RECORD, link_body

pytestmark = [pytest.mark.daemon, needs_namespaces]

OTHER_NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vneteast"
OTHER_SUBNET = f"{OTHER_NETWORK}/subnets/one"
START_SECONDS = 0.5
_GET = """
import json, socket, ssl, sys, time, urllib.request
host, address = sys.argv[1:3]
began = time.monotonic()
try:
    plain = socket.create_connection((address, 443), 10)
    with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection:
        names = [name for kind, name in connection.getpeercert()["subjectAltName"]]
        head = f"GET /keys?api-version=7.4 HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n"
        connection.sendall(head.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    print(json.dumps({"status": int(answer.split()[1]), "names": names}))
except OSError as error:
    print(json.dumps({"error": type(error).__name__, "says": str(error), "quick": time.monotonic() - began < 1}))
"""


@pytest.fixture
def network(azure: Azure) -> Network:
    """The walkthrough's network with its machine."""
    made = Network(azure.instance)
    made.make_network()
    made.make_machine()
    return made


def get(network: Network, host: str, address: str, name: str = "testvmmhsm") -> Any:
    """A request in a machine, to a host at an address."""
    return json.loads(network.python(_GET, host, address, name=name))


class TestWhatAMachineReaches:
    def test_the_endpoint_shows_the_certificate_of_the_pool_and_of_nothing_else(self, network: Network) -> None:
        address = network.make_private_pool()
        assert get(network, HOST, address) == {"status": 401, "names": [HOST]}
        assert "Hostname mismatch" in get(network, LINK_HOST, address)["says"]
        for other in ("management.azure.com", "login.microsoftonline.com", "nobody.managedhsm.azure.net"):
            assert get(network, other, address)["error"] in ("SSLError", "SSLEOFError")

    def test_either_name_leads_to_the_endpoint_over_either_transport(self, network: Network) -> None:
        address = network.make_private_pool()
        for transport in ("udp", "tcp"):
            records = network.dns(HOST, transport=transport)["records"]
            assert records == [[HOST, "CNAME", LINK_HOST, 60], [LINK_HOST, "A", address, 3600]]
            assert network.addresses(LINK_HOST, transport=transport) == [address]
        assert network.python(f"import socket; print(socket.gethostbyname('{HOST}'))") == address

    def test_public_resolvers_know_public_names_only(self, network: Network) -> None:
        network.make_private_pool()
        for server, transport in (("1.1.1.1", "udp"), ("1.0.0.1", "tcp"), ("8.8.8.8", "udp"), ("8.8.4.4", "tcp")):
            found = network.dns(HOST, server=server, transport=transport)["records"]
            assert [value for _, _, value, _ in found[:2]] == [LINK_HOST, FRONT_END]
            assert found[2][2].startswith("52.")

    def test_the_public_way_is_there_without_asking_for_the_name_first(self, network: Network) -> None:
        network.make_private_pool()
        (public,) = network.addresses(HOST, name="internet")
        assert get(network, HOST, public) == {"status": 401, "names": [HOST]}

    def test_an_unlinked_network_is_led_to_the_public_way(self, network: Network) -> None:
        address = network.make_private_pool()
        network.by_hand.arm("PUT", OTHER_NETWORK, NETWORKS, network_body("10.1.0.0/16"))
        network.by_hand.arm("PUT", OTHER_SUBNET, NETWORKS, {"properties": {"addressPrefix": "10.1.1.0/24"}})
        network.make_machine("elsewhere", OTHER_SUBNET)
        (public,) = network.addresses(HOST, name="elsewhere")
        assert public.startswith("52.")
        assert get(network, HOST, public, "elsewhere")["status"] == 401
        assert get(network, HOST, address, "elsewhere")["quick"] is True

    @pytest.mark.parametrize("address", ["10.0.1.4", "10.0.1.77", "203.0.113.7", "93.184.215.14", "127.0.0.1"])
    def test_everything_else_is_unreachable_and_says_so_at_once(self, network: Network, address: str) -> None:
        found = get(network, "www.example.com", address)
        assert (found["error"] in ("OSError", "ConnectionRefusedError"), found["quick"]) == (True, True)

    def test_a_machine_without_a_way_out_reaches_the_endpoint_and_nothing_public(self, azure: Azure) -> None:
        network = Network(azure.instance)
        network.make_network(defaultOutboundAccess=False)
        network.make_machine()
        address = network.make_private_pool()
        (public,) = network.addresses(HOST, name="internet")
        assert get(network, HOST, address)["status"] == 401
        for unreachable in (public, *network.addresses("login.microsoftonline.com")):
            found = get(network, HOST, unreachable)
            assert (found["error"], found["quick"]) == ("OSError", True)
        for server, transport in (("1.1.1.1", "udp"), ("8.8.8.8", "tcp")):
            assert network.dns(HOST, server=server, transport=transport) == {"error": "Network is unreachable"}

    def test_the_internet_reaches_neither_endpoint_nor_metadata(self, network: Network) -> None:
        address = network.make_private_pool()
        assert get(network, HOST, address, "internet")["quick"] is True
        program = (
            "import urllib.request\ntry: urllib.request.urlopen('http://169.254.169.254/', timeout=5)\n"
            "except OSError as error: print(error)"
        )
        assert "unreachable" in network.python(program, name="internet")

    def test_a_hundred_requests_at_once_are_all_answered(self, network: Network) -> None:
        network.make_private_pool()
        program = f"""
import collections, concurrent.futures, urllib.error, urllib.request
token = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://managedhsm.azure.net"
def ask(number):
    url = ("https://{HOST}/keys?api-version=7.4", token)[number % 2]
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={{"Metadata": "true"}}), timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
with concurrent.futures.ThreadPoolExecutor(100) as pool:
    print(sorted(collections.Counter(pool.map(ask, range(100))).items()))
"""
        assert network.python(program) == "[(200, 50), (401, 50)]"


class TestWhatARunningMachineSees:
    def test_a_link_and_a_record_that_change(self, network: Network) -> None:
        address = network.make_private_pool()
        assert network.addresses(HOST) == [address]
        body = {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.0.1.99"}]}}
        network.by_hand.arm("PUT", RECORD, DNS, body)
        assert network.addresses(HOST) == ["10.0.1.99"]
        network.by_hand.arm("DELETE", LINK, DNS)
        until(lambda: network.addresses(HOST)[0].startswith("52."), "the link is still in force")
        network.by_hand.arm("PUT", LINK, DNS, link_body())
        assert network.addresses(HOST) == ["10.0.1.99"]
        assert len(network.holders()) == 1

    def test_an_endpoint_that_comes_and_goes_while_a_command_runs(self, network: Network) -> None:
        program = (
            "import socket, sys\n"
            "for line in sys.stdin:\n"
            "    try:\n"
            "        socket.create_connection((line.strip(), 443), 5).close()\n"
            "        print('yes', flush=True)\n"
            "    except OSError as error: print('no', flush=True)\n"
        )
        command = network.command("vm", "testvmmhsm", "--", sys.executable, "-c", program)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdin is not None
            assert running.stdout is not None

            def reaches(address: str) -> bool:
                assert running.stdin is not None
                assert running.stdout is not None
                print(address, file=running.stdin, flush=True)
                return running.stdout.readline() == "yes\n"

            assert not reaches("10.0.1.5")
            address = network.make_private_pool()
            until(lambda: reaches(address), "the endpoint does not answer")
            network.by_hand.arm("DELETE", ENDPOINT, NETWORK)
            until(lambda: not reaches(address), "the endpoint still answers")
            network.by_hand.arm("PUT", ENDPOINT, NETWORKS, endpoint_body())
            address = network.endpoint_address()
            until(lambda: reaches(address), "the endpoint that was made again does not answer")
            running.stdin.close()
            assert running.wait(10) == 0

    def test_a_way_out_that_is_taken_away(self, network: Network) -> None:
        assert "records" in network.dns(HOST, server="1.1.1.1")
        body = {"properties": {"addressPrefix": "10.0.1.0/24", "defaultOutboundAccess": False}}
        network.by_hand.arm("PUT", SUBNET, NETWORKS, body)
        assert network.dns(HOST, server="1.1.1.1") == {"error": "Network is unreachable"}


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


class TestScriptsRunInTheMachine:
    def run(self, network: Network, script: str, name: str = "one", **properties: Any) -> Any:
        """A managed run command to its end; its instance view."""
        body = {"location": "westus", "properties": {"source": {"script": script}, **properties}}
        network.by_hand.arm("PUT", f"{MACHINE}/runCommands/{name}", MACHINES, body)
        return self.view(network, name)

    def view(self, network: Network, name: str = "one") -> Any:
        url = f"https://management.azure.com{MACHINE}/runCommands/{name}?api-version={MACHINES}&$expand=instanceView"
        return network.by_hand.ask("GET", url, "https://management.azure.com").json()["properties"]["instanceView"]

    def test_a_script_is_in_the_machines_network_and_sees_its_files(self, network: Network) -> None:
        address = network.make_private_pool()
        lookup = f"python3 -c 'import socket; print(socket.gethostbyname(\"{HOST}\"))'"
        found = self.run(
            network,
            f"cat /proc/sys/kernel/hostname; {lookup}; echo $KEY; exit 3",
            parameters=[{"name": "KEY", "value": "myrsakey"}],
        )
        hostname, resolved, key = found["output"].splitlines()
        assert (hostname, resolved, key) == ("testvmmhsm", address, "myrsakey")
        assert (found["executionState"], found["exitCode"]) == ("Failed", 3)

    def test_scripts_of_one_machine_run_side_by_side(self, network: Network) -> None:
        # Each waits for the next to say that it has begun: one after the other they would wait forever.
        meeting = network.instance.home / "meeting"
        meeting.mkdir(exist_ok=True)
        for number in range(4):
            script = (
                f"touch {meeting}/{number}; until [ -e {meeting}/{(number + 1) % 4} ]; do sleep 0.02; done; echo met"
            )
            body = {"source": {"script": script}, "asyncExecution": True, "timeoutInSeconds": 30}
            path = f"{MACHINE}/runCommands/run-{number}"
            network.by_hand.arm("PUT", path, MACHINES, {"location": "westus", "properties": body})
        for number in range(4):
            until(lambda: self.view(network, f"run-{number}")["executionState"] != "Running", "a script waits")  # noqa: B023
            assert self.view(network, f"run-{number}")["output"] == "met\n"

    def test_a_timeout_ends_it(self, network: Network) -> None:
        found = self.run(network, "echo begun; sleep 600", timeoutInSeconds=1)
        assert (found["executionState"], found["exitCode"], found["output"]) == ("TimedOut", -1, "begun\n")

    def test_what_is_protected_is_nowhere_on_disk(self, network: Network) -> None:
        named, unnamed = "Contoso-protected-0815", "an-argument-0815"
        script = "import hashlib, os, sys; print(*[hashlib.sha256(each.encode()).hexdigest() for each in sys.argv[1:]])"
        found = self.run(
            network,
            f'python3 -c \'{script}\' "$PIN" "$1"',
            protectedParameters=[{"name": "PIN", "value": named}, {"value": unnamed}],
        )
        assert found["output"].split() == [hashlib.sha256(each.encode()).hexdigest() for each in (named, unnamed)]
        files = [file for file in network.instance.home.rglob("*") if file.is_file()]
        assert any(b"hashlib" in file.read_bytes() for file in files), "the script itself is not found either"
        for file in files:
            assert named.encode() not in file.read_bytes(), file
            assert unnamed.encode() not in file.read_bytes(), file

    @pytest.mark.parametrize("gone", ["runCommands/one", ""])
    def test_deleting_it_or_its_machine_ends_it(self, network: Network, gone: str) -> None:
        said = network.instance.home / f"pid-{len(gone)}"
        said.unlink(missing_ok=True)
        self.run(network, f"sleep 600 & echo $! > {said}; wait", asyncExecution=True)
        until(lambda: said.exists() and said.read_text().endswith("\n"), "the script does not begin")
        network.by_hand.arm("DELETE", f"{MACHINE}/{gone}".rstrip("/"), MACHINES)
        until(lambda: is_gone(int(said.read_text())), "the script goes on")

    def test_the_action_answers_what_the_script_has_said(self, network: Network) -> None:
        url = f"https://management.azure.com{MACHINE}/runCommand?api-version={MACHINES}"
        resource = "https://management.azure.com"
        body = {
            "commandId": "RunShellScript",
            "script": ["hostname=$(cat /proc/sys/kernel/hostname)", "echo $hostname"],
        }
        answer = network.by_hand.ask("POST", url, resource, body)
        assert answer.status_code == 202
        location = answer.headers["Location"]
        until(lambda: network.by_hand.ask("GET", location, resource).status_code == 200, "it does not end")
        (said,) = network.by_hand.ask("GET", location, resource).json()["value"]
        assert said["message"] == "Enable succeeded: \n[stdout]\ntestvmmhsm\n\n[stderr]\n"


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

    def test_stop_ends_every_machine(self, own: Network) -> None:
        own.inside("testvmmhsm", "true")
        own.inside("internet", "true")
        holders = own.holders()
        assert len(holders) == 2
        assert launch.stop(own.instance)
        assert all(is_gone(each) for each in holders)
