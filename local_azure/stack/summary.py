"""What a person reads after ``make up``: what stands, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PRICE_PER_HOUR = "about 3.20 to 3.50 US$"
"""Of a pool of the SKU Standard_B1, as Azure's price list of 2026 and others' bills have it."""


def summary(outputs: Mapping[str, Any], seconds: float) -> str:
    """The stack's outputs as lines for a terminal."""
    domain = outputs["securityDomain"]
    lines = [
        "",
        f"Your Managed HSM stands: {outputs['hsmUri']}",
        "",
        *_table(
            [
                ("activated", "the security domain, which opens with a quorum of the custodians' keys, is in"),
                *(("", each) for each in domain["files"]),
                ("", f"SHA-256 {domain['sha256']}"),
                *_section("keys", outputs["keys"], lambda key: str(key["id"])),
                *_section("roles", outputs["roleAssignments"], lambda name: str(name)),
                *_section("private endpoints", outputs["privateEndpoints"], lambda address: str(address)),
                *_section("identities", outputs["identities"], lambda principal: f"principal {principal}"),
            ]
        ),
        "",
        f"It took {seconds:.0f} s here, on the local Azure; on Azure making the pool alone takes some 14 minutes,",
        f"and it costs {PRICE_PER_HOUR} an hour from then on, also soft-deleted, until it is purged.",
        "",
        "Look further:  .venv/bin/python -m local_azure exec -- pulumi stack output --json",
        "               .venv/bin/python -m local_azure logs",
        "Take it down:  make down",
    ]
    return "\n".join(lines)


def _section(title: str, entries: Mapping[str, Any], show: Any) -> list[tuple[str, str]]:
    width = max((len(name) for name in entries), default=0)
    return [
        (title if position == 0 else "", f"{name:<{width}}  {show(value)}")
        for position, (name, value) in enumerate(entries.items())
    ]


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"  {title:<18} {text}".rstrip() for title, text in rows]
