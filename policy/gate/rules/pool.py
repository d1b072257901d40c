"""The pool, its resource group, and what purges it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import POOL_FIELDS, TAGS, Kind, becomes, changed, difference, says
from policy.gate.state import MISSING, Change, State, is_unknown, shown

POOL: Final = "azure-native:keyvault:ManagedHsm"
SOFT_DELETED: Final = "pulumi-python:dynamic/mhsm:SoftDeletedPool"
_WIDE: Final = 8
"""A rule with a prefix up to this long lets in a 256th of all addresses or more, and keeps nobody out."""
_MANY: Final = 2 ** (32 - _WIDE)
"""As many addresses as that, which smaller rules let in together."""


def is_open(pool: State) -> bool:
    """Whether every address gets to the data plane; where that is not known yet it counts as open."""
    access, action = pool.input("properties.publicNetworkAccess"), pool.input("properties.networkAcls.defaultAction")
    return access != "Disabled" and (action != "Deny" or are_wide(_rules(pool)))


def is_closed(pool: State) -> bool:
    """Whether no address gets there publicly, or that is not known yet."""
    if pool.input("properties.publicNetworkAccess") == "Disabled":
        return True
    return pool.input("properties.networkAcls.defaultAction") != "Allow" and not _rules(pool)


def is_wide(address: object) -> bool:
    """Whether a rule lets in so much of the internet that it keeps nobody out; one that cannot be read counts so."""
    try:
        return ipaddress.ip_network(str(address), strict=False).prefixlen <= _WIDE
    except ValueError:
        return True


def are_wide(rules: Sequence[str]) -> bool:
    """Whether rules, one of them or all together, let in so much of the internet that they keep nobody out."""
    if any(is_wide(each) for each in rules):
        return True
    networks = [ipaddress.ip_network(each, strict=False) for each in rules]
    internet = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
    return sum(each.num_addresses for each in ipaddress.collapse_addresses(internet)) >= _MANY


def addresses(rules: object) -> list[str] | None:
    """The addresses of IP rules as ARM has them; None where they are not known yet or are no such rules."""
    if rules is None:
        return []
    if not isinstance(rules, list):
        return None
    found = [each.get("value") if isinstance(each, Mapping) else None for each in rules]
    return [str(each) for each in found] if all(isinstance(each, str) for each in found) else None


def _rules(pool: State) -> list[str]:
    rules = pool.input("properties.networkAcls.ipRules")
    found = addresses(rules)
    return ["0.0.0.0/0"] if found is None or any(is_unknown(each) for each in found) else found


def _created(step: Step, _preview: Preview) -> list[Said]:
    opened = [Said("firewall-opened", "from its creation on")] if is_open(step.state) else []
    return [Said("new"), *opened]


def _deleted(_step: Step, preview: Preview) -> list[Said]:
    purges = any(each.type.endswith(":PurgeOnDestroy") and each.operation == "delete" for each in preview.steps)
    return [Said("pool-deleted", "and purged: not even the service can bring it back" if purges else "")]


def _firewall(change: Change, step: Step, _preview: Preview) -> list[Said]:
    if becomes(change, "Deny", "Disabled", "None"):
        return [Said("tightened", difference(change))]
    opened = is_open(step.state) and not change.path.endswith(".bypass")
    return [Said("firewall-opened" if opened else "firewall-widened", difference(change))]


def _access_rules(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    """Rules where there were none, or what is new in them; without any, everybody may come."""
    closed = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    given = change.new if isinstance(change.new, Mapping) else {}
    first = change.path == "properties.networkAcls" and change.old in (MISSING, None)
    if first and given.get("defaultAction") == "Deny" and all(closed.get(name) == given[name] for name in given):
        return [Said("tightened", difference(change))]
    return [Said("firewall-opened", difference(change))]


def ip_rules(change: Change, opened: str = "firewall-opened") -> list[Said]:
    """What other IP rules mean."""
    before, after = addresses(_none(change.old)), addresses(_none(change.new))
    if before is None or after is None:
        return [Said(opened, difference(change))]
    added = [each for each in after if each not in before]
    if added and are_wide(after):
        return [Said(opened, f"lets in {', '.join(added)}")]
    if added:
        return [Said("firewall-widened", f"lets in {', '.join(added)}")]
    return [Said("tightened", difference(change))]


def _none(value: Any) -> Any:
    return value if isinstance(value, list | str) else None


def _purge_protection(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("purge-protection-on" if becomes(change, True) else "safeguard-lowered", difference(change))]


def _soft_delete(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("changed" if becomes(change, True) else "safeguard-lowered", difference(change))]


def _retention(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    longer = _is_number(change.old) and _is_number(change.new) and change.new > change.old
    return [Said("pool-changed" if longer else "safeguard-lowered", difference(change))]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _administrators(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("administrator-added", f"initial administrators become {shown(change.new)}")]


def _group(step: Step, _preview: Preview) -> list[Said]:
    return [Said("group-deleted", f"resource group {shown(step.old.input('resourceGroupName')) if step.old else ''}")]


def _soft_deleted(step: Step, _preview: Preview) -> list[Said]:
    recovers = step.state.input("action") == "recover"
    return [Said("soft-deleted-pool-recovered" if recovers else "soft-deleted-pool-purged", step.state.id)]


def _setting(step: Step, _preview: Preview) -> list[Said]:
    off = step.state.input("value") is False
    return [Said("new" if off else "key-management-through-arm", str(step.state.input("setting_name")))]


def _setting_changed(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("tightened" if becomes(change, False) else "key-management-through-arm", difference(change))]


def _restored(step: Step, _preview: Preview) -> list[Said]:
    return [Said("pool-overwritten", f"from {shown(step.state.input('folder'))}")]


KINDS: Final[Mapping[str, Kind]] = {
    POOL: Kind(
        "pool",
        created=_created,
        deleted=_deleted,
        replaced=says("pool-replaced"),
        properties={
            **TAGS,
            "properties.networkAcls.defaultAction": _firewall,
            "properties.publicNetworkAccess": _firewall,
            "properties.networkAcls.bypass": _firewall,
            "properties.networkAcls.ipRules": lambda change, _step, _preview: ip_rules(change),
            "properties.networkAcls.virtualNetworkRules": changed("firewall-widened"),
            "properties.networkAcls": _access_rules,
            "properties.enablePurgeProtection": _purge_protection,
            "properties.enableSoftDelete": _soft_delete,
            "properties.softDeleteRetentionInDays": _retention,
            "properties.initialAdminObjectIds": _administrators,
            "properties.regions": changed("pool-changed"),
            "identity": changed("pool-changed"),
        },
    ),
    "azure-native:resources:ResourceGroup": Kind(
        "resource group", created=says("new"), deleted=_group, replaced=_group, properties=TAGS
    ),
    "azure-native:authorization:ManagementLockByScope": Kind(
        "lock",
        created=says("new"),
        deleted=says("lock-removed"),
        replaced=says("lock-removed"),
        properties={"level": changed("lock-removed"), "notes": changed("changed")},
    ),
    "pulumi-python:dynamic/mhsm:SecondRegion": Kind(
        "promise to remove the second region",
        created=says("pool-changed"),
        deleted=says("pool-changed"),
        replaced=says("pool-changed"),
        properties={"region": changed("pool-changed")},
    ),
    SOFT_DELETED: Kind(
        "decision about a deleted pool",
        created=_soft_deleted,
        deleted=says("part-removed"),
        replaced=_soft_deleted,
        # It acts when it is made, and when there is another deletion to deal with.
        properties={
            "deleted_at": lambda _change, step, preview: _soft_deleted(step, preview),
            **{name: changed("changed") for name in ("action", "tenant_id", "sku", "sku_family", "resource_group")},
        },
    ),
    "pulumi-python:dynamic/mhsm:PoolCosts": Kind(
        "word on what a pool costs",
        created=says("new"),
        deleted=says("part-removed"),
        replaced=says("changed"),
        properties={"sku": changed("changed"), "price_per_hour": changed("changed")},
    ),
    "pulumi-python:dynamic/mhsm:PoolSetting": Kind(
        "setting",
        created=_setting,
        deleted=says("pool-changed"),
        replaced=says("pool-changed"),
        properties={**POOL_FIELDS, "value": _setting_changed},
    ),
    "pulumi-python:dynamic/mhsm:FullBackup": Kind(
        "full backup",
        created=says("new"),
        deleted=says("part-removed"),
        replaced=says("new"),
        properties={
            "container": changed("changed"),
            "trigger": changed("repeated"),
            "journal": changed("changed"),
            "role_is_new": changed("changed"),
        },
    ),
    "pulumi-python:dynamic/mhsm:FullRestore": Kind(
        "full restore",
        created=_restored,
        deleted=says("part-removed"),
        replaced=_restored,
        properties={
            name: changed("pool-overwritten")
            for name in ("folder", "trigger", "overwrite", "journal", "hsm_name", "role_is_new")
        },
    ),
    "pulumi-python:dynamic/mhsm:PurgeOnDestroy": Kind(
        "promise to purge", created=says("purge-armed"), deleted=says("tightened"), replaced=says("purge-armed")
    ),
    "pulumi-python:dynamic/mhsm:PurgeVaultOnDestroy": Kind(
        "promise to purge", created=says("purge-armed"), deleted=says("tightened"), replaced=says("purge-armed")
    ),
}
