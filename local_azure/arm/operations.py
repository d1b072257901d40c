"""Long-running operations: accepted now, done when their time has come, polled meanwhile.

An operation whose time has come is carried out with the next request to ARM; one that takes no time, at once.
See "Track asynchronous Azure operations" for the headers and the polling.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping

from local_azure.arm import ids
from local_azure.arm.errors import not_found
from local_azure.arm.resource_type import Arm, LongRunning, Poll
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.world import World

_OPERATIONS, _PENDING, _SILENT = "arm.operations", "arm.pending_operations", "arm.silent_operations"
_RELEASED = "arm.released_operations"

WRITE, DELETE = "write", "delete"
Completion = Callable[[Arm, JsonObject], None]
"""Carries out an operation, given its document."""


def never_report_done(world: World, kind: str, on: bool = True) -> None:
    """Operations of this kind are carried out, but polling never says so: what the purge of a Managed HSM can do."""
    if on:
        world.store.put(_SILENT, kind, {})
    else:
        world.store.delete(_SILENT, kind)


def start(
    arm: Arm,
    kind: str,
    resource_id: str,
    running: LongRunning,
    *,
    api_version: str,
    figure: str | None = None,
    location: str | None = None,
    shows_resource: bool = False,
    awaits: str | None = None,
) -> JsonObject:
    """Takes up an operation and answers its document.

    ``location`` is that of the resource unless it is given; ``shows_resource``: the last poll answers the resource;
    ``awaits``: it does not end before this is released.
    """
    operation_id = str(uuid.uuid4())
    due = arm.world.clock.timestamp() + arm.world.latency.seconds(figure or running.figure)
    location = location or _location(arm, resource_id)
    document: JsonObject = {
        "id": operation_id,
        "kind": kind,
        "resource_id": resource_id,
        "api_version": api_version,
        "due": due,
        "status": "InProgress",
        "error": None,
        "shows_resource": shows_resource,
        "awaits": awaits,
        "output": None,
        "retry_after": running.retry_after,
        "poll": running.poll.name,
        "statuses": _path(running.statuses, resource_id, location, operation_id),
        "results": _path(running.results, resource_id, location, operation_id),
    }
    arm.world.store.put(_OPERATIONS, operation_id, document)
    arm.world.store.put(_PENDING, f"{due:020.6f}/{operation_id}", {"id": operation_id, "resource_id": resource_id})
    return document


def settle(arm: Arm, completions: Mapping[str, Completion]) -> None:
    """Carries out every operation whose time has come, in their order."""
    store = arm.world.store
    now = arm.world.clock.timestamp()
    for key, pending in store.scan(_PENDING):
        if float(key.partition("/")[0]) > now:
            return
        with store.transaction():
            document = store.get(_OPERATIONS, pending["id"])
            if document is not None and not _is_released(arm.world, document):
                continue
            if store.delete(_PENDING, key) and document is not None:
                _carry_out(arm, completions[document["kind"]], document)
                store.put(_OPERATIONS, document["id"], document)


def release(world: World, awaited: str) -> None:
    """What an operation waits for has happened."""
    world.store.put(_RELEASED, awaited, {})


def awaited(world: World, kind: str) -> list[str]:
    """What the operations of a kind still wait for."""
    documents = [world.store.get(_OPERATIONS, each["id"]) for _, each in world.store.scan(_PENDING)]
    return [
        str(each["awaits"]) for each in documents if each is not None and each["kind"] == kind and each.get("awaits")
    ]


def pending(world: World, resource_id: str) -> JsonObject | None:
    """The operation on this very resource that is under way."""
    for _, each in world.store.scan(_PENDING):
        if ids.same(each["resource_id"], resource_id):
            return world.store.get(_OPERATIONS, each["id"])
    return None


def headers(world: World, request: Request, document: JsonObject) -> dict[str, str]:
    """Where to poll, and when."""
    base = f"https://{request.host}"
    version = f"?api-version={document['api_version']}"
    poll = Poll[document["poll"]]
    found: dict[str, str] = {}
    if poll in (Poll.OPERATION, Poll.BOTH):
        found["Azure-AsyncOperation"] = f"{base}{document['statuses']}{version}"
    if poll in (Poll.LOCATION, Poll.BOTH):
        found["Location"] = f"{base}{document['results']}{version}"
    if found:
        found["Retry-After"] = str(_retry_after(world, document))
    return found


def status(arm: Arm, request: Request, operation_id: str) -> Response:
    """What the Azure-AsyncOperation resource answers."""
    document = _find(arm.world, operation_id)
    if _in_progress(arm.world, document):
        return json_response({"status": "InProgress"}, headers=_headers_of_poll(arm.world, request, document))
    if document["error"] is not None:
        return json_response({"status": "Failed", "error": document["error"]["error"]})
    output = document.get("output")
    return json_response({"status": "Succeeded", **({} if output is None else {"properties": {"output": output}})})


def result(arm: Arm, request: Request, operation_id: str, show: Callable[[str, str], JsonObject]) -> Response:
    """What the Location resource answers: 202 until the end, then the operation's output, the resource or nothing.

    ``show`` gives a resource by id and api-version. Raises the error with which the operation failed.
    """
    document = _find(arm.world, operation_id)
    if _in_progress(arm.world, document):
        return Response(202, _headers_of_poll(arm.world, request, document))
    if document["error"] is not None:
        return json_response(document["error"], 409)
    if document.get("output") is not None:
        return json_response(document["output"])
    if document["shows_resource"]:
        return json_response(show(document["resource_id"], document["api_version"]))
    return Response(200)


def _carry_out(arm: Arm, completion: Completion, document: JsonObject) -> None:
    try:
        completion(arm, document)
        document["status"] = "Succeeded"
    except ServiceError as error:
        document["status"] = "Failed"
        document["error"] = error.body()


def _is_released(world: World, document: JsonObject) -> bool:
    return not document.get("awaits") or world.store.get(_RELEASED, document["awaits"]) is not None


def _headers_of_poll(world: World, request: Request, document: JsonObject) -> dict[str, str]:
    """What waits beyond its time may do so for long: polling it without a pause would only slow it down."""
    found = headers(world, request, document)
    return {**found, "Retry-After": "1"} if found.get("Retry-After") == "0" else found


def _find(world: World, operation_id: str) -> JsonObject:
    document = world.store.get(_OPERATIONS, operation_id.lower())
    if document is None:
        raise not_found("OperationNotFound", f"The operation '{operation_id}' could not be found.")
    return document


def _in_progress(world: World, document: JsonObject) -> bool:
    return document["status"] == "InProgress" or world.store.get(_SILENT, document["kind"]) is not None


def _retry_after(world: World, document: JsonObject) -> int:
    """Whole seconds; no longer than the operation still takes, and none where operations take none."""
    if document["status"] != "InProgress":
        return 1
    left = math.ceil(float(document["due"]) - world.clock.timestamp())
    return max(0, min(int(document["retry_after"]), left))


def _location(arm: Arm, resource_id: str) -> str:
    """The region of the resource, else of the resource that it is in."""
    found = arm.find(resource_id)
    if found is not None and found.location:
        return found.location
    parsed = ids.parse(resource_id)
    return _location(arm, parsed.parent) if parsed is not None and parsed.parent is not None else "global"


def _path(template: str, resource_id: str, location: str, operation_id: str) -> str:
    return template.format(
        subscription=ids.subscription_of(resource_id),
        group=ids.group_of(resource_id),
        location=location,
        operation=operation_id,
    )
