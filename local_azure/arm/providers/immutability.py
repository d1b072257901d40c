"""Microsoft.Storage: what makes containers immutable.

Source: blob.json of the API description (2025-06-01); "Immutable storage for blob data".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from local_azure.arm import api_versions, errors
from local_azure.arm.providers.storage import CONTAINER, LOCKED
from local_azure.arm.providers.storage_encryption import INVALID
from local_azure.arm.resource_type import ArmRequest, ArmRoute
from local_azure.arm.resources import Stored
from local_azure.arm.schema import BOOLEAN, READ_ONLY, Field, obj
from local_azure.core.http import JsonObject, Request, Response, json_response

_POLICY = f"{CONTAINER}/immutabilityPolicies"
_LONGEST = 146_000
_UNLOCKED = "Unlocked"


def _container(arm_request: ArmRequest) -> Stored:
    path = arm_request.request.path
    place = path[: path.lower().index("/containers/")] + f"/containers/{arm_request['container']}"
    stored = arm_request.arm.find(place)
    if stored is None:
        raise errors.not_found("ContainerNotFound", "The specified container does not exist.")
    return stored


def _get_policy(arm_request: ArmRequest) -> Response:
    stored = _container(arm_request)
    return _policy_answer(stored, stored.hidden.get("policy") or _new_policy({}, 0))


def _put_policy(arm_request: ArmRequest) -> Response:
    stored, body = _container(arm_request), _policy_body(arm_request)
    present = stored.hidden.get("policy")
    if present is not None and present["state"] == LOCKED:
        raise errors.conflict(
            "ContainerImmutabilityPolicyLocked", "The immutability policy is locked: it can only be extended."
        )
    if present is not None:
        _check_match(arm_request.request, present, required=False)
    policy = _new_policy(body, body.get("immutabilityPeriodSinceCreationInDays", (present or {}).get("days", 0)))
    return _save(arm_request, stored, policy)


def _delete_policy(arm_request: ArmRequest) -> Response:
    stored, policy = _with_policy(arm_request)
    if policy["state"] == LOCKED:
        raise errors.conflict(
            "ContainerImmutabilityPolicyLocked", "The immutability policy is locked and cannot be deleted."
        )
    del stored.hidden["policy"]
    arm_request.arm.resources.put(stored)
    return _policy_answer(stored, _new_policy({}, 0))


def _lock_policy(arm_request: ArmRequest) -> Response:
    stored, policy = _with_policy(arm_request)
    return _save(arm_request, stored, {**policy, "state": LOCKED, "etag": _etag()})


def _extend_policy(arm_request: ArmRequest) -> Response:
    stored, policy = _with_policy(arm_request)
    if policy["state"] != LOCKED:
        raise errors.conflict("ContainerImmutabilityPolicyNotLocked", "Only a locked immutability policy is extended.")
    days = _policy_body(arm_request).get("immutabilityPeriodSinceCreationInDays", policy["days"])
    if days < policy["days"]:
        raise errors.bad_request(INVALID, "The immutability period of a locked policy can only be made longer.")
    return _save(arm_request, stored, {**policy, "days": days, "etag": _etag()})


def _with_policy(arm_request: ArmRequest) -> tuple[Stored, JsonObject]:
    stored = _container(arm_request)
    policy = stored.hidden.get("policy")
    if policy is None:
        raise errors.not_found("ContainerImmutabilityPolicyNotFound", "The container has no immutability policy.")
    _check_match(arm_request.request, policy, required=True)
    return stored, dict(policy)


def _policy_body(arm_request: ArmRequest) -> JsonObject:
    properties = obj(
        immutabilityPeriodSinceCreationInDays=Field("integer", minimum=1, maximum=_LONGEST),
        allowProtectedAppendWrites=BOOLEAN,
        allowProtectedAppendWritesAll=BOOLEAN,
        state=READ_ONLY,
    )
    fields = {"properties": properties, **dict.fromkeys(("id", "name", "type", "etag"), READ_ONLY)}
    found: JsonObject = arm_request.body(fields, INVALID).get("properties", {})
    return found


def _new_policy(body: JsonObject, days: int) -> JsonObject:
    return {
        "days": days,
        "appends": bool(body.get("allowProtectedAppendWrites") or body.get("allowProtectedAppendWritesAll")),
        "state": _UNLOCKED,
        "etag": _etag(),
    }


def _save(arm_request: ArmRequest, stored: Stored, policy: JsonObject) -> Response:
    stored.hidden["policy"] = policy
    arm_request.arm.resources.put(stored)
    return _policy_answer(stored, policy)


def _policy_answer(stored: Stored, policy: JsonObject) -> Response:
    document = {
        "id": f"{stored.id}/immutabilityPolicies/default",
        "name": "default",
        "type": _POLICY,
        "etag": policy["etag"],
        "properties": told(policy),
    }
    return json_response(document, headers={"ETag": policy["etag"]})


def told(policy: JsonObject) -> JsonObject:
    """A policy as ARM shows it."""
    return {
        "immutabilityPeriodSinceCreationInDays": policy["days"],
        "allowProtectedAppendWrites": policy["appends"],
        "state": policy["state"],
    }


def _etag() -> str:
    return f'"{uuid.uuid4().hex[:16]}"'


def _check_match(request: Request, policy: JsonObject, *, required: bool) -> None:
    given = request.headers.get("if-match")
    if given is None and required:
        raise errors.bad_request("MissingRequiredHeader", "The header If-Match is required.")
    if given not in (None, "*", policy["etag"], policy["etag"].strip('"')):
        raise errors.precondition_failed("The condition specified by If-Match is not met.")


def _set_hold(arm_request: ArmRequest) -> Response:
    return _hold(arm_request, lambda present, given: [*present, *(tag for tag in given if tag not in present)])


def _clear_hold(arm_request: ArmRequest) -> Response:
    return _hold(arm_request, lambda present, given: [tag for tag in present if tag not in given])


def _hold(arm_request: ArmRequest, change: Callable[[list[str], list[str]], list[str]]) -> Response:
    fields = {
        "tags": Field("array", required=True, items=Field(pattern="[0-9A-Za-z]{3,23}")),
        "hasLegalHold": READ_ONLY,
        "allowProtectedAppendWritesAll": BOOLEAN,
    }
    given = [tag.lower() for tag in arm_request.body(fields, INVALID)["tags"]]
    stored = _container(arm_request)
    stored.hidden["holds"] = change(list(stored.hidden.get("holds", [])), given)
    arm_request.arm.resources.put(stored)
    return json_response({"hasLegalHold": bool(stored.hidden["holds"]), "tags": stored.hidden["holds"]})


_ROOT = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}"
_PATH = f"{_ROOT}/blobServices/default/containers/{{container}}"


def _route(method: str, rest: str, handler: Callable[[ArmRequest], Response], action: str) -> ArmRoute:
    return ArmRoute(method, f"{_PATH}/{rest}", handler, api_versions.STORAGE, action, _PATH)


ROUTES = (
    _route("GET", "immutabilityPolicies/default", _get_policy, f"{_POLICY}/read"),
    _route("PUT", "immutabilityPolicies/default", _put_policy, f"{_POLICY}/write"),
    _route("DELETE", "immutabilityPolicies/default", _delete_policy, f"{_POLICY}/delete"),
    _route("POST", "immutabilityPolicies/default/lock", _lock_policy, f"{_POLICY}/lock/action"),
    _route("POST", "immutabilityPolicies/default/extend", _extend_policy, f"{_POLICY}/extend/action"),
    _route("POST", "setLegalHold", _set_hold, f"{CONTAINER}/setLegalHold/action"),
    _route("POST", "clearLegalHold", _clear_hold, f"{CONTAINER}/clearLegalHold/action"),
)
