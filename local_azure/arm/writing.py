"""Create and update, the same for every resource type; what differs is in its declaration."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Literal

from local_azure.arm import errors, ids, locations, locks, operations, rbac, registration, tags
from local_azure.arm.authentication import Caller
from local_azure.arm.ids import ResourceId
from local_azure.arm.reading import check_conditions, etag_header, missing, require_group
from local_azure.arm.resource_type import Arm, ArmRequest, Change, LongRunning, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    Changed,
    Invalid,
    carry_over,
    clean,
    keep_unchangeable,
    merged,
    refuse_changes,
    shown,
)
from local_azure.core.http import JsonObject, Response, json_response


def put(arm_request: ArmRequest, kind: ResourceType, resource: ResourceId) -> Response:
    """PUT: creates the resource or replaces what clients may write of it."""
    return _write(arm_request, kind, resource, patch=False)


def patch(arm_request: ArmRequest, kind: ResourceType, resource: ResourceId) -> Response:
    """PATCH: changes some of an existing resource."""
    if kind.patch is None:
        raise errors.method_not_allowed("PATCH", kind.name)
    return _write(arm_request, kind, resource, patch=True)


def finish_write(arm: Arm, document: JsonObject) -> None:
    """The end of a long-running write."""
    stored = arm.find(document["resource_id"])
    if stored is None:
        return
    kind = arm.types[ids.type_of(stored.id).lower()]
    if kind.has_state:
        stored.properties["provisioningState"] = "Succeeded"
    _touch(kind, stored)
    kind.finished(arm, stored)
    arm.resources.put(stored)


def create(arm: Arm, caller: Caller, resource_id: str, body: JsonObject) -> Stored:
    """Makes a resource that another one brings along, as its type declares it and done at once."""
    parsed = ids.parse(resource_id)
    if parsed is None:
        raise ValueError(f"not a resource id: {resource_id}")
    kind = arm.types[parsed.type.lower()]
    existing = arm.find(resource_id)
    stored = _new_document(arm, kind, parsed, _cleaned(kind, body, existing, parsed), existing, caller)
    kind.prepare(Change(arm, caller, parsed, stored, existing, kind.api_versions[0]))
    if kind.has_state:
        stored.properties["provisioningState"] = "Succeeded"
    arm.resources.put(stored)
    kind.written(arm, stored)
    kind.finished(arm, stored)
    arm.resources.put(stored)
    return stored


def _write(arm_request: ArmRequest, kind: ResourceType, resource: ResourceId, *, patch: bool) -> Response:
    arm, caller, request = arm_request.arm, arm_request.caller, arm_request.request
    rbac.require(arm.resources, caller, f"{kind.name}/write", str(resource))
    registration.require(arm.world, kind.namespace)
    locks.refuse_write(arm.resources, str(resource))
    place = _canonical(arm, kind, resource)
    existing = arm.find(str(place))
    if existing is None:
        if patch:
            raise missing(arm, kind, resource)
        _check_name(kind, place.name)
    check_conditions(kind, request, existing)
    if operations.pending(arm.world, str(place)) is not None:
        raise errors.operation_in_progress(str(place))
    body = request.json()
    if patch and existing is not None:
        body = _patched(kind, existing, body)
    stored = _new_document(arm, kind, place, _cleaned(kind, body, existing, place), existing, caller)
    kind.prepare(Change(arm, caller, place, stored, existing, arm_request.api_version))
    stored.resource = shown(kind.body, stored.resource)
    return _accept(arm_request, kind, stored, new=existing is None)


def _accept(arm_request: ArmRequest, kind: ResourceType, stored: Stored, *, new: bool) -> Response:
    """Writes the resource and answers, with an operation to poll where the type takes its time."""
    arm, running = arm_request.arm, kind.write
    if kind.has_state:
        stored.properties["provisioningState"] = _state(running, new=new)
    arm.resources.put(stored)
    kind.written(arm, stored)
    if running is None:
        kind.finished(arm, stored)
        arm.resources.put(stored)
        content = kind.present(arm, stored, arm_request.api_version)
        return json_response(content, kind.created_status if new else 200, etag_header(kind, stored))
    arm.resources.put(stored)
    document = operations.start(
        arm,
        operations.WRITE,
        stored.id,
        running,
        api_version=arm_request.api_version,
        figure=running.figure if new else (running.update_figure or running.figure),
        shows_resource=True,
        awaits=kind.awaits(stored),
    )
    code = running.status if new else running.update_status
    headers = operations.headers(arm.world, arm_request.request, document)
    shape = running.body if new else (running.update_body or running.body)
    if shape == "none":
        return Response(code, headers)
    content = {} if shape == "object" else kind.present(arm, stored, arm_request.api_version)
    return json_response(content, code, headers)


def _state(running: LongRunning | None, *, new: bool) -> str:
    """``provisioningState`` right after the request."""
    if running is None:
        return "Succeeded"
    return running.state if new else (running.update_state or running.state)


def _canonical(arm: Arm, kind: ResourceType, resource: ResourceId) -> ResourceId:
    """The id with the spelling of what exists already; raises where the place of the resource does not exist."""
    types = tuple(kind.name.split("/")[1:])
    scope = require_group(arm, resource) or resource.scope
    _refuse_group_that_goes(arm, resource)
    if kind.extension:
        scope = _canonical_scope(arm, resource, scope)
    names = resource.names
    if kind.is_child and resource.parent is not None:
        parent = arm.find(resource.parent)
        if parent is None:
            raise errors.parent_not_found(resource, "write")
        found = ids.parse(parent.id)
        names = (*(found.names if found else resource.names[:-1]), resource.name)
    existing = arm.find(str(resource))
    if existing is not None:
        names = (*names[:-1], existing.name)
    return ResourceId(scope, kind.namespace, types, names)


def _refuse_group_that_goes(arm: Arm, resource: ResourceId) -> None:
    group = arm.find(ids.group_id(str(resource.subscription), resource.group)) if resource.group else None
    if group is not None and group.properties["provisioningState"] == "Deleting":
        raise errors.conflict(
            "ResourceGroupBeingDeleted",
            f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation.",
        )


def _canonical_scope(arm: Arm, resource: ResourceId, scope: str) -> str:
    """An extension lies on a subscription, a group or a resource that exists."""
    target = ids.parse(resource.scope)
    if target is None or target.is_collection:
        return scope
    found = arm.find(resource.scope)
    if found is None:
        raise errors.resource_not_found(target)
    return found.id


def _check_name(kind: ResourceType, name: str) -> None:
    if not re.fullmatch(kind.name_pattern, name):
        raise errors.bad_request(kind.name_error, f"'{name}' is not a valid name for '{kind.name}'. {kind.name_advice}")


def _patched(kind: ResourceType, existing: Stored, body: JsonObject) -> JsonObject:
    old = {name: value for name, value in existing.resource.items() if name in kind.body}
    if kind.patch == "tags":
        return {**old, "tags": {**body.get("tags", {})}}
    return merged(old, body)


def _cleaned(kind: ResourceType, body: JsonObject, existing: Stored | None, place: ResourceId) -> JsonObject:
    """The body as the service takes it; what clients cannot write comes from the existing resource."""
    fields = kind.body
    body = {name: value for name, value in body.items() if value is not None}
    if kind.location is not None:
        body = {"location": kind.location, **body}
    if existing is not None and kind.tracked:
        body = {"location": existing.location, **body}
    try:
        body = {"properties": {}, **body}
        if existing is not None:
            body = keep_unchangeable(fields, body, existing.resource)
        result = clean(fields, body)
        if existing is not None:
            refuse_changes(fields, result, existing.resource)
            carry_over(fields, result, existing.resource)
    except Invalid as problem:
        raise kind.invalid(problem) from None
    except Changed as problem:
        raise kind.changed(problem) from None
    if kind.tracked:
        result["location"] = locations.required(result["location"], kind.name, kind.location)
        if existing is not None:
            locations.refuse_move(place.name, place.group, existing.location, result["location"])
        tags.check(result.get("tags", {}))
    return result


def _new_document(
    arm: Arm, kind: ResourceType, place: ResourceId, body: JsonObject, existing: Stored | None, caller: Caller
) -> Stored:
    resource: JsonObject = {"id": str(place), "name": place.name, "type": kind.name}
    if kind.tracked:
        resource["location"] = body.pop("location")
        resource["tags"] = body.pop("tags", {})
    resource |= {name: value for name, value in body.items() if name not in resource}
    if kind.system_data:
        resource["systemData"] = system_data(arm, caller, existing)
    stored = Stored(resource, {} if existing is None else existing.hidden)
    _touch(kind, stored)
    return stored


def system_data(arm: Arm, caller: Caller, existing: Stored | None) -> JsonObject:
    """Who made and who last changed a resource, and when (milliseconds)."""
    now = milliseconds(arm.world.clock.now())
    changed = {"lastModifiedBy": caller.name, "lastModifiedByType": caller.kind, "lastModifiedAt": now}
    if existing is None:
        return {"createdBy": caller.name, "createdByType": caller.kind, "createdAt": now, **changed}
    return {**existing.resource.get("systemData", {}), **changed}


def milliseconds(moment: datetime) -> str:
    """``2026-01-31T12:00:00.123Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def new_etag(kind: Literal["weak", "plain"]) -> str:
    """A fresh ETag: ``W/"…"`` as the network provider writes it, or a bare GUID as private DNS does."""
    return f'W/"{uuid.uuid4()}"' if kind == "weak" else str(uuid.uuid4())


def _touch(kind: ResourceType, stored: Stored) -> None:
    if kind.etag is not None:
        stored.resource["etag"] = new_etag(kind.etag)
