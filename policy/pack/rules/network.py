"""Rules about the way to the pool, and about what is written of what it does.

Sources: "Integrate Managed HSM with Azure Private Link", "Managed HSM logging", the API descriptions of
Microsoft.Storage and Microsoft.EventHub (minimumTlsVersion). A Managed HSM has no setting for TLS: it takes 1.2 and up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from policy.pack.resource_types import (
    DIAGNOSTIC_SETTING,
    EVENT_HUB_NAMESPACE,
    MANAGED_HSM,
    PRIVATE_ENDPOINT,
    STORAGE_ACCOUNT,
    VAULT,
)
from policy.pack.rule import UNKNOWN, Declared, Rule, Settings, Violation

_ENOUGH: Final = {STORAGE_ACCOUNT: ("TLS1_2", "TLS1_3"), EVENT_HUB_NAMESPACE: ("1.2", "1.3")}
_KINDS: Final = {MANAGED_HSM: "managedhsms", VAULT: "vaults"}
"""What stands before the name in an ARM id."""
_LOGGED: Final = {MANAGED_HSM: "mhsm:components:ManagedHsm", VAULT: "mhsm:components:KeyVault"}
"""What has a log of its own, with the component that declares it."""
_SINKS: Final = ("storageAccountId", "eventHubAuthorizationRuleId", "workspaceId")
_AUDIT: Final = ("category", "AuditEvent"), ("categoryGroup", "audit"), ("categoryGroup", "allLogs")


def _pools(resources: Sequence[Declared]) -> list[Declared]:
    return [each for each in resources if each.type == MANAGED_HSM]


def _private_endpoint(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    endpoints = [each for each in resources if each.type == PRIVATE_ENDPOINT]
    for pool in _pools(resources):
        if not any(_may_lead_to(pool, each) for each in endpoints):
            yield Violation("private endpoint", "there is none in the stack that leads to it", pool)


def _may_lead_to(pool: Declared, endpoint: Declared) -> bool:
    connections = (
        *endpoint.inputs_of("privateLinkServiceConnections"),
        *endpoint.inputs_of("manualPrivateLinkServiceConnections"),
    )
    return any(_is_of(pool, each) for each in connections)


def _is_of(pool: Declared, connection: Mapping[str, Any]) -> bool:
    groups, target = connection.get("groupIds"), connection.get("privateLinkServiceId")
    if isinstance(groups, list) and not any(str(each).lower() == "managedhsm" for each in groups):
        return False
    # What is not known yet may be it.
    return not isinstance(target, str) or _is_the_id(pool, target)


def _diagnostics(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    logged = [each for each in resources if each.type == DIAGNOSTIC_SETTING and _logs_the_audit(each)]
    for each in resources:
        if each.type in _LOGGED and not any(_may_be_of(each, setting) for setting in logged):
            yield Violation("diagnostic setting", "nothing sends its AuditEvent log anywhere", each)


def _logs_the_audit(setting: Declared) -> bool:
    return any(setting.input(sink) is not None for sink in _SINKS) and any(
        log.get("enabled") and any(log.get(key) == value for key, value in _AUDIT) for log in setting.inputs_of("logs")
    )


def _may_be_of(logged: Declared, setting: Declared) -> bool:
    """By the id that it names; where the engine shows none (it is no output), by where it is declared."""
    target = setting.input("resourceUri")
    if isinstance(target, str):
        return _is_the_id(logged, target)
    return any(f"{place}$" in setting.urn for place in (logged.type, _LOGGED[logged.type]))


def _is_the_id(declared: Declared, arm_id: str) -> bool:
    """Whether an ARM id is that of a resource, as far as its name is known."""
    kind, name = _KINDS[declared.type], declared.input("vaultName") or declared.input("name")
    named = arm_id.lower().rstrip("/").split("/")[-2:]
    return named[0] == kind and (not isinstance(name, str) or named[-1] == name.lower())


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
