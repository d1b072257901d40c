"""Run command: scripts inside of virtual machines, as a resource and as an action.

``Microsoft.Compute/virtualMachines/runCommands`` ("managed": a resource that shows how its script ended) and
``POST …/virtualMachines/{machine}/runCommand`` ("action": the result is in the operation). Shapes: the REST
descriptions ``virtualMachineRunCommand.json`` and ``runCommand.json``; the words of a result as azure-cli's users
report them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial

from local_azure.arm import api_versions, errors, ids, operations
from local_azure.arm.providers.compute import MACHINE, RUNNING, power_of
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Resources, Stored
from local_azure.arm.schema import BOOLEAN, READ_ONLY, STRING, STRINGS, Field, array, obj
from local_azure.core.clock import iso
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject, Response
from local_azure.core.machines import Outcome, Script
from local_azure.core.world import World

RUN_COMMAND = f"{MACHINE}/runCommands"
ACTION = "virtualMachines.runCommand"
_SHELL = "RunShellScript"
_DEFAULT_SECONDS = 5400
"""90 minutes, for both kinds."""
_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
_PATH = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{machine}"
_UNFINISHED = ("Pending", "Running")
_OUTPUTS = "compute.run_outputs"
_INTERRUPTED = "The local Azure ended while the script ran, and the virtual machine with it."

_PARAMETERS = array(obj(name=STRING, value=STRING))
_ACTION_BODY = {"commandId": STRING, "script": STRINGS, "parameters": _PARAMETERS}


def _prepare(change: Change) -> None:
    """Starts the script: its secrets are never kept, so it must begin while they are at hand."""
    machine = change.arm.find(str(change.id.parent))
    if machine is None:
        raise errors.parent_not_found(change.id, "write")
    _require_running(machine)
    if change.stored.location != machine.location:
        raise errors.bad_request(
            "InvalidParameter", f"The run command {change.id.name} must be in {machine.location} as its machine is."
        )
    script = _script(change.properties)
    _cancel(change.arm, change.existing)
    run_id = str(uuid.uuid4())
    change.stored.hidden["run"] = run_id
    now = change.arm.world.clock.now()
    change.stored.hidden["view"] = {"executionState": "Running", "startTime": iso(now)}
    done = partial(_record, change.arm.world, change.stored.id, run_id)
    change.arm.world.machines.run(machine.id, run_id, script, done)


def _script(properties: JsonObject) -> Script:
    source = properties["source"]
    for name in ("scriptUri", "commandId", "galleryScriptReferenceId"):
        if name in source:
            raise NotPlayed(f"'{name}' of run commands: give the script itself")
    for name in ("runAsUser", "outputBlobUri", "errorBlobUri"):
        if properties.get(name):
            raise NotPlayed(f"'{name}' of run commands")
    if not source.get("script"):
        raise errors.bad_request("InvalidParameter", "Required parameter 'source.script' is missing (null).")
    parameters = [*properties.get("parameters", []), *properties.get("protectedParameters", [])]
    return _with_parameters(source["script"], parameters, properties.get("timeoutInSeconds") or _DEFAULT_SECONDS)


def _with_parameters(text: str, parameters: Iterable[JsonObject], seconds: float) -> Script:
    """Named parameters go into the environment, unnamed ones behind the script."""
    given = [each for each in parameters if each.get("value")]
    return Script(
        text=text,
        arguments=" ".join(each["value"] for each in given if not each.get("name")),
        environment={each["name"]: each["value"] for each in given if each.get("name")},
        timeout_seconds=seconds,
    )


def _awaits(stored: Stored) -> str | None:
    """Done when the script has ended, or with ``asyncExecution`` when it has begun."""
    return None if stored.properties.get("asyncExecution") else str(stored.hidden["run"])


def _record(world: World, run_command_id: str, run_id: str, outcome: Outcome) -> None:
    """Writes down how the script ended, unless something else has taken its place."""
    resources = Resources(world)
    with world.store.transaction():
        operations.release(world, run_id)
        stored = resources.find(run_command_id)
        if stored is not None and stored.hidden["run"] == run_id:
            stored.hidden["view"] = _view_of(outcome)
            resources.put(stored)


def _view_of(outcome: Outcome) -> JsonObject:
    return {
        "executionState": _state_of(outcome),
        "executionMessage": outcome.problem or "Execution completed",
        "exitCode": -1 if outcome.exit_code is None else outcome.exit_code,
        "output": outcome.output,
        "error": outcome.error,
        "startTime": iso(outcome.began),
        "endTime": iso(outcome.ended),
    }


def _state_of(outcome: Outcome) -> str:
    if outcome.timed_out:
        return "TimedOut"
    return "Succeeded" if outcome.exit_code == 0 else "Failed"


def _finished(arm: Arm, stored: Stored) -> None:
    view = stored.hidden["view"]
    failed = view["executionState"] not in ("Succeeded", *_UNFINISHED)
    if failed and stored.properties.get("treatFailureAsDeploymentFailure"):
        stored.properties["provisioningState"] = "Failed"
        arm.resources.put(stored)
        raise errors.conflict(
            "VMExtensionProvisioningError",
            f"VM has reported a failure when processing run command '{stored.name}'. Error message: "
            f"'Execution {view['executionState'].lower()}: command terminated with exit status={view['exitCode']}'",
        )


def _view(arm: Arm, stored: Stored) -> JsonObject:
    del arm
    view: JsonObject = stored.hidden["view"]
    return view


def _deleted(arm: Arm, stored: Stored) -> None:
    _cancel(arm, stored)


def _cancel(arm: Arm, stored: Stored | None) -> None:
    if stored is not None and stored.hidden["view"]["executionState"] in _UNFINISHED:
        arm.world.machines.cancel(stored.hidden["run"])


def _act(arm_request: ArmRequest) -> Response:
    """The action: one script at a time."""
    arm = arm_request.arm
    machine_id = arm_request.request.path.rpartition("/")[0]
    machine = arm.find(machine_id)
    if machine is None:
        parsed = ids.parse(machine_id)
        raise errors.resource_not_found(parsed) if parsed else errors.not_found("NotFound", machine_id)
    _require_running(machine)
    if operations.pending(arm.world, machine.id) is not None:
        raise errors.conflict(
            "Conflict",
            "Run command extension execution is in progress. Please wait for completion before invoking a run command.",
        )
    script = _script_of_action(arm_request.body(_ACTION_BODY, "InvalidParameter"))
    run_id = str(uuid.uuid4())
    document = operations.start(arm, ACTION, machine.id, _ACTING, api_version=arm_request.api_version, awaits=run_id)
    arm.world.machines.run(machine.id, run_id, script, partial(_keep_output, arm.world, run_id))
    return Response(202, operations.headers(arm.world, arm_request.request, document))


def _script_of_action(body: JsonObject) -> Script:
    command = body.get("commandId")
    if not command:
        raise errors.bad_request("InvalidParameter", "Required parameter 'commandId' is missing (null).")
    if command.lower() != _SHELL.lower():
        raise NotPlayed(f"the command '{command}': only {_SHELL}")
    if not body.get("script"):
        raise errors.bad_request("InvalidParameter", "Required parameter 'script' is missing (null).")
    return _with_parameters("\n".join(body["script"]), body.get("parameters") or [], _DEFAULT_SECONDS)


def _keep_output(world: World, run_id: str, outcome: Outcome) -> None:
    said = f"[stdout]\n{outcome.output}\n[stderr]\n{outcome.error}"
    failure = outcome.problem or ("the script ran for too long" if outcome.timed_out else None)
    status = {
        "code": "ProvisioningState/succeeded" if failure is None else "ProvisioningState/failed",
        "level": "Info" if failure is None else "Error",
        "displayStatus": "Provisioning succeeded" if failure is None else "Provisioning failed",
        # A script that fails on its own account is a success of the extension.
        "message": f"Enable succeeded: \n{said}" if failure is None else f"Enable failed: {failure}\n{said}",
    }
    with world.store.transaction():
        if run_id in operations.awaited(world, ACTION):
            world.store.put(_OUTPUTS, run_id, {"value": [status]})
            operations.release(world, run_id)


def finish_action(arm: Arm, document: JsonObject) -> None:
    """The operation shows what the script has said."""
    found = arm.world.store.get(_OUTPUTS, document["awaits"])
    arm.world.store.delete(_OUTPUTS, document["awaits"])
    document["output"] = found or {"value": []}


def abandon(world: World) -> None:
    """Ends what a daemon that was killed has left unfinished: its scripts ended with it."""
    resources, now = Resources(world), world.clock.now()
    outcome = Outcome(None, "", "", now, now, problem=_INTERRUPTED)
    for stored in resources.of_type(RUN_COMMAND):
        if stored.hidden["view"]["executionState"] in _UNFINISHED:
            _record(world, stored.id, stored.hidden["run"], outcome)
    for run_id in operations.awaited(world, ACTION):
        _keep_output(world, run_id, outcome)


def _require_running(machine: Stored) -> None:
    if power_of(machine) != RUNNING:
        raise errors.conflict("OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")


_RUNNING_WRITE = LongRunning(
    figure="virtual_machine.update",
    poll=Poll.OPERATION,
    state="Creating",
    update_state="Updating",
    statuses=f"{_LOCATION}/operations/{{operation}}",
    results=f"{_LOCATION}/operationResults/{{operation}}",
)
_ACTING = LongRunning(
    figure="virtual_machine.update",
    poll=Poll.BOTH,
    status=202,
    body="none",
    statuses=f"{_LOCATION}/operations/{{operation}}",
    results=f"{_LOCATION}/operationResults/{{operation}}",
)

TYPES = (
    ResourceType(
        name=RUN_COMMAND,
        api_versions=api_versions.COMPUTE,
        properties={
            "source": obj(
                required=True,
                script=STRING,
                scriptUri=STRING,
                commandId=STRING,
                galleryScriptReferenceId=STRING,
                scriptUriManagedIdentity=Field("any"),
            ),
            "parameters": _PARAMETERS,
            "protectedParameters": array(obj(name=STRING, value=STRING), write_only=True),
            "asyncExecution": Field("boolean", default=False),
            "runAsUser": STRING,
            "runAsPassword": Field(write_only=True),
            "timeoutInSeconds": Field("integer", minimum=0),
            "outputBlobUri": STRING,
            "errorBlobUri": STRING,
            "outputBlobManagedIdentity": Field("any"),
            "errorBlobManagedIdentity": Field("any"),
            "treatFailureAsDeploymentFailure": BOOLEAN,
            "provisioningState": READ_ONLY,
            "instanceView": READ_ONLY,
        },
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?",
        write=_RUNNING_WRITE,
        delete=_ACTING,
        delete_rank=12,
        prepare=_prepare,
        finished=_finished,
        deleted=_deleted,
        awaits=_awaits,
        expansions={"instanceView": _view},
        invalid_code="InvalidParameter",
    ),
)

ROUTES = (ArmRoute("POST", f"{_PATH}/runCommand", _act, api_versions.COMPUTE, f"{MACHINE}/runCommand/action", _PATH),)
