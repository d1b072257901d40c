"""Long-running operations: waiting until ARM has done what it accepted.

Source: "Track asynchronous Azure operations": the header ``Azure-AsyncOperation`` before ``Location`` before the
resource's own ``provisioningState``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local_azure.plugin.arm import ArmClient, retry_after
from local_azure.plugin.errors import ArmError, arm_error
from local_azure.plugin.transport import Answer
from local_azure.plugin.waiting import Deadline

_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.5, 10.0
"""Between polls where the service asks for no other pause: each is twice the one before."""
_DONE = frozenset({"Succeeded", "Activated", "SecurityDomainRestore"})
"""The latter two are states in which a Managed HSM stays."""
_FAILED = frozenset({"Failed", "Canceled", "Cancelled"})


def wait_until_written(
    client: ArmClient, accepted: Answer, resource_id: str, api_version: str, deadline: Deadline
) -> None:
    """Returns when a PUT that was accepted is done. Raises ArmError where it fails."""
    if _wait_for_headers(client, accepted, resource_id, api_version, deadline):
        return
    answer, pauses = accepted, _pauses()
    while not _is_done(_provisioning_state(answer.json()), answer, resource_id):
        deadline.wait(retry_after(answer, next(pauses)))
        answer = client.send("GET", resource_id, api_version, deadline)


def wait_until_deleted(
    client: ArmClient, accepted: Answer, resource_id: str, api_version: str, deadline: Deadline
) -> None:
    """Returns when a DELETE that was accepted is done. Raises ArmError where it fails."""
    try:
        _wait_for_headers(client, accepted, resource_id, api_version, deadline)
    except ArmError as error:
        # The operation may go together with the resource.
        if error.status != 404:
            raise


def _wait_for_headers(
    client: ArmClient, accepted: Answer, resource_id: str, api_version: str, deadline: Deadline
) -> bool:
    operation = accepted.headers.get("azure-asyncoperation") or accepted.headers.get("operation-location")
    if operation:
        _poll_operation(client, accepted, operation, resource_id, deadline)
        return True
    location = accepted.headers.get("location")
    if location and accepted.status in (201, 202):
        _poll_location(client, accepted, _versioned(location, api_version), resource_id, deadline)
        return True
    return False


def _poll_operation(client: ArmClient, accepted: Answer, url: str, resource_id: str, deadline: Deadline) -> None:
    answer, pauses = accepted, _pauses()
    while True:
        deadline.wait(retry_after(answer, next(pauses)))
        answer = client.poll(url, resource_id, deadline)
        if _is_done(str(answer.json().get("status", "Succeeded")), answer, resource_id):
            return


def _poll_location(client: ArmClient, accepted: Answer, url: str, resource_id: str, deadline: Deadline) -> None:
    pauses = _pauses()
    # A 201 that names a location is mostly done already: user-assigned identities answer so.
    deadline.wait(retry_after(accepted, next(pauses) if accepted.status == 202 else 0.0))
    answer = client.poll(url, resource_id, deadline)
    while True:
        if answer.status != 202 and _is_done(_provisioning_state(answer.json()), answer, resource_id):
            return
        deadline.wait(retry_after(answer, next(pauses)))
        answer = client.poll(answer.headers.get("location", url), resource_id, deadline)


def _pauses() -> Iterator[float]:
    pause = _FIRST_POLL_SECONDS
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_POLL_SECONDS)


def _versioned(url: str, api_version: str) -> str:
    # User-assigned identities give a location without an api-version.
    return url if "api-version=" in url else f"{url}{'&' if '?' in url else '?'}api-version={api_version}"


def _provisioning_state(body: Mapping[str, Any]) -> str:
    properties = body.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, Mapping) else None
    return str(state or "Succeeded")


def _is_done(state: str, answer: Answer, resource_id: str) -> bool:
    if state in _FAILED:
        body = answer.json()
        if "error" not in body:
            body = {"error": {"code": state, "message": f"the operation ended as {state}"}}
        raise arm_error(answer.status, body, resource_id)
    return state in _DONE
