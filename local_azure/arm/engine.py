"""Create, read, update and delete, the same for every resource type; what differs is in its declaration."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Literal

from local_azure.arm import errors, ids, locations, locks, operations, rbac, registration, tags
from local_azure.arm.authentication import Caller
from local_azure.arm.ids import ResourceId
from local_azure.arm.resource_type import Arm, Change, LongRunning, ResourceType
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
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response


def get(arm: Arm, caller: Caller, kind: ResourceType, resource: ResourceId, request: Request, version: str) -> Response:
    """GET of one resource."""
    rbac.require(arm.resources, caller, f"{kind.name}/read", str(resource))
    stored = arm.find(str(resource))
    if stored is None:
        raise _missing(arm, kind, resource)
    del request
    return json_response(shown_resource(arm, kind, stored, version), headers=_etag_header(kind, stored))


def put(arm: Arm, caller: Caller, kind: ResourceType, resource: ResourceId, request: Request, version: str) -> Response:
    """PUT: creates the resource or replaces what clients may write of it."""
    return _write(arm, caller, kind, resource, request, version, patch=False)


def patch(
    arm: Arm, caller: Caller, kind: ResourceType, resource: ResourceId, request: Request, version: str
) -> Response:
    """PATCH: changes some of an existing resource."""
    if kind.patch is None:
        raise errors.method_not_allowed("PATCH", kind.name)
    return _write(arm, caller, kind, resource, request, version, patch=True)


def delete(
    arm: Arm, caller: Caller, kind: ResourceType, resource: ResourceId, request: Request, version: str
) -> Response:
    """DELETE: 204 where there is nothing to delete."""
    rbac.require(arm.resources, caller, f"{kind.name}/delete", str(resource))
    stored = arm.find(str(resource))
    if stored is None:
        _require_group(arm, resource)
        return Response(204)
    if ids.type_of(stored.id).lower() != locks.LOCKS.lower():
        locks.refuse_delete(arm.resources, stored.id)
    _check_conditions(kind, request, stored)
    kind.check_delete(arm, stored)
    if kind.delete is None:
        remove(arm, kind, stored)
        return Response(200)
    document = operations.start(arm, operations.DELETE, stored.id, kind.delete, api_version=version)
    if kind.has_state:
        stored.properties["provisioningState"] = "Deleting"
        arm.resources.put(stored)
    headers = operations.headers(arm.world, request, document)
    if kind.delete.body == "object":
        return json_response({}, kind.delete.status, headers)
    return Response(kind.delete.status, headers)


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


def finish_delete(arm: Arm, document: JsonObject) -> None:
    """The end of a long-running delete."""
    stored = arm.find(document["resource_id"])
    if stored is not None:
        remove(arm, arm.types[ids.type_of(stored.id).lower()], stored)


def remove(arm: Arm, kind: ResourceType, stored: Stored) -> None:
    """Removes the resource with everything that lies in it or upon it."""
    remove_contents(arm, stored.id)
    arm.resources.remove(stored.id)
    kind.deleted(arm, stored)


def remove_contents(arm: Arm, scope: str) -> None:
    """Removes everything within a scope, in an order in which nothing that is still needed goes first."""
    for kind in sorted(arm.types.values(), key=lambda each: each.delete_rank):
        for stored in arm.resources.of_type(kind.name, scope):
            if arm.find(stored.id) is not None:
                arm.resources.remove(stored.id)
                kind.deleted(arm, stored)


def shown_resource(arm: Arm, kind: ResourceType, stored: Stored, version: str) -> JsonObject:
    """The resource as a GET shows it."""
    return kind.present(arm, stored, version)


def show(arm: Arm, resource_id: str, version: str) -> JsonObject:
    """The same by id."""
    stored = arm.find(resource_id)
    kind = arm.types[ids.type_of(resource_id).lower()]
    if stored is None:
        parsed = ids.parse(resource_id)
        raise errors.resource_not_found(parsed) if parsed else errors.not_found("NotFound", "The resource has gone.")
    return shown_resource(arm, kind, stored, version)


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


def _write(
    arm: Arm, caller: Caller, kind: ResourceType, resource: ResourceId, request: Request, version: str, *, patch: bool
) -> Response:
    rbac.require(arm.resources, caller, f"{kind.name}/write", str(resource))
    registration.require(arm.world, kind.namespace)
    locks.refuse_write(arm.resources, str(resource))
    place = _canonical(arm, kind, resource)
    existing = arm.find(str(place))
    if existing is None:
        if patch:
            raise _missing(arm, kind, resource)
        _check_name(kind, place.name)
    _check_conditions(kind, request, existing)
    if operations.is_pending(arm.world, str(place)):
        raise errors.conflict(
            "AnotherOperationInProgress",
            f"Another operation on the resource '{place}' is in progress. Retry when it has come to its end.",
        )
    body = request.json()
    if patch and existing is not None:
        body = _patched(kind, existing, body)
    stored = _new_document(arm, kind, place, _cleaned(kind, body, existing, place), existing, caller)
    kind.prepare(Change(arm, caller, place, stored, existing, version))
    stored.resource = shown(kind.body, stored.resource)
    return _accept(arm, kind, stored, existing, request, version)


def _accept(
    arm: Arm, kind: ResourceType, stored: Stored, existing: Stored | None, request: Request, version: str
) -> Response:
    running = kind.write
    if running is None:
        if kind.has_state:
            stored.properties["provisioningState"] = "Succeeded"
        arm.resources.put(stored)
        kind.written(arm, stored)
        kind.finished(arm, stored)
        arm.resources.put(stored)
        code = kind.created_status if existing is None else 200
        return json_response(shown_resource(arm, kind, stored, version), code, _etag_header(kind, stored))
    if kind.has_state:
        new = existing is None
        stored.properties["provisioningState"] = running.state if new else (running.update_state or running.state)
    arm.resources.put(stored)
    kind.written(arm, stored)
    arm.resources.put(stored)
    document = operations.start(
        arm,
        operations.WRITE,
        stored.id,
        running,
        api_version=version,
        figure=running.figure if existing is None else (running.update_figure or running.figure),
        shows_resource=True,
    )
    code = running.status if existing is None else running.update_status
    return _answer(arm, kind, stored, running, code, operations.headers(arm.world, request, document), version)


def _answer(
    arm: Arm, kind: ResourceType, stored: Stored, running: LongRunning, code: int, headers: dict[str, str], version: str
) -> Response:
    if running.body == "none":
        return Response(code, headers)
    content = {} if running.body == "object" else shown_resource(arm, kind, stored, version)
    return json_response(content, code, headers)


def _canonical(arm: Arm, kind: ResourceType, resource: ResourceId) -> ResourceId:
    """The id with the spelling of what exists already; raises where the place of the resource does not exist."""
    types = tuple(kind.name.split("/")[1:])
    scope = _require_group(arm, resource) or resource.scope
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


def _canonical_scope(arm: Arm, resource: ResourceId, scope: str) -> str:
    """An extension lies on a subscription, a group or a resource that exists."""
    target = ids.parse(resource.scope)
    if target is None or target.is_collection:
        return scope
    found = arm.find(resource.scope)
    if found is None:
        raise errors.resource_not_found(target)
    return found.id


def _require_group(arm: Arm, resource: ResourceId) -> str | None:
    """The id of the resource's group as it was written at creation."""
    if resource.group is None or resource.subscription is None:
        return None
    group = arm.find(ids.group_id(resource.subscription, resource.group))
    if group is None:
        raise errors.group_not_found(resource.group)
    return group.id


