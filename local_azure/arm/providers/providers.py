"""Microsoft.Resources: the resource providers themselves, and their registration (W0.9 of the walkthrough)."""

from __future__ import annotations

from local_azure.arm import api_versions, lists
from local_azure.arm.errors import not_found
from local_azure.arm.locations import REGIONS
from local_azure.arm.registration import is_registered, register
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute
from local_azure.core.http import JsonObject, Response, json_response

_OTHERS = (
    "Microsoft.Advisor",
    "Microsoft.Attestation",
    "Microsoft.ContainerService",
    "Microsoft.HardwareSecurityModules",
    "Microsoft.Management",
    "Microsoft.PolicyInsights",
    "Microsoft.Security",
    "Microsoft.Sql",
    "Microsoft.Web",
)
"""Providers whose types are not played; they can be registered, as in any subscription."""
_ALL = "/subscriptions/{subscription}/providers"
_ONE = f"{_ALL}/{{namespace}}"


def _list(arm_request: ArmRequest) -> Response:
    found = [_described(arm_request, namespace) for namespace in _namespaces(arm_request.arm)]
    return lists.page(arm_request.request, found)


def _get(arm_request: ArmRequest) -> Response:
    return json_response(_described(arm_request, _known(arm_request)))


def _register(arm_request: ArmRequest) -> Response:
    namespace = _known(arm_request)
    register(arm_request.arm.world, namespace, True)
    return json_response(_described(arm_request, namespace))


def _unregister(arm_request: ArmRequest) -> Response:
    namespace = _known(arm_request)
    register(arm_request.arm.world, namespace, False)
    return json_response(_described(arm_request, namespace))


def _known(arm_request: ArmRequest) -> str:
    for namespace in _namespaces(arm_request.arm):
        if namespace.lower() == arm_request["namespace"].lower():
            return namespace
    raise not_found("InvalidResourceNamespace", f"The resource namespace '{arm_request['namespace']}' is invalid.")


def _namespaces(arm: Arm) -> list[str]:
    return sorted({*_OTHERS, "Microsoft.Resources", *(kind.namespace for kind in arm.types.values())})


def _described(arm_request: ArmRequest, namespace: str) -> JsonObject:
    kinds = [kind for kind in arm_request.arm.types.values() if kind.namespace == namespace]
    registered = is_registered(arm_request.arm.world, namespace)
    return {
        "id": f"/subscriptions/{arm_request['subscription']}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered" if registered else "NotRegistered",
        "resourceTypes": [
            {
                "resourceType": kind.name.partition("/")[2],
                "locations": [kind.location] if kind.location else [display for display, _ in REGIONS.values()],
                "apiVersions": sorted(kind.api_versions, reverse=True),
                "defaultApiVersion": sorted(kind.api_versions, reverse=True)[0],
                "capabilities": "SupportsTags, SupportsLocation" if kind.tracked else "None",
            }
            for kind in kinds
        ],
    }


_READ = "Microsoft.Resources/subscriptions/providers/read"
_SCOPE = "/subscriptions/{subscription}"

ROUTES = (
    ArmRoute("GET", _ALL, _list, api_versions.RESOURCES, _READ, _SCOPE),
    ArmRoute("GET", _ONE, _get, api_versions.RESOURCES, _READ, _SCOPE),
    ArmRoute("POST", f"{_ONE}/register", _register, api_versions.RESOURCES, "{namespace}/register/action", _SCOPE),
    ArmRoute(
        "POST", f"{_ONE}/unregister", _unregister, api_versions.RESOURCES, "{namespace}/unregister/action", _SCOPE
    ),
)
