"""What a person reads after ``make up``: what stands, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PRICE_PER_HOUR = "about 3.20 to 3.50 US$"
"""Of a pool of the SKU Standard_B1, as Azure's price list of 2026 and others' bills have it."""


def summary(outputs: Mapping[str, Any], seconds: float, activation: Mapping[str, Any] | None = None) -> str:
    """The stack's outputs as lines for a terminal; ``activation`` is its event in the audit log."""
    domain = outputs["securityDomain"]
    lines = [
        "",
        f"Your Managed HSM stands: {outputs['hsmUri']}",
        "",
        *_table(
            [
                ("activated", "the security domain, which opens with a quorum of the custodians' keys, is in"),
                *(("", each) for each in domain["files"] or ["custody: it is at no destination any more"]),
                ("", f"SHA-256 {domain['sha256']}"),
                *_logged(activation),
                *_section("keys", outputs["keys"], lambda key: str(key["id"])),
                *_section("roles", outputs["roleAssignments"], lambda name: str(name)),
                *_section("private endpoints", outputs["privateEndpoints"], lambda address: str(address)),
                *_section("identities", outputs["identities"], lambda principal: f"principal {principal}"),
                *_proofs(outputs["proof"]),
                *_section("vault", outputs.get("vault", {}).get("secrets", {}), lambda secret: str(secret["id"])),
            ]
        ),
        "",
        f"It took {seconds:.0f} s here, on the local Azure; on Azure making the pool alone takes some 14 minutes,",
        f"and it costs {PRICE_PER_HOUR} an hour from then on, also soft-deleted, until it is purged.",
        "",
        "Look further:  .venv/bin/python -m local_azure exec -- pulumi stack output --json",
        "               .venv/bin/python -m local_azure logs",
        *(_audit(outputs) if activation else []),
        "Take it down:  make down",
    ]
    return "\n".join(lines)


def _logged(activation: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Who, when, from where, as the audit log has it."""
    if activation is None:
        return []
    who = activation["user"] or f"principal {activation['objectId']}"
    return [
        ("in the audit log", f"{activation['operation']} on {activation['time']}"),
        ("", f"by {who}, from {activation['caller']}"),
    ]


def _audit(outputs: Mapping[str, Any]) -> list[str]:
    name = str(outputs["hsmId"]).rsplit("/", 1)[-1]
    return [f"               .venv/bin/python -m local_azure exec -- python -m audit {name}"]


_STEPS = {
    "name": "its name",
    "token": "the token",
    "list": "the keys",
    "use": "one key",
    "publicWay": "public way",
}
"""The steps of a proof in their order, as a person calls them: the engine sorts what it keeps."""


def _proofs(proofs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The evidence that the private path is as promised, one identity after the other."""
    return [line for identity, evidence in proofs.items() for line in _proof(identity, evidence)]


def _proof(identity: str, evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = evidence["steps"]
    steps = [("", f"  {title:<11} {found[name]['found']}") for name, title in _STEPS.items() if name in found]
    return [("proved", f"as {identity}, on its machine {evidence['machine']}, {evidence['finishedAt']}"), *steps]


def _section(title: str, entries: Mapping[str, Any], show: Any) -> list[tuple[str, str]]:
    width = max((len(name) for name in entries), default=0)
    return [
        (title if position == 0 else "", f"{name:<{width}}  {show(value)}")
        for position, (name, value) in enumerate(entries.items())
    ]


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"  {title:<18} {text}".rstrip() for title, text in rows]
