"""Run commands whose scripts really run in their machine."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.by_hand import MACHINES
from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.network import Network, is_gone, until
from tests.unit.local_azure.vm.support import HOST, MACHINE

pytestmark = [pytest.mark.daemon, needs_namespaces]


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
