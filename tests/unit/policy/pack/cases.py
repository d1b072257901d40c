"""Two stacks: one that breaks every rule of the policy pack, and its neighbour that breaks none."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from policy.pack.resource_types import (
    CUSTODY_ACCOUNT,
    DIAGNOSTIC_SETTING,
    EVENT_HUB_NAMESPACE,
    KEY,
    MANAGED_HSM,
    PRIVATE_ENDPOINT,
    ROLE_ASSIGNMENT,
    ROLE_DEFINITION,
    SECURITY_DOMAIN,
    SETUP,
    STORAGE_ACCOUNT,
    VAULT,
)

DEPLOYER = "6f0c2f5e-2f64-4f57-9d0c-5a1f0d3f7b11"
CUSTODIAN_GROUP = "0a7d1c52-9be4-4f7c-8a44-4f1f5f0e6d20"
_SUBSCRIPTION = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590"
_GROUP = "ContosoResourceGroup"
_POOL_ID = f"{_SUBSCRIPTION}/resourceGroups/{_GROUP}/providers/Microsoft.KeyVault/managedHSMs/contosopool"
_VAULT_ID = f"{_SUBSCRIPTION}/resourceGroups/{_GROUP}/providers/Microsoft.KeyVault/vaults/contosovault"


@dataclass(frozen=True)
class Case:
    """A resource that a program declares."""

    type: str
    name: str
    inputs: dict[str, Any]
    protect: bool = False
    parent: str | None = None
    """The name of an earlier case."""
    violates: frozenset[str] = field(default_factory=frozenset)
    """The rules that it breaks by itself, or that the stack breaks and that name it."""


def _pool(**properties: Any) -> dict[str, Any]:
    return {
        "name": "contosopool",
        "resourceGroupName": _GROUP,
        "location": "northeurope",
        "tags": {"owner": "crypto-platform"},
        "sku": {"name": "Standard_B1", "family": "B"},
        "properties": {
            "tenantId": "4a5a1b6f-6f5c-4c0e-9f57-8b8c0f6b2d11",
            "initialAdminObjectIds": [CUSTODIAN_GROUP],
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
            "softDeleteRetentionInDays": 90,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []},
            **properties,
        },
    }


def _vault(**properties: Any) -> dict[str, Any]:
    return {
        "vaultName": "contosovault",
        "resourceGroupName": _GROUP,
        "location": "northeurope",
        "properties": {
            "tenantId": "4a5a1b6f-6f5c-4c0e-9f57-8b8c0f6b2d11",
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
            "softDeleteRetentionInDays": 90,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []},
            **properties,
        },
    }


def _custody(**inputs: Any) -> dict[str, Any]:
    return {
        "name": "contosocustody",
        "location": "northeurope",
        "public_network_access": "Disabled",
        "default_action": "Deny",
        **inputs,
    }


def _key(**inputs: Any) -> dict[str, Any]:
    return {
        "hsm_id": _POOL_ID,
        "key_name": "payments",
        "key_type": "RSA-HSM",
        "size": 3072,
        "expires": "2028-01-01T00:00:00+00:00",
        "tags": {"owner": "payments"},
        "rotation": {"after_creation": "P90D", "expires_after": "P2Y"},
        "on_remove": "softDelete",
        **inputs,
    }


def _domain(**inputs: Any) -> dict[str, Any]:
    return {
        "hsm_id": _POOL_ID,
        "quorum": 2,
        "custodians": [{"name": name} for name in ("custodian-1", "custodian-2", "custodian-3")],
        "destinations": [{"path": "/mnt/custody-a/sd.json"}, {"path": "/mnt/custody-b/sd.json"}],
        **inputs,
    }


def _assignment(**inputs: Any) -> dict[str, Any]:
    return {"hsm_id": _POOL_ID, "role": "Managed HSM Crypto User", "principal_id": CUSTODIAN_GROUP, **inputs}


def _definition(*actions: str) -> dict[str, Any]:
    return {
        "hsm_id": _POOL_ID,
        "role_name": "Key Manager",
        "data_actions": [f"Microsoft.KeyVault/managedHsm/{action}" for action in actions],
    }


def _account(version: str, action: str) -> dict[str, Any]:
    return {
        "accountName": "contosologs",
        "resourceGroupName": _GROUP,
        "location": "northeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "minimumTlsVersion": version,
        "networkRuleSet": {"bypass": "AzureServices", "defaultAction": action, "ipRules": []},
    }


def _event_hubs(version: str) -> dict[str, Any]:
    return {
        "namespaceName": "contosologs",
        "resourceGroupName": _GROUP,
        "location": "northeurope",
        "sku": {"name": "Standard", "tier": "Standard"},
        "minimumTlsVersion": version,
    }


def _setting(target: str, *, enabled: bool) -> dict[str, Any]:
    return {
        "name": "managed-hsm",
        "resourceUri": target,
        "storageAccountId": f"{_SUBSCRIPTION}/resourceGroups/{_GROUP}/providers/Microsoft.Storage/storageAccounts/logs",
        "logs": [{"category": "AuditEvent", "enabled": enabled}],
    }


def _endpoint(group: str) -> dict[str, Any]:
    network = f"{_SUBSCRIPTION}/resourceGroups/{_GROUP}/providers/Microsoft.Network/virtualNetworks/contoso"
    return {
        "privateEndpointName": "contosopool",
        "resourceGroupName": _GROUP,
        "location": "northeurope",
        "subnet": {"id": f"{network}/subnets/main"},
        "privateLinkServiceConnections": [
            {"name": "contosopool", "privateLinkServiceId": _POOL_ID, "groupIds": [group]},
        ],
    }


def _breaks(*rules: str) -> frozenset[str]:
    return frozenset(rules)


def good() -> list[Case]:
    """Resources that break no rule."""
    return [
        Case(SETUP, "setup", {"environment": "prod", "deployer": DEPLOYER}),
        Case(MANAGED_HSM, "pool", _pool(), protect=True),
        Case(PRIVATE_ENDPOINT, "endpoint", _endpoint("managedhsm")),
        Case(DIAGNOSTIC_SETTING, "log", _setting(_POOL_ID, enabled=True), parent="pool"),
        Case(VAULT, "vault", _vault(), protect=True),
        Case(DIAGNOSTIC_SETTING, "vault-log", _setting(_VAULT_ID, enabled=True), parent="vault"),
        Case(CUSTODY_ACCOUNT, "custody", _custody()),
        Case(STORAGE_ACCOUNT, "account", _account("TLS1_2", "Deny")),
        Case(EVENT_HUB_NAMESPACE, "hub", _event_hubs("1.2")),
        Case(SECURITY_DOMAIN, "domain", _domain(), protect=True),
        Case(ROLE_ASSIGNMENT, "administrators", _assignment(role="Managed HSM Administrator", scope="/")),
        Case(ROLE_ASSIGNMENT, "users", _assignment(scope="/keys/payments")),
        Case(ROLE_DEFINITION, "manager", _definition("keys/create", "keys/delete", "roleAssignments/read/action")),
        Case(ROLE_ASSIGNMENT, "management", _assignment(role="Key Manager", principal_id=DEPLOYER, scope="/")),
        Case(KEY, "wrapping", _key(), protect=True),
        Case(KEY, "signing", _key(key_type="EC-HSM", size=None, curve="P-384"), protect=True),
        Case(KEY, "released", _key(exportable=True, release_policy={"policy": "{}", "immutable": True}), protect=True),
    ]


def bad() -> list[Case]:
    """Resources that break every rule, each as few as it can."""
    open_pool = _pool(
        initialAdminObjectIds=[CUSTODIAN_GROUP, DEPLOYER],
        enablePurgeProtection=False,
        softDeleteRetentionInDays=7,
        publicNetworkAccess="Enabled",
        networkAcls={"bypass": "None", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []},
    )
    return [
        Case(SETUP, "setup", {"environment": "dev", "deployer": DEPLOYER}, violates=_breaks("environment")),
        Case(
            MANAGED_HSM,
            "pool",
            {**open_pool, "tags": {}},
            violates=_breaks(
                "purge-protection",
                "retention",
                "default-deny",
                "no-public-network",
                "allowed-regions",
                "required-tags",
                "protected",
                "private-endpoint",
                "diagnostics",
                "no-standing-administrator",
            ),
        ),
        Case(PRIVATE_ENDPOINT, "endpoint", _endpoint("vault")),
        Case(DIAGNOSTIC_SETTING, "log", _setting(_POOL_ID, enabled=False), parent="pool"),
        Case(
            STORAGE_ACCOUNT,
            "account",
            _account("TLS1_0", "Allow"),
            violates=_breaks("minimum-tls", "default-deny-beside"),
        ),
        Case(
            VAULT,
            "vault",
            _vault(
                enablePurgeProtection=None,
                softDeleteRetentionInDays=7,
                publicNetworkAccess="Enabled",
                networkAcls={"bypass": "None", "defaultAction": "Allow"},
            ),
            violates=_breaks(
                "purge-protection",
                "retention",
                "default-deny-beside",
                "no-public-network",
                "protected",
                "diagnostics",
            ),
        ),
        Case(
            CUSTODY_ACCOUNT,
            "custody",
            _custody(location="eastus", public_network_access="Enabled", default_action="Allow"),
            violates=_breaks("allowed-regions", "default-deny-beside", "no-public-network"),
        ),
        Case(EVENT_HUB_NAMESPACE, "hub", _event_hubs("1.0"), violates=_breaks("minimum-tls")),
        Case(
            SECURITY_DOMAIN,
            "domain",
            _domain(quorum=1, custodians=[{"name": "custodian-1"}], destinations=[{"path": "/mnt/custody-a/sd.json"}]),
            protect=True,
            violates=_breaks("quorum", "custodians", "copies"),
        ),
        Case(
            ROLE_ASSIGNMENT,
            "deployer",
            _assignment(role="Managed HSM Administrator", principal_id=DEPLOYER, scope="/"),
            violates=_breaks("no-standing-administrator"),
        ),
        Case(ROLE_ASSIGNMENT, "users", _assignment(scope="/"), violates=_breaks("least-scope")),
        Case(ROLE_DEFINITION, "manager", _definition("keys/sign/action", "roleDefinitions/write/action")),
        Case(
            ROLE_ASSIGNMENT,
            "management",
            _assignment(role="Key Manager", principal_id=DEPLOYER.upper(), scope="/"),
            violates=_breaks("least-scope", "no-standing-administrator"),
        ),
        Case(ROLE_ASSIGNMENT, "nobody-knows", _assignment(role="Contoso", scope="/"), violates=_breaks("least-scope")),
        Case(KEY, "small", _key(size=2048), protect=True, violates=_breaks("key-size")),
        Case(
            KEY,
            "curve",
            _key(key_type="EC-HSM", size=None, curve="P-256K"),
            protect=True,
            violates=_breaks("key-curve"),
        ),
        Case(
            KEY,
            "endless",
            _key(expires=None, rotation=None),
            protect=True,
            violates=_breaks("key-expiry", "key-rotation"),
        ),
        Case(KEY, "sizeless", _key(size=None), protect=True, violates=_breaks("key-size")),
        Case(
            KEY,
            "long-lived",
            _key(expires=None, rotation={"after_creation": "P90D", "expires_after": "P10Y"}),
            protect=True,
            violates=_breaks("key-expiry"),
        ),
        Case(
            KEY,
            "never-rotated",
            _key(expires=None, rotation={"before_expiry": "P30D", "expires_after": "P1Y"}),
            protect=True,
            violates=_breaks("key-expiry"),
        ),
        Case(KEY, "exported", _key(exportable=True), protect=True, violates=_breaks("exportable")),
        Case(KEY, "purged", _key(on_remove="purge"), protect=True, violates=_breaks("no-purge")),
        Case(KEY, "loose", _key(), violates=_breaks("protected")),
    ]


def only(name: str, **inputs: Any) -> Case:
    """A good case with other inputs."""
    case = next(each for each in good() if each.name == name)
    return Case(case.type, case.name, {**copy.deepcopy(case.inputs), **inputs}, case.protect, case.parent)
