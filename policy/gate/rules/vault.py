"""The vault beside the pool, and its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import TAGS, Kind, becomes, changed, difference, says
from policy.gate.rules.pool import ip_rules
from policy.gate.state import Change

_GOES: Final = says("vault-removed")


def _firewall(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    harmless = becomes(change, "Deny", "None", "disabled", "Disabled")
    return [Said("tightened" if harmless else "firewall-widened", difference(change))]


def _safeguard(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("purge-protection-on" if becomes(change, True) else "safeguard-lowered", difference(change))]


def _unseen(_change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("secret-changed")]


def _ip_rules(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return ip_rules(change, "firewall-widened")


KINDS: Final[Mapping[str, Kind]] = {
    "azure-native:keyvault:Vault": Kind(
        "vault",
        says("new"),
        _GOES,
        _GOES,
        {
            **TAGS,
            "properties.accessPolicies": changed("vault-access-changed"),
            "properties.enableRbacAuthorization": changed("vault-access-changed"),
            "properties.enabledForDeployment": changed("vault-access-changed"),
            "properties.enabledForDiskEncryption": changed("vault-access-changed"),
            "properties.enabledForTemplateDeployment": changed("vault-access-changed"),
            "properties.enablePurgeProtection": _safeguard,
            "properties.enableSoftDelete": _safeguard,
            "properties.softDeleteRetentionInDays": changed("safeguard-lowered"),
            "properties.networkAcls.ipRules": _ip_rules,
            "properties.networkAcls": _firewall,
            "properties.publicNetworkAccess": _firewall,
            "properties.sku": changed("changed"),
        },
    ),
    "azure-native:keyvault:Secret": Kind(
        "secret",
        says("new"),
        _GOES,
        _GOES,
        {**TAGS, "properties.value": _unseen, "properties.attributes": changed("secret-changed")},
    ),
}
