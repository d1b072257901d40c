"""The private way: network, names, endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import TAGS, Kind, changed, says
from policy.gate.rules.pool import POOL, is_closed

ENDPOINT: Final = "azure-native:network:PrivateEndpoint"
_LEFT: Final = frozenset(("same", "update", "create", "replace"))


def _endpoint_removed(step: Step, preview: Preview) -> list[Said]:
    removed = [Said("private-endpoint-removed")]
    target = _target(step)
    pools = [each for each in preview.steps if each.type == POOL and each.new and each.operation in _LEFT]
    if not any(is_closed(pool.state) and _leads_to(target, pool) for pool in pools):
        return removed
    left = [
        each
        for each in preview.steps
        if each.type == ENDPOINT and each.urn != step.urn and each.operation in _LEFT and _target(each) == target
    ]
    return removed if left else [Said("cut-off")]


def _target(step: Step) -> str:
    """ARM id of what an endpoint leads to, in lower case; empty where that is not known yet."""
    for state in (step.old, step.new):
        for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            connections = state.input(kind) if state else None
            if isinstance(connections, list) and connections and isinstance(connections[0], Mapping):
                return str(connections[0].get("privateLinkServiceId", "")).lower()
    return ""


def _leads_to(target: str, pool: Step) -> bool:
    """An endpoint whose target cannot be told may well be the pool's."""
    known = pool.old.id.lower() if pool.old else ""
    return target in ("", known) or "/managedhsms/" in target


_MADE: Final = says("new")
_NETWORK: Final = says("network-changed")
_DNS: Final = says("dns-removed")

KINDS: Final[Mapping[str, Kind]] = {
    "azure-native:network:VirtualNetwork": Kind(
        "virtual network",
        _MADE,
        _NETWORK,
        _NETWORK,
        {**TAGS, "addressSpace": changed("network-changed"), "dhcpOptions": changed("network-changed")},
    ),
    "azure-native:network:Subnet": Kind(
        "subnet",
        _MADE,
        _NETWORK,
        _NETWORK,
        {
            "azureApiVersion": changed("changed"),
            **{
                name: changed("network-changed")
                for name in (
                    "addressPrefix",
                    "addressPrefixes",
                    "defaultOutboundAccess",
                    "delegations",
                    "natGateway",
                    "networkSecurityGroup",
                    "privateEndpointNetworkPolicies",
                    "privateLinkServiceNetworkPolicies",
                    "routeTable",
                    "serviceEndpoints",
                )
            },
        },
    ),
    "azure-native:network:NetworkInterface": Kind(
        "network interface",
        _MADE,
        says("workload-changed"),
        says("workload-changed"),
        {**TAGS, "ipConfigurations": changed("workload-changed")},
    ),
    ENDPOINT: Kind(
        "private endpoint",
        _MADE,
        _endpoint_removed,
        says("private-endpoint-removed"),
        {
            **TAGS,
            "customDnsConfigs": changed("changed"),
            "privateLinkServiceConnections": changed("network-changed"),
            "manualPrivateLinkServiceConnections": changed("network-changed"),
        },
    ),
    "azure-native:network:PrivateDnsZoneGroup": Kind(
        "private DNS record", _MADE, _DNS, _DNS, {"privateDnsZoneConfigs": changed("dns-removed")}
    ),
    "azure-native:privatedns:PrivateZone": Kind("private DNS zone", _MADE, _DNS, _DNS, TAGS),
    "azure-native:privatedns:VirtualNetworkLink": Kind(
        "private DNS link",
        _MADE,
        _DNS,
        _DNS,
        {**TAGS, "registrationEnabled": changed("network-changed"), "resolutionPolicy": changed("network-changed")},
    ),
    "pulumi-python:dynamic/mhsm:TargetInstance": Kind(
        "what an endpoint leads to", _MADE, says("part-removed"), says("repeated")
    ),
    "pulumi-python:dynamic/mhsm:EndpointConnection": Kind(
        "approval of an endpoint",
        _MADE,
        says("part-removed"),
        says("repeated"),
        {
            name: changed("repeated")
            for name in ("hsm_id", "hsm_created_at", "endpoint_id", "endpoint_urn", "approval_minutes", "needed")
        },
        silent=True,
    ),
}
