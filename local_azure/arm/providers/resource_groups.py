"""Microsoft.Resources: resource groups, and the list of all resources."""

from __future__ import annotations

from local_azure.arm import api_versions, deleting, errors, ids, lists, locations, locks, operations, rbac, tags
from local_azure.arm.ids import GROUP_TYPE
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, LongRunning, Poll
from local_azure.arm.resources import Stored
from local_azure.arm.schema import STRING, STRING_MAP, Invalid, clean, obj
from local_azure.core.http import JsonObject, Response, json_response

DELETE_GROUP = "resourceGroups.delete"

_GROUPS = "/subscriptions/{subscription}/resourceGroups"
_GROUP = f"{_GROUPS}/{{group}}"
_DELETION = LongRunning(
    figure="resource_group.delete",
    poll=Poll.LOCATION,
    status=202,
    body="none",
    results="/subscriptions/{subscription}/operationresults/{operation}",
    retry_after=15,
)
_FIELDS = {
    "id": STRING,
    "name": STRING,
    "type": STRING,
    "location": STRING,
    "managedBy": STRING,
    "tags": STRING_MAP,
    "properties": obj(provisioningState=STRING),
}

_READERS: dict[str, lists.Reader] = {
    "resourcetype": lambda item: [item["type"]],
    "name": lambda item: [item["name"]],
    "location": lambda item: [item["location"]],
    "resourcegroup": lambda item: [ids.group_of(item["id"]) or ""],
    "tagname": lambda item: item.get("tags", {}),
    "tagvalue": lambda item: item.get("tags", {}).values(),
}


def _list(arm_request: ArmRequest) -> Response:
    scope = f"/subscriptions/{arm_request['subscription']}"
    groups = [stored.resource for stored in _visible(arm_request, GROUP_TYPE, scope)]
    expression = arm_request.request.query.get("$filter")
    return lists.page(arm_request.request, lists.filtered(groups, expression, _READERS))


def _get(arm_request: ArmRequest) -> Response:
    return json_response(_existing(arm_request).resource)


def _head(arm_request: ArmRequest) -> Response:
    exists = arm_request.arm.find(_id(arm_request)) is not None
    return Response(204 if exists else 404)


def _put(arm_request: ArmRequest) -> Response:
    arm = arm_request.arm
    existing = arm.find(_id(arm_request))
    name = arm_request["group"]
    if existing is None and not _valid_name(name):
        raise errors.bad_request(
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters or its length is not 1 to 90. "
            "The name can only be a letter, digit, '-', '.', '(', ')' or '_', and does not end with '.'.",
        )
    locks.refuse_write(arm.resources, _id(arm_request))
    body = _body(arm_request)
    if "location" not in body:
        raise errors.bad_request("LocationRequired", "The location property is required for this definition.")
    location = locations.required(body["location"], GROUP_TYPE, None)
    if existing is not None:
        _refuse_deleting(existing)
        if existing.location != location:
            raise errors.conflict(
                "InvalidResourceGroupLocation",
                f"Invalid resource group location '{location}'. The Resource group already exists in location "
                f"'{existing.location}'.",
            )
    stored = Stored(
        {
            "id": existing.id if existing else _id(arm_request),
            "name": existing.name if existing else name,
            "type": GROUP_TYPE,
            "location": location,
            "tags": body.get("tags", {}),
            "properties": {"provisioningState": "Succeeded"},
        }
    )
    arm.resources.put(stored)
    return json_response(stored.resource, 200 if existing else 201)


def _patch(arm_request: ArmRequest) -> Response:
    stored = _existing(arm_request)
    _refuse_deleting(stored)
    locks.refuse_write(arm_request.arm.resources, stored.id)
    body = _body(arm_request)
    if "tags" in body:
        stored.resource["tags"] = body["tags"]
    arm_request.arm.resources.put(stored)
    return json_response(stored.resource)


def _delete(arm_request: ArmRequest) -> Response:
    arm = arm_request.arm
    stored = _existing(arm_request)
    locks.refuse_delete(arm.resources, stored.id)
    if operations.pending(arm.world, stored.id) is not None:
        raise errors.conflict(
            "ResourceGroupBeingDeleted", f"The resource group '{stored.name}' is being deleted already."
        )
    stored.properties["provisioningState"] = "Deleting"
    arm.resources.put(stored)
    document = operations.start(arm, DELETE_GROUP, stored.id, _DELETION, api_version=arm_request.api_version)
    return Response(202, operations.headers(arm.world, arm_request.request, document))


