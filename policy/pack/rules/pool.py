"""Rules about the pool itself, and about the vault and the accounts beside it that have the same settings.

Sources: "Managed HSM soft-delete and purge protection", "Secure your Azure Managed HSM deployment" (network isolation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from policy.pack.resource_types import CUSTODY_ACCOUNT, KEY, MANAGED_HSM, SECURITY_DOMAIN, STORAGE_ACCOUNT, VAULT
from policy.pack.rule import UNKNOWN, Check, Declared, Option, Rule, Settings, Violation

_HSM: Final = "managed-hsm:hsm"
_VAULT: Final = "managed-hsm:vault"
_STORAGE: Final = "managed-hsm:storage"
_WORDS: Final = {"type": "array", "items": {"type": "string"}}


_DEFAULT_ACTION: Final = {
    MANAGED_HSM: "properties.networkAcls.defaultAction",
    VAULT: "properties.networkAcls.defaultAction",
    STORAGE_ACCOUNT: "networkRuleSet.defaultAction",
    CUSTODY_ACCOUNT: "default_action",
}
_PUBLIC_ACCESS: Final = {
    MANAGED_HSM: "properties.publicNetworkAccess",
    VAULT: "properties.publicNetworkAccess",
    CUSTODY_ACCOUNT: "public_network_access",
}
_PURGE_PROTECTION: Final = dict.fromkeys((MANAGED_HSM, VAULT), "properties.enablePurgeProtection")


def _must_be(paths: Mapping[str, str], wanted: object) -> Check:
    def check(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
        del settings
        for each in resources:
            path = paths[each.type]
            found = each.input(path)
            if found is not UNKNOWN and found != wanted:
                yield Violation(path, f"is {'not set' if found is None else found}, not {wanted}")

    return check


def _retention(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    path = "properties.softDeleteRetentionInDays"
    for pool in resources:
        days, least = pool.input(path), settings["minimumDays"]
        if days is not UNKNOWN and (days is None or days < least):
            yield Violation(path, f"is {'not set' if days is None else f'{days:.0f} days'}, less than {least:.0f}")


def _regions(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    allowed = {_plain(each) for each in settings["regions"]}
    if not allowed:
        return
    for each in resources:
        extended = [region.get("name") for region in each.inputs_of("properties.regions")]
        for path, region in (
            ("location", each.input("location")),
            *(("properties.regions", second) for second in extended),
        ):
            if isinstance(region, str) and _plain(region) not in allowed:
                yield Violation(path, f"{region} is none of {', '.join(settings['regions'])}")


def _plain(region: str) -> str:
    """ARM takes ``East US 2`` for ``eastus2``."""
    return region.replace(" ", "").lower()


def _tags(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    for each in resources:
        tags = each.input("tags")
        if tags is UNKNOWN:
            continue
        if missing := [tag for tag in settings["tags"] if not (tags or {}).get(tag)]:
            yield Violation("tags", f"has no {', '.join(missing)}")


def _protected(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    for each in resources:
        if not each.protected:
            yield Violation("protect", "is off")


RULES: Final = (
    Rule(
        name="purge-protection",
        why="Whoever may purge what has none can destroy every key, or every secret, for ever and within minutes.",
        way_out=f"Set {_HSM}.purgeProtection: true, or {_VAULT}.purgeProtection: true.",
        check=_must_be(_PURGE_PROTECTION, wanted=True),
        types=tuple(_PURGE_PROTECTION),
    ),
    Rule(
        name="retention",
        why="A deleted pool or vault must stay recoverable for as long as its loss may go unnoticed.",
        way_out=f"Set {_HSM}.retentionDays or {_VAULT}.retentionDays at creation; what exists keeps what it has.",
        check=_retention,
        types=(MANAGED_HSM, VAULT),
        options={"minimumDays": Option(90, {"type": "integer", "minimum": 7, "maximum": 90})},
    ),
    Rule(
        name="default-deny",
        why="With Allow the whole internet may try its tokens at the pool.",
        way_out=f"Set {_HSM}.firewall.defaultAction: Deny, with ipRules for who must come from outside.",
        check=_must_be(_DEFAULT_ACTION, wanted="Deny"),
        types=(MANAGED_HSM,),
    ),
    Rule(
        name="default-deny-beside",
        why="Secrets, security domains and logs are worth as much as the keys.",
        way_out=f"Set firewall.defaultAction: Deny in {_VAULT} or {_STORAGE}, with ipRules for who comes from outside.",
        check=_must_be(_DEFAULT_ACTION, wanted="Deny"),
        types=(VAULT, STORAGE_ACCOUNT, CUSTODY_ACCOUNT),
    ),
    Rule(
        name="no-public-network",
        why="What only private endpoints lead to cannot be reached with a stolen token from elsewhere.",
        way_out=f"Set firewall.publicNetworkAccess: Disabled in {_HSM}, {_VAULT} or {_STORAGE}; docs/private-path.md"
        " says how a pool is set up then.",
        check=_must_be(_PUBLIC_ACCESS, wanted="Disabled"),
        types=tuple(_PUBLIC_ACCESS),
    ),
    Rule(
        name="allowed-regions",
        why="Keys, and the security domain that opens them, may have to stay within a jurisdiction.",
        way_out=f"Set azure-native:location, {_HSM}.secondRegion or {_STORAGE}.location to a region of the list.",
        check=_regions,
        types=(MANAGED_HSM, CUSTODY_ACCOUNT),
        options={"regions": Option([], _WORDS)},
    ),
    Rule(
        name="required-tags",
        why="Somebody must be asked about it in years to come.",
        way_out=f"Set {_HSM}.tags, or managed-hsm:keys.<name>.tags.",
        check=_tags,
        types=(MANAGED_HSM, KEY),
        options={"tags": Option(["owner"], _WORDS)},
    ),
    Rule(
        name="protected",
        why="Pulumi deletes or replaces what is not protected as soon as a configuration says so.",
        way_out=f"Set managed-hsm:environment: prod without {_HSM}.liftProtection, or"
        " managed-hsm:keys.<name>.protect: true.",
        check=_protected,
        types=(MANAGED_HSM, VAULT, SECURITY_DOMAIN, KEY),
    ),
)