def _missing(arm: Arm, kind: ResourceType, resource: ResourceId) -> ServiceError:
    """404: the first thing on the way to the resource that is not there."""
    if resource.group is not None and arm.find(ids.group_id(str(resource.subscription), resource.group)) is None:
        return errors.group_not_found(resource.group)
    if resource.parent is not None and arm.find(resource.parent) is None:
        return errors.parent_not_found(resource, "read")
    return kind.missing_read(resource) if kind.missing_read else errors.resource_not_found(resource)


def _check_name(kind: ResourceType, name: str) -> None:
    if not re.fullmatch(kind.name_pattern, name):
        raise errors.bad_request(kind.name_error, f"'{name}' is not a valid name for '{kind.name}'. {kind.name_advice}")


def _check_conditions(kind: ResourceType, request: Request, existing: Stored | None) -> None:
    if kind.etag is None:
        return
    current = existing.resource.get("etag") if existing else None
    if request.headers.get("if-none-match") == "*" and existing is not None:
        raise errors.precondition_failed(f"The resource {existing.id} exists already (If-None-Match: *).")
    wanted = request.headers.get("if-match")
    if wanted is None or (wanted == "*" and existing is not None):
        return
    if existing is None or wanted.strip('"') != str(current).strip('"'):
        raise errors.precondition_failed("The condition '{If-Match}' in the request is not met.")


def _patched(kind: ResourceType, existing: Stored, body: JsonObject) -> JsonObject:
    old = {name: value for name, value in existing.resource.items() if name in kind.body}
    if kind.patch == "tags":
        return {**old, "tags": {**body.get("tags", {})}}
    return merged(old, body)


def _cleaned(kind: ResourceType, body: JsonObject, existing: Stored | None, place: ResourceId) -> JsonObject:
    """The body as the service takes it; what clients cannot write comes from the existing resource."""
    fields = kind.body
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


def _etag_header(kind: ResourceType, stored: Stored) -> dict[str, str]:
    return {"ETag": stored.resource["etag"]} if kind.etag is not None else {}
