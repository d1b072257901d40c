"""Run commands as ARM shows them; what a script really does: tests of the virtual machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_azure.arm.providers.run_commands import abandon
from local_azure.core.machines import Outcome, Script
from local_azure.core.world import World
from tests.unit.local_azure.arm.support import COMPUTE, ArmClient
from tests.unit.local_azure.vm.support import MACHINE, MACHINES, make_machine

COMMAND = f"{MACHINE}/runCommands/proof"
VIEW = f"{COMMAND}?$expand=instanceView"
SCRIPT = {"commandId": "RunShellScript", "script": ["echo $1", "echo $KEY"]}
BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Recorder:
    """Machines that run nothing until they are told how it ends."""

    runs: dict[str, tuple[str, Script, Callable[[Outcome], None]]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)

    def run(self, machine_id: str, run_id: str, script: Script, done: Callable[[Outcome], None]) -> None:
        self.runs[run_id] = (machine_id, script, done)

    def cancel(self, run_id: str) -> None:
        self.cancelled.append(run_id)

    def refresh(self) -> None:
        pass

    @property
    def script(self) -> Script:
        """The one that was asked for last."""
        return list(self.runs.values())[-1][1]

    def end(self, code: int | None = 0, output: str = "", error: str = "", **more: Any) -> None:
        """Ends the script that was asked for last."""
        done = list(self.runs.values())[-1][2]
        done(Outcome(code, output, error, BEGAN, BEGAN + timedelta(seconds=2), **more))


@pytest.fixture
def machines() -> Recorder:
    return Recorder()


@pytest.fixture
def arm(world: World, machines: Recorder) -> ArmClient:
    return ArmClient(replace(world, machines=machines))


@pytest.fixture(autouse=True)
def _machine(arm: ArmClient, subnet: Any) -> None:
    del subnet
    make_machine(arm, "testvmmhsm")


def body(script: str = "echo hello", **properties: Any) -> dict[str, Any]:
    return {"location": "westus", "properties": {"source": {"script": script}, **properties}}


def view(arm: ArmClient) -> Any:
    return arm.get(VIEW, COMPUTE).body["properties"]["instanceView"]


class TestManaged:
    def test_it_is_done_when_its_script_has_ended(self, arm: ArmClient, machines: Recorder) -> None:
        answer = arm.put(COMMAND, COMPUTE, body())
        assert answer.status == 201
        assert arm.finish(answer).body["status"] == "InProgress"
        assert view(arm)["executionState"] == "Running"
        assert arm.get(COMMAND, COMPUTE).body["properties"]["provisioningState"] == "Creating"
        machines.end(0, "hello\n", "")
        assert arm.finish(answer).body["status"] == "Succeeded"
        assert view(arm) == {
            "executionState": "Succeeded",
            "executionMessage": "Execution completed",
            "exitCode": 0,
            "output": "hello\n",
            "error": "",
            "startTime": "2026-11-21T12:00:00.0000000Z",
            "endTime": "2026-11-21T12:00:02.0000000Z",
        }

    def test_the_view_is_shown_only_where_it_is_asked_for(self, arm: ArmClient, machines: Recorder) -> None:
        arm.put(COMMAND, COMPUTE, body())
        machines.end()
        assert "instanceView" not in arm.get(COMMAND, COMPUTE).body["properties"]

    def test_a_script_that_fails_is_a_deployment_that_succeeded(self, arm: ArmClient, machines: Recorder) -> None:
        answer = arm.put(COMMAND, COMPUTE, body())
        machines.end(7, "", "no such key\n")
        assert arm.finish(answer).body["status"] == "Succeeded"
        found = view(arm)
        assert (found["executionState"], found["exitCode"], found["error"]) == ("Failed", 7, "no such key\n")

    def test_unless_it_is_told_to_count_as_a_failure(self, arm: ArmClient, machines: Recorder) -> None:
        answer = arm.put(COMMAND, COMPUTE, body(treatFailureAsDeploymentFailure=True))
        machines.end(7)
        last = arm.finish(answer).body
        assert (last["status"], last["error"]["code"]) == ("Failed", "VMExtensionProvisioningError")
        assert "exit status=7" in last["error"]["message"]
        assert arm.get(COMMAND, COMPUTE).body["properties"]["provisioningState"] == "Failed"

    def test_a_script_that_takes_too_long_has_timed_out(self, arm: ArmClient, machines: Recorder) -> None:
        arm.put(COMMAND, COMPUTE, body(timeoutInSeconds=30))
        assert machines.script.timeout_seconds == 30
        machines.end(None, timed_out=True)
        assert (view(arm)["executionState"], view(arm)["exitCode"]) == ("TimedOut", -1)

    def test_a_machine_that_cannot_be_started_says_why(self, arm: ArmClient, machines: Recorder) -> None:
        arm.put(COMMAND, COMPUTE, body())
        machines.end(None, problem="This machine lets nobody make namespaces.")
        found = view(arm)
        assert (found["executionState"], found["executionMessage"]) == (
            "Failed",
            "This machine lets nobody make namespaces.",
        )

    def test_an_asynchronous_one_is_done_when_it_has_begun(self, arm: ArmClient, machines: Recorder) -> None:
        answer = arm.put(COMMAND, COMPUTE, body(asyncExecution=True))
        assert arm.finish(answer).body["status"] == "Succeeded"
        assert view(arm)["executionState"] == "Running"
        machines.end(3)
        assert view(arm)["exitCode"] == 3

    def test_parameters_reach_the_script(self, arm: ArmClient, machines: Recorder) -> None:
        named = [{"name": "KEY", "value": "myrsakey"}, {"name": "", "value": "one two"}, {"value": "three"}]
        arm.put(COMMAND, COMPUTE, body(parameters=named, protectedParameters=[{"name": "PIN", "value": "0815"}]))
        assert machines.script.environment == {"KEY": "myrsakey", "PIN": "0815"}
        assert machines.script.arguments == "one two three"

    def test_protected_parameters_are_neither_kept_nor_shown(self, arm: ArmClient, machines: Recorder) -> None:
        secret = "Contoso-protected-0815"
        answer = arm.put(
            COMMAND,
            COMPUTE,
            body(protectedParameters=[{"name": "PIN", "value": secret}], runAsPassword=secret, asyncExecution=True),
        )
        assert secret not in str(answer.body)
        assert secret not in "\n".join(arm.world.store._connection.iterdump())
        machines.end(0, "done")
        assert secret not in "\n".join(arm.world.store._connection.iterdump())
        assert secret not in repr(machines.script)
        assert "protectedParameters" not in arm.get(VIEW, COMPUTE).body["properties"]

    def test_deleting_it_stops_the_script(self, arm: ArmClient, machines: Recorder) -> None:
        arm.finish(arm.put(COMMAND, COMPUTE, body(asyncExecution=True)))
        (run_id,) = machines.runs
        arm.gone(COMMAND, COMPUTE)
        assert machines.cancelled == [run_id]
        machines.end(None, problem="The script was stopped.")
        assert arm.get(COMMAND, COMPUTE).status == 404

    def test_deleting_one_that_has_ended_stops_nothing(self, arm: ArmClient, machines: Recorder) -> None:
        arm.put(COMMAND, COMPUTE, body())
        machines.end()
        arm.gone(COMMAND, COMPUTE)
        assert machines.cancelled == []

    def test_another_script_takes_the_place_of_one_that_runs(self, arm: ArmClient, machines: Recorder) -> None:
        arm.finish(arm.put(COMMAND, COMPUTE, body("sleep 60", asyncExecution=True)))
        (first,) = machines.runs
        arm.finish(arm.put(COMMAND, COMPUTE, body("echo second", asyncExecution=True)))
        assert machines.cancelled == [first]
        machines.runs[first][2](Outcome(None, "", "", BEGAN, BEGAN, problem="The script was stopped."))
        assert view(arm)["executionState"] == "Running"
        machines.end(0, "second\n")
        assert view(arm)["output"] == "second\n"

    def test_several_run_at_once_on_one_machine(self, arm: ArmClient, machines: Recorder) -> None:
        for number in range(5):
            path = f"{MACHINE}/runCommands/run-{number}"
            assert arm.finish(arm.put(path, COMPUTE, body(asyncExecution=True))).body["status"] == "Succeeded"
        assert len(machines.runs) == 5

    def test_they_go_with_the_machine(self, arm: ArmClient, machines: Recorder) -> None:
        arm.finish(arm.put(COMMAND, COMPUTE, body(asyncExecution=True)))
        arm.gone(MACHINE, COMPUTE)
        assert arm.get(COMMAND, COMPUTE).status == 404
        machines.end(0)
        assert arm.get(COMMAND, COMPUTE).status == 404

    def test_what_a_killed_daemon_left_behind_has_failed(self, arm: ArmClient, world: World) -> None:
        answer = arm.put(COMMAND, COMPUTE, body(treatFailureAsDeploymentFailure=True))
        action = arm.post(f"{MACHINE}/runCommand", COMPUTE, {"commandId": "RunShellScript", "script": ["true"]})
        assert action.status == 202, action
        abandon(world)
        assert arm.finish(answer).body["status"] == "Failed"
        found = view(arm)
        assert (found["executionState"], found["exitCode"]) == ("Failed", -1)
        assert "The local Azure ended while the script ran" in found["executionMessage"]
        (said,) = arm.finish(action).body["properties"]["output"]["value"]
        assert said["code"] == "ProvisioningState/failed"

    @pytest.mark.parametrize(
        ("properties", "status", "word"),
        [
            ({"source": {}}, 400, "source.script"),
            ({"source": {"script": ""}}, 400, "source.script"),
            ({}, 400, "source"),
            ({"source": {"script": "true"}, "timeoutInSeconds": -1}, 400, "timeoutInSeconds"),
            ({"source": {"scriptUri": "https://contoso.blob.core.windows.net/s.sh"}}, 501, "scriptUri"),
            ({"source": {"commandId": "RunShellScript"}}, 501, "commandId"),
            ({"source": {"script": "true"}, "runAsUser": "azureuser"}, 501, "runAsUser"),
            ({"source": {"script": "true"}, "outputBlobUri": "https://contoso.blob.core.windows.net/o"}, 501, "output"),
        ],
    )
    def test_what_cannot_be_run_is_refused(
        self, arm: ArmClient, machines: Recorder, properties: dict[str, Any], status: int, word: str
    ) -> None:
        answer = arm.put(COMMAND, COMPUTE, {"location": "westus", "properties": properties})
        assert answer.status == status
        assert word in answer.message
        assert machines.runs == {}

    def test_it_lies_where_its_machine_does(self, arm: ArmClient) -> None:
        assert arm.put(COMMAND, COMPUTE, {**body(), "location": "eastus2"}).status == 400
        assert arm.put(f"{MACHINES}/nobody/runCommands/proof", COMPUTE, body()).status == 404

    def test_a_machine_that_is_off_runs_nothing(self, arm: ArmClient, machines: Recorder) -> None:
        arm.finish(arm.post(f"{MACHINE}/deallocate", COMPUTE))
        answer = arm.put(COMMAND, COMPUTE, body())
        assert (answer.status, answer.code) == (409, "OperationNotAllowed")
        assert arm.post(f"{MACHINE}/runCommand", COMPUTE, {"commandId": "RunShellScript"}).status == 409
        assert machines.runs == {}

    def test_a_script_that_ends_after_everything_was_forgotten_leaves_nothing(
        self, arm: ArmClient, machines: Recorder
    ) -> None:
        arm.put(COMMAND, COMPUTE, body())
        arm.world.store.clear()
        machines.end()
        assert arm.world.store.count("arm.microsoft.compute") == 0


class TestAction:
    def test_the_last_poll_has_what_the_script_has_said(self, arm: ArmClient, machines: Recorder) -> None:
        parameters = [{"name": "KEY", "value": "myrsakey"}, {"value": "one"}]
        answer = arm.post(f"{MACHINE}/runCommand", COMPUTE, {**SCRIPT, "parameters": parameters})
        assert answer.status == 202
        assert {"Azure-AsyncOperation", "Location"} <= set(answer.headers)
        assert machines.script.text == "echo $1\necho $KEY"
        assert (machines.script.environment, machines.script.arguments) == ({"KEY": "myrsakey"}, "one")
        assert arm.call("GET", answer.headers["Location"].removeprefix("https://management.azure.com")).status == 202
        machines.end(0, "one\nmyrsakey\n", "careful\n")
        result = arm.call("GET", answer.headers["Location"].removeprefix("https://management.azure.com"))
        (said,) = result.body["value"]
        assert said["message"] == "Enable succeeded: \n[stdout]\none\nmyrsakey\n\n[stderr]\ncareful\n"
        assert (said["code"], said["level"]) == ("ProvisioningState/succeeded", "Info")
        assert arm.finish(answer).body["properties"]["output"] == result.body

    def test_one_at_a_time(self, arm: ArmClient, machines: Recorder) -> None:
        first = arm.post(f"{MACHINE}/runCommand", COMPUTE, SCRIPT)
        second = arm.post(f"{MACHINE}/runCommand", COMPUTE, SCRIPT)
        assert (second.status, second.code) == (409, "Conflict")
        machines.end()
        assert arm.finish(first).body["status"] == "Succeeded"
        assert arm.post(f"{MACHINE}/runCommand", COMPUTE, SCRIPT).status == 202

    def test_a_script_that_ran_for_too_long_says_so(self, arm: ArmClient, machines: Recorder) -> None:
        answer = arm.post(f"{MACHINE}/runCommand", COMPUTE, SCRIPT)
        assert machines.script.timeout_seconds == 5400
        machines.end(None, timed_out=True)
        (said,) = arm.finish(answer).body["properties"]["output"]["value"]
        assert said["level"] == "Error"
        assert "ran for too long" in said["message"]

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ({}, 400),
            ({"commandId": "RunShellScript"}, 400),
            ({"commandId": "RunPowerShellScript", "script": ["dir"]}, 501),
        ],
    )
    def test_what_cannot_be_run_is_refused(
        self, arm: ArmClient, machines: Recorder, sent: dict[str, Any], status: int
    ) -> None:
        assert arm.post(f"{MACHINE}/runCommand", COMPUTE, sent).status == status
        assert machines.runs == {}

    def test_a_machine_that_is_not_there_runs_nothing(self, arm: ArmClient) -> None:
        assert arm.post(f"{MACHINES}/nobody/runCommand", COMPUTE, SCRIPT).status == 404
