"""Logging as the program declares it (W1.2): places, settings before the activation, alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Declared, Program, declare, dev

IDS = f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/ContosoLogs/providers"
ACCOUNT = f"{IDS}/Microsoft.Storage/storageAccounts/contosologs"
RULE = f"{IDS}/Microsoft.EventHub/namespaces/contosologs/authorizationRules/send"
WORKSPACE = f"{IDS}/Microsoft.OperationalInsights/workspaces/contoso"
ACTION_GROUP = f"{IDS}/Microsoft.Insights/actionGroups/security"
VAULT = {"name": "contosomivault"}
MADE = {
    "storage": {"name": "contosohsmlogs", "retentionDays": 365, "immutability": "Unlocked"},
    "eventHub": {"name": "contosohsm", "hub": "audit", "retentionDays": 1},
    "logAnalytics": {"name": "contosohsm", "retentionDays": 90},
    "readers": ["deployer", {"objectId": "6f2c9b1e-5d0a-4c3e-9b7f-2a1d8e4c6b05"}],
    "alerts": {"emails": ["hsm-alerts@contoso.com"], "actionGroup": ACTION_GROUP},
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Custodians and the PEM to import, made once: keys take their time."""
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def declared(directory: Path, diagnostics: Any, **sections: Any) -> Program:
    """A pool, a vault and their log, without all that the stack dev has besides."""
    bare = dict.fromkeys(("keys", "roleAssignments", "network", "identities"))
    changed = {**bare, "vault": VAULT, "diagnostics": diagnostics, **sections}
    values = {**dev(), **{f"managed-hsm:{name}": value for name, value in changed.items()}}
    return declare(parse({name: value for name, value in values.items() if value is not None}, directory))


@pytest.fixture(scope="module")
def program(directory: Path) -> Program:
    return declared(directory, MADE)


def setting(program: Program, name: str = "hsm-log") -> Declared:
    return program[f"monitor:DiagnosticSetting {name}"]


@pytest.mark.parametrize(
    ("diagnostics", "sent"),
    [
        ({"storage": {"id": ACCOUNT}}, {"storageAccountId": ACCOUNT}),
        (
            {"eventHub": {"id": RULE, "hub": "audit"}},
            {"eventHubAuthorizationRuleId": RULE, "eventHubName": "audit"},
        ),
        ({"logAnalytics": {"id": WORKSPACE}}, {"workspaceId": WORKSPACE}),
        (
            {"storage": {"id": ACCOUNT}, "eventHub": {"id": RULE}, "logAnalytics": {"id": WORKSPACE}},
            {
                "storageAccountId": ACCOUNT,
                "eventHubAuthorizationRuleId": RULE,
                "eventHubName": "managed-hsm",
                "workspaceId": WORKSPACE,
            },
        ),
        ({"storage": {"name": "contosohsmlogs"}}, {"storageAccountId": "log-storage-id"}),
        (
            {"eventHub": {"name": "contosohsm"}},
            {"eventHubAuthorizationRuleId": "log-event-hub-rule-id", "eventHubName": "managed-hsm"},
        ),
        ({"logAnalytics": {"name": "contosohsm"}}, {"workspaceId": "log-workspace-id"}),
    ],
)
def test_audit_log_and_metrics_of_pool_and_vault_go_to_each_place_alone_and_to_all_three(
    directory: Path, diagnostics: dict[str, Any], sent: dict[str, str]
) -> None:
    program = declared(directory, diagnostics)
    for name, target in (("hsm-log", "managed-hsm-id"), ("vault-log", "vault-id")):
        assert setting(program, name).inputs == {
            "name": "managed-hsm",
            "resourceUri": target,
            **sent,
            "logs": [{"category": "AuditEvent", "enabled": True}],
            "metrics": [{"category": "AllMetrics", "enabled": True}],
        }


def test_the_activation_waits_for_its_own_log_and_the_log_for_its_places(program: Program) -> None:
    activation = next(each for each in program.values() if each.name == "security-domain")
    assert "hsm-log" in activation.dependencies
    assert {"log-storage", "log-event-hub", "log-event-hub-rule", "log-workspace"} <= setting(program).dependencies


def test_nobody_comes_to_the_account_for_logs_by_key_openly_or_without_tls(program: Program) -> None:
    account = program["storage:StorageAccount log-storage"].inputs
    assert {name: account[name] for name in account if name.startswith(("allow", "public", "minimum", "enable"))} == {
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "allowSharedKeyAccess": False,
        "enableHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "publicNetworkAccess": "Disabled",
    }
    rules = account["networkRuleSet"]
    assert (rules["defaultAction"], rules["bypass"], rules["ipRules"]) == ("Deny", "AzureServices", [])


def test_logs_can_be_read_from_where_the_settings_say(directory: Path) -> None:
    program = declared(directory, {"storage": {"name": "contosohsmlogs", "ipRules": ["203.0.113.10"]}})
    account = program["storage:StorageAccount log-storage"].inputs
    assert account["publicNetworkAccess"] == "Enabled"
    assert account["networkRuleSet"]["defaultAction"] == "Deny"
    assert account["networkRuleSet"]["ipRules"] == [{"iPAddressOrRange": "203.0.113.10", "action": "Allow"}]
    assert "immutableStorageWithVersioning" not in account
    assert not program.of("ManagementPolicy")


