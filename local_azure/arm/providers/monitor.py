"""Microsoft.Insights/diagnosticSettings: where logs and metrics of a resource go.

Categories: "Supported log categories" of Azure Monitor. A setting names at least one destination and one category.
"""

from __future__ import annotations

from local_azure.arm import api_versions, errors, ids
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import STRING, Field, array, choice, obj
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject, Response, json_response

SETTINGS = "Microsoft.Insights/diagnosticSettings"
_DESTINATIONS = {
    "storageAccountId": "microsoft.storage/storageaccounts",
    "eventHubAuthorizationRuleId": "microsoft.eventhub/namespaces/authorizationrules",
    "workspaceId": "microsoft.operationalinsights/workspaces",
}
_CATEGORIES = {
    "microsoft.keyvault/managedhsms": (("AuditEvent",), ("AllMetrics",)),
    "microsoft.keyvault/vaults": (("AuditEvent", "AzurePolicyEvaluationDetails"), ("AllMetrics",)),
    "microsoft.network/networksecuritygroups": (("NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"), ()),
    "microsoft.network/virtualnetworks": (("VMProtectionAlerts",), ("AllMetrics",)),
    "microsoft.network/networkinterfaces": ((), ("AllMetrics",)),
    "microsoft.network/privateendpoints": ((), ("AllMetrics",)),
    "microsoft.storage/storageaccounts": ((), ("Transaction", "Capacity")),
}
"""Log and metric categories by resource type."""
_GROUPS = ("audit", "allLogs")
_MAXIMUM_SETTINGS = 5


def _prepare(change: Change) -> None:
    target = ids.parse(change.id.scope)
    categories = _CATEGORIES.get(target.type.lower()) if target is not None else None
    if target is None or categories is None:
        raise NotPlayed(f"diagnostic settings of {change.id.scope}")
    _check_destinations(change)
    logs, metrics = change.properties.get("logs", []), change.properties.get("metrics", [])
    if not logs and not metrics:
        raise errors.bad_request("BadRequest", "At least one log or metric category must be given.")
    for log in logs:
        if ("category" in log) == ("categoryGroup" in log):
            raise errors.bad_request("BadRequest", "A log names either a category or a categoryGroup.")
        _check_category(log.get("category"), categories[0], target.type)
        if log.get("categoryGroup") is not None and log["categoryGroup"] not in _GROUPS:
            raise errors.bad_request("BadRequest", f"Category group '{log['categoryGroup']}' is not supported.")
    for metric in metrics:
        _check_category(metric.get("category"), categories[1], target.type)
    others = change.arm.resources.of_type(SETTINGS, change.id.scope)
    if change.existing is None and len(others) >= _MAXIMUM_SETTINGS:
        raise errors.conflict("Conflict", f"A resource has at most {_MAXIMUM_SETTINGS} diagnostic settings.")
    _refuse_same_destination(change, others)


def _check_destinations(change: Change) -> None:
    given = [name for name in _DESTINATIONS if change.properties.get(name)]
    if not given:
        raise errors.bad_request(
            "BadRequest",
            "At least one data sink needs to be specified: 'storageAccountId', 'workspaceId' or "
            "'eventHubAuthorizationRuleId'.",
        )
    for name in given:
        destination = ids.parse(change.properties[name])
        if destination is None or destination.type.lower() != _DESTINATIONS[name]:
            raise errors.bad_request("BadRequest", f"The value of '{name}' is not the id of a fitting resource.")
        if change.arm.find(str(destination)) is None:
            raise errors.bad_request("ResourceNotFound", f"The resource '{destination}' in '{name}' was not found.")
    if "eventHubAuthorizationRuleId" in given:
        _check_rights(change)
    target = change.arm.find(change.id.scope)
    storage = change.arm.find(change.properties["storageAccountId"]) if "storageAccountId" in given else None
    if target is not None and storage is not None and target.location != storage.location:
        raise errors.bad_request(
            "BadRequest",
            f"Resource '{storage.id}' is in region '{storage.location}', '{target.id}' in '{target.location}': a "
            "storage account must be in the region of the resource.",
        )


