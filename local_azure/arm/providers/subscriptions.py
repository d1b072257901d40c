"""Microsoft.Resources: tenants, subscriptions, locations."""

from __future__ import annotations

from local_azure.arm import api_versions, lists, rbac
from local_azure.arm.ids import SUBSCRIPTION_TYPE
from local_azure.arm.locations import REGIONS, described
from local_azure.arm.resource_type import ArmRequest, ArmRoute
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID

_READ = f"{SUBSCRIPTION_TYPE}/read"
_SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"


def _list_tenants(arm_request: ArmRequest) -> Response:
    tenant = {
        "id": f"/tenants/{TENANT_ID}",
        "tenantId": TENANT_ID,
        "countryCode": "US",
        "displayName": "Contoso",
        "domains": ["contoso.com", "contoso.onmicrosoft.com"],
        "tenantCategory": "Home",
        "defaultDomain": "contoso.onmicrosoft.com",
        "tenantType": "AAD",
    }
    return lists.page(arm_request.request, [tenant])


def _list_subscriptions(arm_request: ArmRequest) -> Response:
    """Those in which the caller has any right at all."""
    visible = rbac.allowed_below(arm_request.arm.resources, arm_request.caller, _READ, _SUBSCRIPTION) or _has_a_role(
        arm_request
    )
    return lists.page(arm_request.request, [_subscription()] if visible else [])


def _get_subscription(arm_request: ArmRequest) -> Response:
    if not _has_a_role(arm_request):
        raise rbac.refusal(arm_request.caller, _READ, f"/subscriptions/{arm_request['subscription']}")
    return json_response(_subscription())


def _list_locations(arm_request: ArmRequest) -> Response:
    if not _has_a_role(arm_request):
        action = f"{SUBSCRIPTION_TYPE}/locations/read"
        raise rbac.refusal(arm_request.caller, action, f"/subscriptions/{arm_request['subscription']}")
    regions = [described(name, SUBSCRIPTION_ID) for name in REGIONS]
    return lists.page(arm_request.request, regions)


def _has_a_role(arm_request: ArmRequest) -> bool:
    return any(
        assignment.properties["principalId"].lower() in arm_request.caller.principal_ids
        for assignment in arm_request.arm.resources.of_type(rbac.ROLE_ASSIGNMENTS, _SUBSCRIPTION)
    )


def _subscription() -> JsonObject:
    return {
        "id": _SUBSCRIPTION,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": SUBSCRIPTION_ID,
        "tenantId": TENANT_ID,
        "displayName": "Contoso Development",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


ROUTES = (
    ArmRoute("GET", "/tenants", _list_tenants, api_versions.SUBSCRIPTIONS),
    ArmRoute("GET", "/subscriptions", _list_subscriptions, api_versions.SUBSCRIPTIONS),
    ArmRoute("GET", "/subscriptions/{subscription}", _get_subscription, api_versions.SUBSCRIPTIONS),
    ArmRoute("GET", "/subscriptions/{subscription}/locations", _list_locations, api_versions.SUBSCRIPTIONS),
)
