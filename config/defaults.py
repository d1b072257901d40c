"""What is filled in before validation: defaults that depend on the environment or on another key.

In ``prod`` nothing that decides about safety is filled in: it has to be said.
"""

from __future__ import annotations

from typing import Any, get_args

from config.hsm import OnDestroy
from data_plane.built_in_roles import guid_of
from data_plane.customer_managed_keys import ROLE

DEV_POOL: dict[str, Any] = {
    "retentionDays": 7,
    "purgeProtection": False,
    "initialAdministrators": ["deployer"],
    "onDestroy": "softDelete",
    "firewall": {"publicNetworkAccess": "Enabled", "defaultAction": "Allow", "bypass": "AzureServices"},
}
"""What a pool in dev is that says nothing else."""

DEV_FIREWALL = {"publicNetworkAccess": "Enabled", "defaultAction": "Deny", "bypass": "AzureServices"}
"""What a firewall in dev is that says only a part."""

DEV_VAULT: dict[str, Any] = {
    "retentionDays": 7,
    "purgeProtection": False,
    "firewall": DEV_POOL["firewall"],
}
"""What a vault in dev is that says nothing else."""


def with_defaults(written: dict[str, Any]) -> dict[str, Any]:
    """The configuration with everything filled in that may be left out; what has the wrong shape stays as it is.

    Dev: a pool or vault without a firewall is open as Azure's own default is; a firewall that is begun denies by
    default. A vault ends as the pool does.
    """
    filled = dict(written)
    if filled.get("environment") == "dev":
        _fill_pool(filled)
    if filled.get("environment") == "prod":
        _fill_protection(filled)
    _fill_vault(filled)
    _grant_uses(filled)
    if filled.get("environment") == "dev" and isinstance(filled.get("storage"), dict):
        filled["storage"] = _with_firewall({"firewall": DEV_POOL["firewall"], **filled["storage"]})
    network = filled.get("network")
    if isinstance(network, dict) and "azure-native:location" in filled:
        filled["network"] = {"location": filled["azure-native:location"], **network}
    return filled


def _fill_pool(filled: dict[str, Any]) -> None:
    pool = filled.get("hsm")
    if not isinstance(pool, dict) or "existing" in pool:
        return
    filled["hsm"] = _with_firewall({**DEV_POOL, **pool})


def _fill_vault(filled: dict[str, Any]) -> None:
    vault, pool = filled.get("vault"), filled.get("hsm")
    if not isinstance(vault, dict):
        return
    if isinstance(pool, dict) and pool.get("onDestroy") in get_args(OnDestroy):
        vault = {"onDestroy": pool["onDestroy"], **vault}
    filled["vault"] = _with_firewall({**DEV_VAULT, **vault}) if filled.get("environment") == "dev" else vault


def _with_firewall(section: dict[str, Any]) -> dict[str, Any]:
    if isinstance(section["firewall"], dict):
        return {**section, "firewall": {**DEV_FIREWALL, **section["firewall"]}}
    return section


def _fill_protection(filled: dict[str, Any]) -> None:
    pool = filled.get("hsm")
    if isinstance(pool, dict) and "existing" not in pool:
        filled["hsm"] = {"lock": True, **pool}
    keys = filled.get("keys")
    if isinstance(keys, dict):
        filled["keys"] = {
            name: {"protect": True, **key} if isinstance(key, dict) else key for name, key in keys.items()
        }


def _grant_uses(filled: dict[str, Any]) -> None:
    """The role assignments that ``keys.*.usedBy`` stands for. What has the wrong shape is told where it stands."""
    keys, written = filled.get("keys"), filled.get("roleAssignments") or []
    if not isinstance(keys, dict) or not isinstance(written, list):
        return
    granted: list[Any] = []
    for name, key in keys.items():
        uses = key.get("usedBy") if isinstance(key, dict) else None
        for use in uses if isinstance(uses, list) else []:
            principal = use.get("principal") if isinstance(use, dict) else None
            grant = {"role": ROLE, "principal": principal, "scope": f"/keys/{name}"}
            if isinstance(principal, dict) and not any(_grants(each, grant) for each in [*written, *granted]):
                granted.append(grant)
    if granted:
        filled["roleAssignments"] = [*written, *granted]


def _grants(written: object, grant: dict[str, Any]) -> bool:
    """Whether an assignment that is written says what the grant does, by whatever name of the role."""
    if not isinstance(written, dict):
        return False
    role = str(written.get("role"))
    same_role = guid_of(ROLE) in (guid_of(role), guid_of(f"Managed HSM {role}"))
    return same_role and all(written.get(name) == grant[name] for name in ("principal", "scope"))