def _check_rights(change: Change) -> None:
    """Words and rule as in Azure/azure-cli issue 24425: who names the hub need not be able to make one."""
    rule = change.arm.find(change.properties["eventHubAuthorizationRuleId"])
    needed = {"Send"} if change.properties.get("eventHubName") else {"Manage", "Send", "Listen"}
    lacking = needed - set(rule.properties["rights"] if rule is not None else ())
    if lacking:
        raise errors.bad_request(
            "BadRequest",
            "If a valid EventHub name is not specified in the diagnostic setting, the EventHub authorization rule "
            "requires manage|send|listen access, this EventHub authorization rule does not have "
            f"'{sorted(lacking)[0].lower()}' access.",
        )


def _check_category(category: str | None, known: tuple[str, ...], type_name: str) -> None:
    if category is not None and category not in known:
        raise errors.bad_request(
            "BadRequest",
            f"Category '{category}' is not supported for '{type_name}', supported: {', '.join(known) or 'none'}.",
        )


def _refuse_same_destination(change: Change, others: list[Stored]) -> None:
    for other in others:
        if ids.same(other.id, change.stored.id):
            continue
        for name in _DESTINATIONS:
            shared = ids.same(other.properties.get(name), change.properties.get(name))
            categories = _names(other.properties) & _names(change.properties)
            if shared and categories:
                raise errors.conflict(
                    "Conflict",
                    f"Data sink '{change.properties[name]}' is already used in diagnostic setting '{other.name}' for "
                    f"category '{sorted(categories)[0]}'.",
                )


def _names(properties: JsonObject) -> set[str]:
    return {
        str(each.get("category") or each.get("categoryGroup"))
        for kind in ("logs", "metrics")
        for each in properties.get(kind, [])
        if each["enabled"]
    }


def _list_categories(arm_request: ArmRequest) -> Response:
    """What the resource can send, as the portal and azure-cli ask before they make a setting."""
    target = "/" + arm_request["target"].strip("/")
    found = arm_request.arm.find(target)
    if found is None:
        raise errors.not_found("ResourceNotFound", f"The resource '{target}' was not found.")
    logs, metrics = _CATEGORIES.get(ids.type_of(found.id).lower(), ((), ()))
    named = [(category, "Logs") for category in logs] + [(category, "Metrics") for category in metrics]
    return json_response({"value": [_category(found.id, name, kind) for name, kind in named]})


def _category(resource_id: str, name: str, kind: str) -> JsonObject:
    groups = {"categoryGroups": list(_GROUPS if name == "AuditEvent" else _GROUPS[1:])} if kind == "Logs" else {}
    return {
        "id": f"{resource_id}/providers/microsoft.insights/diagnosticSettingsCategories/{name}",
        "name": name,
        "type": "microsoft.insights/diagnosticSettingsCategories",
        "properties": {"categoryType": kind, **groups},
    }


def _present(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del arm, api_version
    return {**stored.resource, "properties": {"logs": [], "metrics": [], **stored.properties}}


_RETENTION = obj(enabled=Field("boolean", required=True), days=Field("integer", required=True, minimum=0, maximum=365))
TYPES = (
    ResourceType(
        name=SETTINGS,
        api_versions=api_versions.DIAGNOSTIC_SETTINGS,
        properties={
            "storageAccountId": STRING,
            "eventHubAuthorizationRuleId": STRING,
            "eventHubName": STRING,
            "workspaceId": STRING,
            "serviceBusRuleId": STRING,
            "marketplacePartnerId": STRING,
            "logAnalyticsDestinationType": choice("Dedicated", "AzureDiagnostics"),
            "logs": array(
                obj(
                    category=STRING,
                    categoryGroup=STRING,
                    enabled=Field("boolean", required=True),
                    retentionPolicy=_RETENTION,
                )
            ),
            "metrics": array(
                obj(
                    category=STRING,
                    timeGrain=STRING,
                    enabled=Field("boolean", required=True),
                    retentionPolicy=_RETENTION,
                )
            ),
        },
        envelope={"kind": STRING, "location": STRING, "tags": Field("map", items=Field())},
        tracked=False,
        extension=True,
        created_status=200,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=10,
        prepare=_prepare,
        present=_present,
        missing_read=lambda resource: errors.not_found(
            "ResourceNotFound",
            f"The diagnostic setting '{resource.name}' of '{resource.scope}' doesn't exist.",
        ),
        invalid_code="BadRequest",
    ),
)

ROUTES = (
    ArmRoute(
        "GET",
        "/{target:path}/providers/Microsoft.Insights/diagnosticSettingsCategories",
        _list_categories,
        api_versions.DIAGNOSTIC_SETTINGS,
        "Microsoft.Insights/diagnosticSettingsCategories/read",
        "/{target}",
    ),
)
