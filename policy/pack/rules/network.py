"""Rules about the way to the pool, and about what is written of what it does.

Sources: "Integrate Managed HSM with Azure Private Link", "Managed HSM logging", the API descriptions of
Microsoft.Storage and Microsoft.EventHub (minimumTlsVersion). A Managed HSM has no setting for TLS: it takes 1.2 and up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from policy.pack.resource_types import (
    DIAGNOSTIC_SETTING,
    EVENT_HUB_NAMESPACE,
    MANAGED_HSM,
    PRIVATE_ENDPOINT,
    STORAGE_ACCOUNT,
)
from policy.pack.rule import UNKNOWN, Declared, Rule, Settings, Violation

_ENOUGH: Final = {STORAGE_ACCOUNT: ("TLS1_2", "TLS1_3"), EVENT_HUB_NAMESPACE: ("1.2", "1.3")}
_AUDIT: Final = ("category", "AuditEvent"), ("categoryGroup", "audit"), ("categoryGroup", "allLogs")


def _pools(resources: Sequence[Declared]) -> list[Declared]:
    return [each for each in resources if each.type == MANAGED_HSM]


def _private_endpoint(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    if any(each.type == PRIVATE_ENDPOINT and _leads_to_a_pool(each) for each in resources):
        return
    for pool in _pools(resources):
        yield Violation("private endpoint", "there is none in the stack", pool)


def _leads_to_a_pool(endpoint: Declared) -> bool:
    connections = (
        *endpoint.inputs_of("privateLinkServiceConnections"),
        *endpoint.inputs_of("manualPrivateLinkServiceConnections"),
    )
    return any("managedhsm" in [group.lower() for group in each.get("groupIds") or ()] for each in connections)


def _diagnostics(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    logged = [each for each in resources if each.type == DIAGNOSTIC_SETTING and _logs_the_audit(each)]
    for pool in _pools(resources):
        if not any(_may_be_of(pool, each) for each in logged):
            yield Violation("diagnostic setting", "nothing sends the pool's AuditEvent log anywhere", pool)


def _logs_the_audit(setting: Declared) -> bool:
    return any(
        log.get("enabled") and any(log.get(key) == value for key, value in _AUDIT) for log in setting.inputs_of("logs")
    )


def _may_be_of(pool: Declared, setting: Declared) -> bool:
    """By the id that it names; where the engine shows none (it is no output), by where it is declared."""
    target = setting.input("resourceUri")
    if isinstance(target, str):
        return target.lower().endswith(f"/managedhsms/{pool.input('name')}".lower())
    return f"{MANAGED_HSM}$" in setting.urn or "components:ManagedHsm$" in setting.urn


def _tls(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    for each in resources:
        found = each.input("minimumTlsVersion")
        if found is not UNKNOWN and found not in _ENOUGH[each.type]:
            yield Violation("minimumTlsVersion", f"is {found or 'not set'}, not {' or '.join(_ENOUGH[each.type])}")


RULES: Final = (
    Rule(
        name="private-endpoint",
        why="Without one every use of a key goes through the pool's public address.",
        way_out="Declare managed-hsm:network.privateEndpoints.",
        check=_private_endpoint,
    ),
    Rule(
        name="diagnostics",
        why="What nobody logs nobody can prove, and no auditor accepts.",
        way_out="Declare managed-hsm:diagnostics (docs/logging.md).",
        check=_diagnostics,
    ),
    Rule(
        name="minimum-tls",
        why="Older versions of TLS are broken.",
        way_out="Set minimumTlsVersion of the account or namespace to 1.2.",
        check=_tls,
        types=(STORAGE_ACCOUNT, EVENT_HUB_NAMESPACE),
    ),
)