def finish_delete(arm: Arm, document: JsonObject) -> None:
    """The group goes with all that is in it; a managed HSM in it is soft-deleted."""
    stored = arm.find(document["resource_id"])
    if stored is not None:
        deleting.remove_contents(arm, stored.id)
        arm.resources.remove(stored.id)


def _list_resources(arm_request: ArmRequest) -> Response:
    """The tracked top-level resources in the group or the subscription."""
    scope = f"/subscriptions/{arm_request['subscription']}"
    if "group" in arm_request.request.parameters:
        scope = _existing(arm_request).id
    if not rbac.allowed_below(arm_request.arm.resources, arm_request.caller, _RESOURCES_READ, scope):
        raise rbac.refusal(arm_request.caller, _RESOURCES_READ, scope)
    found = [
        _summary(arm_request, stored)
        for kind in arm_request.arm.types.values()
        if kind.tracked and not kind.is_child
        for stored in arm_request.arm.resources.of_type(kind.name, scope)
        if rbac.allowed(arm_request.arm.resources, arm_request.caller, f"{kind.name}/read", stored.id)
    ]
    found.sort(key=lambda item: str(item["id"]).lower())
    expression = arm_request.request.query.get("$filter")
    return lists.page(arm_request.request, lists.filtered(found, expression, _READERS))


def _summary(arm_request: ArmRequest, stored: Stored) -> JsonObject:
    names = ("id", "name", "type", "location", "tags", "sku", "kind", "identity", "managedBy", "zones", "systemData")
    summary = {name: stored.resource[name] for name in names if name in stored.resource}
    if "provisioningState" in arm_request.request.query.get("$expand", ""):
        summary["provisioningState"] = stored.properties.get("provisioningState", "Succeeded")
    return summary


def _visible(arm_request: ArmRequest, type_name: str, scope: str) -> list[Stored]:
    resources, caller = arm_request.arm.resources, arm_request.caller
    action = f"Microsoft.Resources/subscriptions/{type_name.rpartition('/')[2]}/read"
    if not rbac.allowed_below(resources, caller, action, scope):
        raise rbac.refusal(caller, action, scope)
    return [each for each in resources.of_type(type_name, scope) if rbac.allowed(resources, caller, action, each.id)]


def _existing(arm_request: ArmRequest) -> Stored:
    stored = arm_request.arm.find(_id(arm_request))
    if stored is None:
        raise errors.group_not_found(arm_request["group"])
    return stored


def _refuse_deleting(stored: Stored) -> None:
    if stored.properties["provisioningState"] == "Deleting":
        raise errors.conflict(
            "ResourceGroupBeingDeleted",
            f"The resource group '{stored.name}' is in deprovisioning state and cannot perform this operation.",
        )


def _body(arm_request: ArmRequest) -> JsonObject:
    try:
        body = clean(_FIELDS, arm_request.request.json())
    except Invalid as problem:
        raise errors.bad_request("InvalidRequestContent", problem.message) from None
    tags.check(body.get("tags", {}))
    return body


def _id(arm_request: ArmRequest) -> str:
    return ids.group_id(arm_request["subscription"], arm_request["group"])


def _valid_name(name: str) -> bool:
    allowed = all(character.isalnum() or character in "-_.()" for character in name)
    return 1 <= len(name) <= 90 and allowed and not name.endswith(".")


_ACTION = "Microsoft.Resources/subscriptions/resourceGroups/"
_RESOURCES_READ = "Microsoft.Resources/subscriptions/resources/read"

ROUTES = (
    ArmRoute("GET", _GROUPS, _list, api_versions.RESOURCES),
    ArmRoute("GET", _GROUP, _get, api_versions.RESOURCES, f"{_ACTION}read", _GROUP),
    ArmRoute("HEAD", _GROUP, _head, api_versions.RESOURCES, f"{_ACTION}read", _GROUP),
    ArmRoute("PUT", _GROUP, _put, api_versions.RESOURCES, f"{_ACTION}write", _GROUP),
    ArmRoute("PATCH", _GROUP, _patch, api_versions.RESOURCES, f"{_ACTION}write", _GROUP),
    ArmRoute("DELETE", _GROUP, _delete, api_versions.RESOURCES, f"{_ACTION}delete", _GROUP),
    ArmRoute("GET", "/subscriptions/{subscription}/resources", _list_resources, api_versions.RESOURCES),
    ArmRoute("GET", f"{_GROUP}/resources", _list_resources, api_versions.RESOURCES),
)
