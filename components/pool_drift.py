"""What is different between the pool that is there and the configuration, in words.

Looked at in every preview, with what is known of the pool anyway: somebody who opens a firewall by hand is told of in
the next one, refreshed or not. The engine itself compares with what it remembers, so what was changed by hand is only
changed back after a refresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from components.present_pool import is_active
from config import Settings
from config.hsm import Firewall, Hsm

_MENDED = "up changes that, after a pulumi refresh where it was done by hand"


def check_activated(settings: Settings, pool: Any | None) -> None:
    """Raises pulumi.RunError where a pool that is said to be activated elsewhere is not."""
    hsm = settings.hsm
    if isinstance(hsm, Hsm) and hsm.activated_elsewhere and not is_active(pool):
        raise pulumi.RunError(
            f"managed-hsm:hsm.activatedElsewhere: {hsm.name} is not active; give it a securityDomain section to"
            " activate it with"
        )


def tell_differences(settings: Settings, pool: Any | None) -> None:
    """Says each difference that an ``up`` can change: as a warning where the pool is more open than it should be."""
    hsm = settings.hsm
    if pool is None or not isinstance(hsm, Hsm):
        return
    for sentence in _openings(hsm, pool):
        pulumi.log.warn(f"managed-hsm:hsm.firewall: {sentence} — {_MENDED}")
    for key, sentence in _changes(hsm, pool):
        pulumi.log.info(f"managed-hsm:hsm.{key}: {sentence} — {_MENDED}")


def _openings(wanted: Hsm, pool: Any) -> Iterator[str]:
    has, name = _firewall(pool), wanted.name
    shall = wanted.firewall
    if has.public_network_access == "Enabled" and shall.public_network_access == "Disabled":
        yield f"{name} can be reached publicly: its publicNetworkAccess is Enabled, the configuration says Disabled"
    if has.default_action == "Allow" and shall.default_action == "Deny":
        yield (f"everybody on the internet reaches {name}: its defaultAction is Allow, the configuration says Deny")
    if has.bypass == "AzureServices" and shall.bypass == "None":
        yield f"trusted Azure services pass by the firewall of {name}: its bypass is AzureServices, not None"
    more = sorted(set(has.ip_rules) - set(shall.ip_rules))
    if more:
        yield f"{', '.join(more)} may come in to {name}, which the configuration does not say"


def _changes(wanted: Hsm, pool: Any) -> Iterator[tuple[str, str]]:
    has, shall = _firewall(pool), wanted.firewall
    if has.public_network_access == "Disabled" and shall.public_network_access == "Enabled":
        yield "firewall", f"{wanted.name} is closed to the public, the configuration lets it in"
    if has.default_action == "Deny" and shall.default_action == "Allow":
        yield "firewall", f"{wanted.name} denies by default, the configuration lets everybody in"
    if has.bypass == "None" and shall.bypass == "AzureServices":
        yield "firewall", f"{wanted.name} keeps trusted Azure services out, the configuration lets them in"
    fewer = sorted(set(shall.ip_rules) - set(has.ip_rules))
    if fewer:
        yield "firewall", f"{', '.join(fewer)} may not come in to {wanted.name}, the configuration lets them in"
    if wanted.purge_protection and not pool.properties.enable_purge_protection:
        yield "purgeProtection", f"{wanted.name} has none, the configuration switches it on, for good"
    extended = _second_region(pool)
    if extended != wanted.second_region:
        yield (
            "secondRegion",
            f"{wanted.name} is extended into {extended or 'no region'}, the configuration says"
            f" {wanted.second_region or 'none'}",
        )
    if dict(pool.tags or {}) != dict(wanted.tags):
        yield "tags", f"{wanted.name} has {dict(pool.tags or {})}, the configuration says {dict(wanted.tags)}"


def _firewall(pool: Any) -> Firewall:
    acls = pool.properties.network_acls
    return Firewall.model_construct(
        public_network_access=str(pool.properties.public_network_access or "Enabled"),
        default_action=str((acls and acls.default_action) or "Allow"),
        bypass=str((acls and acls.bypass) or "None"),
        ip_rules=tuple(str(rule.value) for rule in (acls and acls.ip_rules) or []),
    )


def _second_region(pool: Any) -> str | None:
    home = _short(pool.location)
    names = [_short(each.name) for each in pool.properties.regions or []]
    return next((name for name in names if name != home), None)


def _short(region: Any) -> str:
    return str(region or "").replace(" ", "").lower()
