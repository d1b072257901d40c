"""Rules about the pool itself.

Sources: "Managed HSM soft-delete and purge protection", "Secure your Azure Managed HSM deployment" (network isolation).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from policy.pack.resource_types import KEY, MANAGED_HSM, SECURITY_DOMAIN
from policy.pack.rule import UNKNOWN, Check, Declared, Option, Rule, Settings, Violation

_HSM: Final = "managed-hsm:hsm"
_WORDS: Final = {"type": "array", "items": {"type": "string"}}


def _must_be(path: str, wanted: object) -> Check:
    def check(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
        del settings
        for pool in resources:
            found = pool.input(path)
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
    for pool in resources:
        extended = [each.get("name") for each in pool.inputs_of("properties.regions")]
        for path, region in (
            ("location", pool.input("location")),
            *(("properties.regions", each) for each in extended),
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
        why="Whoever may purge a pool without it can destroy every key for ever, within minutes.",
        way_out=f"Set {_HSM}.purgeProtection: true.",
        check=_must_be("properties.enablePurgeProtection", wanted=True),
        types=(MANAGED_HSM,),
    ),
    Rule(
        name="retention",
        why="A deleted pool must stay recoverable for as long as its loss may go unnoticed.",
        way_out=f"Set {_HSM}.retentionDays at creation; a pool that exists keeps what it has.",
        check=_retention,
        types=(MANAGED_HSM,),
        options={"minimumDays": Option(90, {"type": "integer", "minimum": 7, "maximum": 90})},
    ),
    Rule(
        name="default-deny",
        why="With Allow the whole internet may try its tokens at the pool.",
        way_out=f"Set {_HSM}.firewall.defaultAction: Deny, with ipRules for who must come from outside.",
        check=_must_be("properties.networkAcls.defaultAction", wanted="Deny"),
        types=(MANAGED_HSM,),
    ),
    Rule(
        name="no-public-network",
        why="A pool that only private endpoints lead to cannot be reached with a stolen token from elsewhere.",
        way_out=f"Set {_HSM}.firewall.publicNetworkAccess: Disabled; docs/private-path.md says how it is set up then.",
        check=_must_be("properties.publicNetworkAccess", wanted="Disabled"),
        types=(MANAGED_HSM,),
    ),
    Rule(
        name="allowed-regions",
        why="Keys may have to stay within a jurisdiction.",
        way_out=f"Set azure-native:location or {_HSM}.secondRegion to a region of the list.",
        check=_regions,
        types=(MANAGED_HSM,),
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
        way_out="Set managed-hsm:environment: prod, or managed-hsm:keys.<name>.protect: true.",
        check=_protected,
        types=(MANAGED_HSM, SECURITY_DOMAIN, KEY),
    ),
)
