"""Read, the same for every resource type; and what must hold before anything else happens."""

from __future__ import annotations

from local_azure.arm import errors, ids, rbac
from local_azure.arm.ids import ResourceId
from local_azure.arm.resource_type import Arm, ArmRequest, ResourceType
from local_azure.arm.resources import Stored
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response


def get(arm_request: ArmRequest, kind: ResourceType, resource: ResourceId) -> Response:
    """GET of one resource."""
    arm = arm_request.arm
    rbac.require(arm.resources, arm_request.caller, f"{kind.name}/read", str(resource))
    stored = arm.find(str(resource))
    if stored is None:
        raise missing(arm, kind, resource)
    content = kind.present(arm, stored, arm_request.api_version)
    wanted = {name.lower() for name in arm_request.request.query.get("$expand", "").split(",")}
    expanded = {name: expand(arm, stored) for name, expand in kind.expansions.items() if name.lower() in wanted}
    if expanded:
        content = {**content, "properties": {**content["properties"], **expanded}}
    return json_response(content, headers=etag_header(kind, stored))


def show(arm: Arm, resource_id: str, version: str) -> JsonObject:
    """A resource as a GET shows it, by id."""
    stored = arm.find(resource_id)
    kind = arm.types[ids.type_of(resource_id).lower()]
    if stored is None:
        parsed = ids.parse(resource_id)
        raise errors.resource_not_found(parsed) if parsed else errors.not_found("NotFound", "The resource has gone.")
    return kind.present(arm, stored, version)


def require_group(arm: Arm, resource: ResourceId) -> str | None:
    """The id of the resource's group as it was written at creation."""
    if resource.group is None or resource.subscription is None:
        return None
    group = arm.find(ids.group_id(resource.subscription, resource.group))
    if group is None:
        raise errors.group_not_found(resource.group)
    return group.id


def missing(arm: Arm, kind: ResourceType, resource: ResourceId) -> ServiceError:
    """404: the first thing on the way to the resource that is not there."""
    if resource.group is not None and arm.find(ids.group_id(str(resource.subscription), resource.group)) is None:
        return errors.group_not_found(resource.group)
    if resource.parent is not None and arm.find(resource.parent) is None:
        return errors.parent_not_found(resource, "read")
    return kind.missing_read(resource) if kind.missing_read else errors.resource_not_found(resource)


def check_conditions(kind: ResourceType, request: Request, existing: Stored | None) -> None:
    """Raises 412 where ``If-Match`` or ``If-None-Match`` does not hold (RFC 9110, section 13)."""
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


def etag_header(kind: ResourceType, stored: Stored) -> dict[str, str]:
    """``ETag`` for the types that have one."""
    return {"ETag": stored.resource["etag"]} if kind.etag is not None else {}
