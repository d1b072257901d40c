"""Places for logs: each made here or named by id, with what its kind can do; alerts that can see something."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from config.access import Principal
from config.checks.access import suggestion
from config.checks.network import is_type
from config.diagnostics import Alerts, Diagnostics, Storage
from config.problems import Problem, not_accepted
from config.security_domain import BlobDestination
from config.settings import Settings

_DIAGNOSTICS = "managed-hsm:diagnostics"
_STORAGE = f"{_DIAGNOSTICS}.storage"
_TYPES = {
    "storage": ("Microsoft.Storage/storageAccounts", "the ARM id of a storage account"),
    "eventHub": (
        "Microsoft.EventHub/namespaces/authorizationRules",
        "the ARM id of an authorization rule of a namespace (…/namespaces/<name>/authorizationRules/<name>)",
    ),
    "logAnalytics": ("Microsoft.OperationalInsights/workspaces", "the ARM id of a Log Analytics workspace"),
}
_OF_MADE = {
    "retention_days": "retentionDays",
    "immutability": "immutability",
    "replication": "replication",
    "ip_rules": "ipRules",
}
"""Settings of what is made here; somebody else's is left as it is."""
_MOST_RULES, _SMALLEST_NETWORK = 400, 30


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of the places for logs, and of the alerts."""
    diagnostics = settings.diagnostics
    if diagnostics is None:
        return
    if not diagnostics.places:
        yield Problem(_DIAGNOSTICS, "names no place for logs; storage, eventHub, logAnalytics, or several of them")
    for key in diagnostics.places:
        yield from _place_problems(key, diagnostics, prod=settings.environment == "prod")
    if diagnostics.storage is not None:
        yield from _storage_problems(diagnostics.storage, prod=settings.environment == "prod")
        yield from _shared_account_problems(diagnostics.storage, settings)
    yield from _reader_problems(diagnostics, settings)
    if diagnostics.alerts is not None:
        yield from _alert_problems(diagnostics.alerts, diagnostics)


def _place_problems(key: str, diagnostics: Diagnostics, *, prod: bool) -> Iterator[Problem]:
    place, path = diagnostics.places[key], f"{_DIAGNOSTICS}.{key}"
    type_name, accepted = _TYPES[key]
    if (place.name is None) == (place.id is None):
        yield Problem(path, "either name, of one that is made, or id, of one that exists")
        return
    if place.name is not None:
        if prod and place.retention_days is None:
            yield Problem(f"{path}.retentionDays", "is missing; how long logs are kept is said in prod")
        return
    if not is_type(str(place.id), type_name):
        yield not_accepted(f"{path}.id", place.id, accepted)
    for field, written in _OF_MADE.items():
        if field in place.model_fields_set:
            yield Problem(f"{path}.{written}", "is not accepted; only for one that is made (name)", (f"{path}.id",))


def _storage_problems(storage: Storage, *, prod: bool) -> Iterator[Problem]:
    if storage.name is None:
        return
    if prod and storage.immutability is None:
        yield Problem(f"{_STORAGE}.immutability", "is missing; in prod it is said: Disabled, Unlocked or Locked")
    if storage.immutability in ("Unlocked", "Locked") and storage.retention_days is None:
        text = f"is missing; the days for which nothing can be changed, as immutability is {storage.immutability}"
        yield Problem(f"{_STORAGE}.retentionDays", text, (f"{_STORAGE}.immutability",))
    if len(storage.ip_rules) > _MOST_RULES:
        yield Problem(f"{_STORAGE}.ipRules", f"{len(storage.ip_rules)} rules are not accepted; at most {_MOST_RULES}")
    for index, rule in enumerate(storage.ip_rules):
        network = ipaddress.IPv4Network(rule)
        if "/" in rule and network.prefixlen > _SMALLEST_NETWORK:
            yield not_accepted(f"{_STORAGE}.ipRules[{index}]", rule, "single addresses, or networks of /30 or larger")


def _shared_account_problems(storage: Storage, settings: Settings) -> Iterator[Problem]:
    """An account that takes backups must not keep what is in it from being changed, and a log must be kept from it."""
    if storage.name is None:
        return
    others = {}
    if settings.storage is not None:
        others["managed-hsm:storage.name"] = settings.storage.name
    if settings.backup is not None:
        others["managed-hsm:backup.container"] = _account_of(settings.backup.container)
    domain = settings.security_domain
    for index, destination in enumerate(domain.destinations if domain else ()):
        if isinstance(destination, BlobDestination):
            others[f"managed-hsm:securityDomain.destinations[{index}].blob"] = _account_of(destination.blob)
    for key, name in others.items():
        if name == storage.name:
            accepted = f"an account for logs alone, which {key.removeprefix('managed-hsm:')} does not name"
            yield not_accepted(f"{_STORAGE}.name", storage.name, accepted, (key,))


def _account_of(address: str) -> str:
    return address.partition("://")[2].partition(".")[0]


def _reader_problems(diagnostics: Diagnostics, settings: Settings) -> Iterator[Problem]:
    path = f"{_DIAGNOSTICS}.readers"
    made = [place for key, place in diagnostics.places.items() if key != "eventHub" and place.name is not None]
    if diagnostics.readers and not made:
        yield Problem(path, "is not accepted; only for a storage account or a workspace that is made (name)")
    seen: dict[Principal, int] = {}
    for index, reader in enumerate(diagnostics.readers):
        if reader.kind == "identity" and reader.value not in settings.identities:
            accepted = "the name of an entry of identities" + suggestion(reader.value, settings.identities)
            yield not_accepted(f"{path}[{index}].identity", reader.value, accepted, ("managed-hsm:identities",))
        earlier = seen.setdefault(reader, index)
        if earlier != index:
            yield Problem(f"{path}[{index}]", f"is the principal of readers[{earlier}]; each once")


def _alert_problems(alerts: Alerts, diagnostics: Diagnostics) -> Iterator[Problem]:
    path = f"{_DIAGNOSTICS}.alerts"
    if not alerts.emails and alerts.action_group is None:
        yield Problem(path, "tells nobody; emails, or the id of an actionGroup")
    if alerts.action_group is not None and not is_type(alerts.action_group, "Microsoft.Insights/actionGroups"):
        yield not_accepted(f"{path}.actionGroup", alerts.action_group, "the ARM id of an action group")
    for index, email in enumerate(alerts.emails):
        if email in alerts.emails[:index]:
            yield not_accepted(f"{path}.emails[{index}]", email, "each address once")
    if diagnostics.log_analytics is None:
        text = "is not accepted; logAnalytics too, as what happens in the pool is seen in a workspace only"
        yield Problem(path, text, (f"{_DIAGNOSTICS}.logAnalytics",))
