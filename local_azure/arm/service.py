"""The service behind management.azure.com."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from local_azure.arm import deleting, errors, ids, lists, operations, rbac, reading, writing
from local_azure.arm.authentication import authenticate
from local_azure.arm.metadata import endpoints
from local_azure.arm.registry import COMPLETIONS, ROUTES, TYPES
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, ResourceType
from local_azure.arm.resources import Resources
from local_azure.arm.seed import seed
from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import Request, Response
from local_azure.core.router import Route, Router, normal_path
from local_azure.core.world import SUBSCRIPTION_ID, World
from local_azure.monitor import activity

HOST = "management.azure.com"

_VERBS = {"GET": reading.get, "PUT": writing.put, "PATCH": writing.patch, "DELETE": deleting.delete}
_COMPLETIONS = {operations.WRITE: writing.finish_write, operations.DELETE: deleting.finish_delete, **COMPLETIONS}

_IN_LOCATION = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"
_IN_ZONES = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
_STATUS_PATHS = (
    f"{_IN_LOCATION}/operations/{{operation}}",
    f"{_IN_ZONES}/privateDnsOperationStatuses/{{operation}}",
)
_RESULT_PATHS = (
    f"{_IN_LOCATION}/operationResults/{{operation}}",
    f"{_IN_LOCATION}/managedHsmOperationResults/{{operation}}",
    f"{_IN_LOCATION}/asyncoperations/{{operation}}",
    f"{_IN_ZONES}/privateDnsOperationResults/{{operation}}",
    "/subscriptions/{subscription}/operationresults/{operation}",
)

_Answer = Callable[[ArmRequest], Response]


class ArmService:
    """Azure Resource Manager of one world."""

    name = "Azure Resource Manager"

    def __init__(self, world: World) -> None:
        self._arm = Arm(world, Resources(world), TYPES)
        self._router = Router(
            [self._route("GET", path, _operation_status) for path in _STATUS_PATHS]
            + [self._route("GET", path, _operation_result) for path in _RESULT_PATHS]
            + [self._route(route.method, route.path, partial(_routed, route)) for route in ROUTES]
        )

    def plays(self, host: str) -> bool:
        """Whether requests to this host name are for ARM."""
        return host == HOST

    def handle(self, request: Request) -> Response:
        """Answers one request. Raises ServiceError."""
        request = replace(request, path=normal_path(request.path))
        if request.path.lower() == "/metadata/endpoints":
            return endpoints(request)
        found = self._router.find(request)
        if found is None:
            return self._enter(_resource, request)
        handler, matched = found
        return handler(matched)

    def _route(self, method: str, path: str, answer: _Answer) -> Route:
        return Route(method, path, partial(self._enter, answer))

    def _enter(self, answer: _Answer, request: Request) -> Response:
        """What comes before every answer; a request that fails changes nothing."""
        world = self._arm.world
        before = world.store.changes
        seed(world)
        caller = authenticate(world, request)
        version = _api_version(request)
        _require_subscription(request.path)
        try:
            operations.settle(self._arm, _COMPLETIONS)
            with world.store.transaction():
                response = answer(ArmRequest(self._arm, caller, request, version))
                activity.note(world, caller, request, response.status)
            # What takes no time is done now: machines see it, though its client may never ask how it went.
            operations.settle(self._arm, _COMPLETIONS)
        except ServiceError as error:
            activity.note(world, caller, request, error.status)
            raise
        finally:
            if world.store.changes != before:
                world.machines.refresh()
        return replace(response, headers={**response.headers, "x-ms-request-id": str(uuid.uuid4())})


def _routed(route: ArmRoute, arm_request: ArmRequest) -> Response:
    if arm_request.api_version not in route.api_versions:
        raise errors.unsupported_api_version(arm_request.api_version, _route_type(route.path), route.api_versions)
    if route.action is not None:
        parameters = arm_request.request.parameters
        action, scope = route.action.format_map(parameters), route.scope.format_map(parameters)
        rbac.require(arm_request.arm.resources, arm_request.caller, action, scope)
    return route.handler(arm_request)


def _resource(arm_request: ArmRequest) -> Response:
    arm, request, version = arm_request.arm, arm_request.request, arm_request.api_version
    resource = ids.parse(request.path)
    if resource is None:
        raise NotPlayed(f"{request.method} {request.path}")
    kind = arm.types.get(resource.type.lower())
    if kind is None or request.method == "POST":
        raise NotPlayed(f"{request.method} on resource type {resource.type}")
    if version not in kind.api_versions:
        raise errors.unsupported_api_version(version, kind.name, kind.api_versions)
    if resource.is_collection:
        return _list(arm_request, kind, resource)
    if request.method not in kind.methods or request.method not in _VERBS:
        raise errors.method_not_allowed(request.method, kind.name)
    return _VERBS[request.method](arm_request, kind, resource)


def _list(arm_request: ArmRequest, kind: ResourceType, resource: ids.ResourceId) -> Response:
    arm, caller = arm_request.arm, arm_request.caller
    if arm_request.request.method != "GET":
        raise errors.method_not_allowed(arm_request.request.method, kind.name)
    action = f"{kind.name}/read"
    scope = resource.parent or resource.scope
    if not rbac.allowed_below(arm.resources, caller, action, scope):
        raise rbac.refusal(caller, action, scope)
    if resource.group and arm.find(ids.group_id(str(resource.subscription), resource.group)) is None:
        raise errors.group_not_found(resource.group)
    if resource.parent is not None and arm.find(resource.parent) is None:
        raise errors.parent_not_found(resource, "read")
    items = [
        kind.present(arm, stored, arm_request.api_version)
        for stored in arm.resources.of_type(kind.name, scope)
        if rbac.allowed(arm.resources, caller, action, stored.id)
    ]
    return lists.page(arm_request.request, items)


def _operation_status(arm_request: ArmRequest) -> Response:
    return operations.status(arm_request.arm, arm_request.request, arm_request["operation"])


def _operation_result(arm_request: ArmRequest) -> Response:
    arm = arm_request.arm
    return operations.result(arm, arm_request.request, arm_request["operation"], partial(reading.show, arm))


def _api_version(request: Request) -> str:
    for name, value in request.query.items():
        if name.lower() == "api-version" and value:
            return value
    raise errors.missing_api_version()


def _require_subscription(path: str) -> None:
    subscription = ids.subscription_of(path)
    if subscription is None or subscription.lower() == SUBSCRIPTION_ID:
        return
    try:
        uuid.UUID(subscription)
    except ValueError:
        raise errors.bad_request(
            "InvalidSubscriptionId",
            f"The provided subscription identifier '{subscription}' is malformed or invalid.",
        ) from None
    raise errors.subscription_not_found(subscription)


def _route_type(path: str) -> str:
    """The resource type that a route's path is about, without its placeholders."""
    parsed = ids.parse(path)
    return parsed.type if parsed is not None else "Microsoft.Resources/subscriptions"
