"""What has to fit together within the pool's own settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from config.hsm import Firewall, Hsm, lifting_words
from config.identities import AttachedIdentity
from config.problems import Problem, not_accepted
from config.settings import Settings
from data_plane.pool_regions import NOT_EXTENDED_INTO

_MOST_RULES = 10
_IMPOSSIBLE = ", ".join(sorted(NOT_EXTENDED_INTO))


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of a pool that this stack makes, and of what it rules out for its keys."""
    pool = settings.hsm
    if not isinstance(pool, Hsm):
        return
    if not pool.initial_administrators:
        yield not_accepted("managed-hsm:hsm.initialAdministrators", [], "at least one object id (GUID)")
    for index, administrator in enumerate(pool.initial_administrators):
        if administrator in pool.initial_administrators[:index]:
            path = f"managed-hsm:hsm.initialAdministrators[{index}]"
            yield not_accepted(path, administrator, "each administrator once")
    if pool.on_destroy == "purge" and pool.purge_protection:
        yield not_accepted(
            "managed-hsm:hsm.onDestroy",
            "purge",
            "retain or softDelete while purgeProtection is true",
            ("managed-hsm:hsm.purgeProtection",),
        )
    for name, key in settings.keys.items():
        if key.on_remove == "purge" and pool.purge_protection:
            yield not_accepted(
                f"managed-hsm:keys.{name}.onRemove",
                "purge",
                "retain or softDelete while hsm.purgeProtection is true, which goes for the pool's keys too",
                ("managed-hsm:hsm.purgeProtection",),
            )
    yield from firewall_problems(pool.firewall, "managed-hsm:hsm.firewall", _MOST_RULES)
    yield from _identity_problems(settings, pool)
    yield from _region_problems(settings, pool)
    yield from _protection_problems(pool)


def _identity_problems(settings: Settings, pool: Hsm) -> Iterator[Problem]:
    """A pool has user-assigned identities only ("Managed HSM full backup and restore")."""
    apart = [name for name, each in settings.identities.items() if isinstance(each, AttachedIdentity)]
    for index, name in enumerate(pool.identities):
        path = f"managed-hsm:hsm.identities[{index}]"
        if name not in apart:
            accepted = f"one of {', '.join(apart)}" if apart else "an identity with userAssigned or id"
            yield not_accepted(path, name, accepted, ("managed-hsm:identities",))
        elif name in pool.identities[:index]:
            yield not_accepted(path, name, "each identity once")


def firewall_problems(firewall: Firewall, key: str, most_rules: int) -> Iterator[Problem]:
    """Problems of the firewall at ``key``, a pool's or a vault's."""
    path = f"{key}.ipRules"
    rules = firewall.ip_rules
    if len(rules) > most_rules:
        yield Problem(path, f"{len(rules)} rules are not accepted; at most {most_rules}")
    if rules and firewall.public_network_access == "Disabled":
        involved = (f"{key}.publicNetworkAccess",)
        yield not_accepted(path, list(rules), "no rules while publicNetworkAccess is Disabled", involved)
    elif rules and firewall.default_action == "Allow":
        involved = (f"{key}.defaultAction",)
        yield not_accepted(path, list(rules), "no rules unless defaultAction is Deny", involved)
    networks = [ipaddress.IPv4Network(rule) for rule in rules]
    for index, network in enumerate(networks):
        for earlier in networks[:index]:
            if network.overlaps(earlier):
                other = rules[networks.index(earlier)]
                yield not_accepted(f"{path}[{index}]", rules[index], f"each address once ({other} has it already)")
                break


def _region_problems(settings: Settings, pool: Hsm) -> Iterator[Problem]:
    path = "managed-hsm:hsm.secondRegion"
    if pool.second_region == settings.location:
        involved = ("azure-native:location",)
        yield not_accepted(path, pool.second_region, "a region that the pool is not made in", involved)
    elif pool.second_region in NOT_EXTENDED_INTO:
        accepted = f"a region that a Managed HSM can be extended into (as of June 2025 none of {_IMPOSSIBLE})"
        yield not_accepted(path, pool.second_region, accepted)


def _protection_problems(pool: Hsm) -> Iterator[Problem]:
    words = lifting_words(pool.name)
    if pool.lift_protection is not None and pool.lift_protection != words:
        path = "managed-hsm:hsm.liftProtection"
        yield not_accepted(path, pool.lift_protection, f"the words: {words}", ("managed-hsm:hsm.name",))
