"""Previews by hand, in the engine's form."""

from __future__ import annotations

import json
from typing import Any

from policy.gate.judging import judge
from policy.gate.preview import read

POOL_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/contoso"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:prod::managed-hsm::{kind}::{name}"


def step(
    operation: str,
    kind: str,
    name: str,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One step. ``old`` and ``new`` are inputs, ``old_state`` and ``new_state`` what the engine keeps besides."""
    old_state, new_state = more.pop("old_state", {}), more.pop("new_state", {})
    made: dict[str, Any] = {"op": operation, "urn": urn(kind, name), "detailedDiff": None, **more}
    if old is not None:
        made["oldState"] = {"urn": urn(kind, name), "custom": True, "type": kind, "inputs": old, **old_state}
    if new is not None:
        made["newState"] = {"urn": urn(kind, name), "custom": True, "type": kind, "inputs": new, **new_state}
    return made


def document(*steps: dict[str, Any], **more: Any) -> str:
    """A whole preview of these steps."""
    halves = ("create-replacement", "delete-replaced", "read-replacement", "import-replacement", "refresh")
    counts: dict[str, int] = {}
    for each in steps:
        if each["op"] not in halves:
            counts[each["op"]] = counts.get(each["op"], 0) + 1
    return json.dumps({"steps": list(steps), "changeSummary": counts, **more})


def rules(*steps: dict[str, Any], **more: Any) -> set[str]:
    """What the gate says of these steps."""
    return {finding.rule_id for finding in judge(read(document(*steps, **more))).findings}


def pool(**properties: Any) -> dict[str, Any]:
    """Inputs of a pool that is closed to the public."""
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    found = {
        "enablePurgeProtection": True,
        "enableSoftDelete": True,
        "networkAcls": {**acls, **properties.pop("networkAcls", {})},
        "publicNetworkAccess": "Disabled",
        "softDeleteRetentionInDays": 90,
    }
    return {"name": "contoso", "sku": {"family": "B", "name": "Standard_B1"}, "properties": {**found, **properties}}


def role(name: str, scope: str, principal: str = "kim") -> dict[str, Any]:
    return {"role": f"Managed HSM {name}", "scope": scope, "principal_id": principal}


def endpoint(target: str = POOL_ID) -> dict[str, Any]:
    return {"privateLinkServiceConnections": [{"name": "link", "privateLinkServiceId": target}]}


POOL = "azure-native:keyvault:ManagedHsm"
KEY = "pulumi-python:dynamic/mhsm:Key"
ROLE = "pulumi-python:dynamic/mhsm:RoleAssignment"
DOMAIN = "pulumi-python:dynamic/mhsm:SecurityDomain"
ENDPOINT = "azure-native:network:PrivateEndpoint"
SECRET = "azure-native:keyvault:Secret"
DIAGNOSTICS = "azure-native:monitor:DiagnosticSetting"
