"""Where logs go, as the configuration may say it (W1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config import Settings

Values = dict[str, Any]
Accepted = Callable[[Values], Settings]
Mistakes = Callable[[Values], list[str]]

IDS = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoLogs/providers"
ACCOUNT = f"{IDS}/Microsoft.Storage/storageAccounts/contosologs"
RULE = f"{IDS}/Microsoft.EventHub/namespaces/contosologs/authorizationRules/send"
WORKSPACE = f"{IDS}/Microsoft.OperationalInsights/workspaces/contoso"
GROUP = f"{IDS}/Microsoft.Insights/actionGroups/security"


@pytest.mark.parametrize(
    "diagnostics",
    [
        {"storage": {"name": "contosohsmlogs"}},
        {"eventHub": {"name": "contosohsm"}},
        {"logAnalytics": {"name": "contosohsm"}},
        {"storage": {"id": ACCOUNT}, "eventHub": {"id": RULE, "hub": "audit"}, "logAnalytics": {"id": WORKSPACE}},
        {
            "storage": {"name": "contosohsmlogs", "retentionDays": 365, "immutability": "Locked"},
            "eventHub": {"name": "contosohsm", "retentionDays": 7},
            "logAnalytics": {"name": "contosohsm", "retentionDays": 90},
            "readers": ["deployer", {"group": "HSM Operators"}, {"identity": "testvmmhsm"}],
            "alerts": {"emails": ["hsm-alerts@contoso.com"], "actionGroup": GROUP},
            "metrics": False,
        },
    ],
)
def test_each_place_alone_and_all_three_made_here_or_named_by_id(
    dev: Values, accepted: Accepted, diagnostics: Values
) -> None:
    dev["managed-hsm:diagnostics"] = diagnostics
    settings = accepted(dev).diagnostics
    assert settings is not None
    assert set(settings.places) == set(diagnostics) & {"storage", "eventHub", "logAnalytics"}


@pytest.mark.parametrize(
    ("diagnostics", "told"),
    [
        (
            {"metrics": True},
            "diagnostics: names no place for logs; storage, eventHub, logAnalytics, or several of them",
        ),
        (
            {"storage": {"name": "contosohsmlogs", "id": ACCOUNT}},
            "diagnostics.storage: either name, of one that is made, or id, of one that exists",
        ),
        ({"storage": {}}, "diagnostics.storage: either name, of one that is made, or id, of one that exists"),
        (
            {"storage": {"id": WORKSPACE}},
            f"diagnostics.storage.id: {WORKSPACE} is not accepted; the ARM id of a storage account",
        ),
        (
            {"eventHub": {"id": RULE.rpartition("/authorizationRules")[0]}},
            f"diagnostics.eventHub.id: {RULE.rpartition('/authorizationRules')[0]} is not accepted; the ARM id of an"
            " authorization rule of a namespace (…/namespaces/<name>/authorizationRules/<name>)",
        ),
        (
            {"logAnalytics": {"id": WORKSPACE, "retentionDays": 90}},
            "diagnostics.logAnalytics.retentionDays: is not accepted; only for one that is made (name)",
        ),
        (
            {"logAnalytics": {"name": "contosohsm", "retentionDays": 7}},
            "diagnostics.logAnalytics.retentionDays: 7 is not accepted; 30 to 730 days",
        ),
        (
            {"storage": {"name": "contosohsmlogs", "immutability": "Locked"}},
            "diagnostics.storage.retentionDays: is missing; the days for which nothing can be changed, as immutability"
            " is Locked",
        ),
        (
            {"storage": {"name": "contosohsmlogs", "ipRules": ["203.0.113.8/31"]}},
            "diagnostics.storage.ipRules[0]: 203.0.113.8/31 is not accepted; single addresses, or networks of /30 or"
            " larger",
        ),
        (
            {"storage": {"id": ACCOUNT}, "readers": ["deployer"]},
            "diagnostics.readers: is not accepted; only for a storage account or a workspace that is made (name)",
        ),
        (
            {"storage": {"name": "contosohsmlogs"}, "readers": ["deployer", {"identity": "testvm"}, "deployer"]},
            "diagnostics.readers[1].identity: testvm is not accepted; the name of an entry of identities; did you mean"
            " testvmmhsm?",
        ),
        (
            {"storage": {"name": "contosohsmlogs"}, "alerts": {"emails": ["hsm@contoso.com"]}},
            "diagnostics.alerts: is not accepted; logAnalytics too, as what happens in the pool is seen in a workspace"
            " only",
        ),
        (
            {"logAnalytics": {"name": "contosohsm"}, "alerts": {"actionGroup": WORKSPACE}},
            f"diagnostics.alerts.actionGroup: {WORKSPACE} is not accepted; the ARM id of an action group",
        ),
        (
            {"logAnalytics": {"name": "contosohsm"}, "alerts": {"emails": ["nobody"]}},
            "diagnostics.alerts.emails[0]: nobody is not accepted; a list of e-mail addresses",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_told(dev: Values, mistakes: Mistakes, diagnostics: Values, told: str) -> None:
    dev["managed-hsm:diagnostics"] = diagnostics
    assert mistakes(dev)[0] == told


def test_alerts_that_tell_nobody_are_a_mistake(dev: Values, mistakes: Mistakes) -> None:
    alerts: Values = {"emails": [], "actionGroup": None}
    dev["managed-hsm:diagnostics"] = {"logAnalytics": {"name": "contosohsm"}, "alerts": alerts}
    assert mistakes(dev) == ["diagnostics.alerts: tells nobody; emails, or the id of an actionGroup"]


def test_an_account_for_logs_takes_no_security_domain(dev: Values, mistakes: Mistakes) -> None:
    blob = "https://contosohsmlogs.blob.core.windows.net/custody/SD.json"
    dev["managed-hsm:securityDomain"]["destinations"].append({"blob": blob})
    dev["managed-hsm:diagnostics"] = {"storage": {"name": "contosohsmlogs"}}
    number = len(dev["managed-hsm:securityDomain"]["destinations"]) - 1
    assert mistakes(dev) == [
        "diagnostics.storage.name: contosohsmlogs is not accepted; an account for logs alone, which"
        f" securityDomain.destinations[{number}].blob does not name"
    ]


def test_an_account_for_logs_takes_no_backups(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:backup"] = {"container": "https://contosohsmlogs.blob.core.windows.net/hsm", "trigger": "1"}
    dev["managed-hsm:diagnostics"] = {"storage": {"name": "contosohsmlogs"}}
    assert (
        "diagnostics.storage.name: contosohsmlogs is not accepted; an account for logs alone, which backup.container"
        " does not name"
    ) in mistakes(dev)


def test_prod_says_how_long_logs_are_kept_and_whether_they_can_be_changed(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:environment"] = "prod"
    dev["managed-hsm:diagnostics"] = {
        "storage": {"name": "contosohsmlogs"},
        "eventHub": {"name": "contosohsm"},
        "logAnalytics": {"name": "contosohsm"},
    }
    told = [line for line in mistakes(dev) if line.startswith("diagnostics")]
    assert told == [
        "diagnostics.storage.retentionDays: is missing; how long logs are kept is said in prod",
        "diagnostics.eventHub.retentionDays: is missing; how long logs are kept is said in prod",
        "diagnostics.logAnalytics.retentionDays: is missing; how long logs are kept is said in prod",
        "diagnostics.storage.immutability: is missing; in prod it is said: Disabled, Unlocked or Locked",
    ]