def test_logs_cannot_be_changed_for_as_long_as_they_are_kept_and_are_deleted_then(program: Program) -> None:
    immutable = program["storage:StorageAccount log-storage"].inputs["immutableStorageWithVersioning"]
    assert immutable == {
        "enabled": True,
        "immutabilityPolicy": {
            "state": "Unlocked",
            "immutabilityPeriodSinceCreationInDays": 365,
            "allowProtectedAppendWrites": True,
        },
    }
    (rule,) = program["storage:ManagementPolicy log-retention"].inputs["policy"]["rules"]
    assert rule["definition"]["actions"] == {
        "baseBlob": {"delete": {"daysAfterModificationGreaterThan": 365}},
        "version": {"delete": {"daysAfterCreationGreaterThan": 365}},
    }
    assert rule["definition"]["filters"] == {
        "blobTypes": ["appendBlob"],
        "prefixMatch": ["insights-logs-auditevent/", "insights-metrics-pt1m/"],
    }
    assert program["operationalinsights:Workspace log-workspace"].inputs["retentionInDays"] == 90
    assert program["eventhub:EventHub log-event-hub"].inputs["messageRetentionInDays"] == 1


def test_readers_get_the_roles_that_reading_takes_and_the_event_hub_gets_no_more_than_to_send(
    program: Program,
) -> None:
    given = program.of("authorization:RoleAssignment")
    roles = {(each.inputs["scope"], each.inputs["roleDefinitionId"].rsplit("/", 1)[-1]) for each in given}
    assert roles == {
        ("log-storage-id", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
        ("log-workspace-id", "73c42c96-874c-492b-b04d-ab87d138a893"),
    }
    assert len(given) == 4
    assert program["eventhub:NamespaceAuthorizationRule log-event-hub-rule"].inputs["rights"] == ["Send"]


def test_an_alert_for_each_thing_that_must_not_pass_unseen_tells_both_groups(program: Program) -> None:
    asked, watched = program.of("ScheduledQueryRule"), program.of("ActivityLogAlert")
    assert {each.name for each in asked} == {"security-domain-downloaded", "role-assigned", "key-purged"}
    assert {each.name for each in watched} == {"firewall-changed", "pool-deleted", "logging-changed"}
    for rule in asked:
        assert rule.inputs["scopes"] == ["log-workspace-id"]
        # Longer than the some ten minutes that events take to arrive, with the five between two looks.
        assert (rule.inputs["evaluationFrequency"], rule.inputs["windowSize"]) == ("PT5M", "PT30M")
        assert rule.inputs["actions"]["actionGroups"] == [ACTION_GROUP, "alert-group-id"]
    for alert in watched:
        called = [each["actionGroupId"] for each in alert.inputs["actions"]["actionGroups"]]
        assert called == [ACTION_GROUP, "alert-group-id"]
    group = program["monitor:ActionGroup alert-group"].inputs
    assert [each["emailAddress"] for each in group["emailReceivers"]] == ["hsm-alerts@contoso.com"]
    assert len(group["groupShortName"]) <= 12


def test_in_prod_a_destroy_leaves_the_log_where_it_leaves_the_pool(directory: Path) -> None:
    pool = {**dev()["managed-hsm:hsm"], "onDestroy": "retain"}
    program = declared(directory, MADE, hsm=pool)
    kept = ("log-storage", "log-retention", "log-workspace", "log-event-hubs", "hsm-log")
    assert all(each.retain_on_delete for each in program.values() if each.name in kept)
    assert not any(each.retain_on_delete for each in declared(directory, MADE).values() if each.name in kept)


def test_a_prod_stack_that_logs_nothing_is_warned_about(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warned.append)
    pool = {**dev()["managed-hsm:hsm"], "onDestroy": "retain", "initialAdministrators": [DEPLOYER.object_id]}
    prod = {"environment": "prod", "hsm": pool, "vault": None, "securityDomain": in_prod(directory)}
    declared(directory, None, **prod)
    assert [line for line in warned if "managed-hsm:diagnostics" in line]


def in_prod(directory: Path) -> dict[str, Any]:
    """Custodians whose private keys lie somewhere else."""
    custody = directory / "custody"
    custody.mkdir(exist_ok=True)
    for number in (1, 2, 3):
        (custody / f"cert_{number}.cer").write_bytes((directory / f".local/custodians/cert_{number}.cer").read_bytes())
    domain: dict[str, Any] = {**dev()["managed-hsm:securityDomain"], "rehearsal": False}
    domain["custodians"] = [
        {"name": f"custodian-{number}", "certificate": f"custody/cert_{number}.cer"} for number in (1, 2, 3)
    ]
    return domain


def test_without_the_section_nothing_is_logged_and_nothing_of_it_loaded(directory: Path) -> None:
    program = declared(directory, None)
    assert not [
        each for each in program.values() if each.kind.startswith(("azure-native:monitor", "azure-native:storage"))
    ]
