"""Rules about who can open the security domain, and where it lies.

Source: "About the Managed HSM security domain" (a quorum of at least 2, more holders than that, copies apart).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from policy.pack.resource_types import SECURITY_DOMAIN
from policy.pack.rule import UNKNOWN, Declared, Option, Rule, Settings, Violation

_SECTION: Final = "managed-hsm:securityDomain"


def _quorum(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    for domain in resources:
        quorum, least = domain.input("quorum"), settings["minimum"]
        if quorum is not UNKNOWN and (quorum is None or quorum < least):
            yield Violation("quorum", f"is {quorum:.0f}, less than {least:.0f}" if quorum else "is not set")


def _custodians(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    for domain in resources:
        quorum, custodians = domain.input("quorum"), domain.input("custodians")
        if UNKNOWN in (quorum, custodians):
            continue
        number, least = len(custodians or ()), settings["minimum"]
        if number < least:
            yield Violation("custodians", f"are {number}, fewer than {least:.0f}")
        elif quorum and number <= quorum:
            yield Violation("custodians", f"are {number}, as many as the quorum: the loss of one key loses the domain")


def _copies(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    for domain in resources:
        if domain.input("destinations") is UNKNOWN:
            continue
        kept = [each for each in domain.inputs_of("destinations") if not each.get("optional")]
        if len(kept) < settings["minimum"]:
            yield Violation("destinations", f"{len(kept)} that must hold it, fewer than {settings['minimum']:.0f}")


RULES: Final = (
    Rule(
        name="quorum",
        why="One person alone must not be able to open the security domain.",
        way_out=f"Set {_SECTION}.quorum; on an active pool also reissue (docs/runbook.md).",
        check=_quorum,
        types=(SECURITY_DOMAIN,),
        options={"minimum": Option(2, {"type": "integer", "minimum": 2, "maximum": 10})},
    ),
    Rule(
        name="custodians",
        why="Keys get lost: there must be more custodians than the quorum needs.",
        way_out=f"Add to {_SECTION}.custodians; on an active pool also reissue (docs/runbook.md).",
        check=_custodians,
        types=(SECURITY_DOMAIN,),
        options={"minimum": Option(3, {"type": "integer", "minimum": 2, "maximum": 10})},
    ),
    Rule(
        name="copies",
        why="Microsoft has no copy of the security domain: with the only file the pool and its keys are lost.",
        way_out=f"Add to {_SECTION}.destinations one that is not optional.",
        check=_copies,
        types=(SECURITY_DOMAIN,),
        options={"minimum": Option(2, {"type": "integer", "minimum": 1, "maximum": 10})},
    ),
)
