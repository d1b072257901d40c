"""What single steps mean, down to the traps in them."""

from __future__ import annotations

from typing import Any

import pytest

from policy.gate.judging import judge
from policy.gate.preview import read
from tests.unit.policy.gate.made import (
    DIAGNOSTICS,
    DOMAIN,
    ENDPOINT,
    KEY,
    POOL,
    POOL_ID,
    ROLE,
    SECRET,
    document,
    endpoint,
    pool,
    role,
    rules,
    step,
)

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def updated(kind: str, old: dict[str, Any], new: dict[str, Any], **more: Any) -> set[str]:
    return rules(step("update", kind, "it", old, new, **more))


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"publicNetworkAccess": "Enabled"}, {"firewall-widened"}),
        ({"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}}, {"firewall-opened"}),
        ({"publicNetworkAccess": UNKNOWN, "networkAcls": {"defaultAction": UNKNOWN}}, {"firewall-opened"}),
        ({"networkAcls": {"bypass": "AzureServices"}}, {"firewall-widened"}),
        ({"networkAcls": {"ipRules": [{"value": "203.0.113.10"}]}}, {"firewall-widened"}),
        ({"networkAcls": {"ipRules": [{"value": "0.0.0.0/1"}]}}, {"firewall-opened"}),
        ({"networkAcls": {"ipRules": [{"value": f"{each}.0.0.0/9"} for each in (1, 2)]}}, {"firewall-opened"}),
        ({"networkAcls": {"ipRules": [{"value": f"{each}.0.0.0/10"} for each in (1, 2)]}}, {"firewall-widened"}),
        ({"networkAcls": {"ipRules": [{"value": "everybody"}]}}, {"firewall-opened"}),
        ({"networkAcls": {"ipRules": UNKNOWN}}, {"firewall-opened"}),
        ({"networkAcls": {"ipRules": [UNKNOWN]}}, {"firewall-opened"}),
        ({"networkAcls": {"virtualNetworkRules": [{"id": "subnet"}]}}, {"firewall-widened"}),
        ({"networkAcls": {"serviceTagRules": []}}, {"firewall-opened"}),
        ({"enablePurgeProtection": False}, {"safeguard-lowered"}),
        ({"enableSoftDelete": False}, {"safeguard-lowered"}),
        ({"softDeleteRetentionInDays": 7}, {"safeguard-lowered"}),
        ({"softDeleteRetentionInDays": UNKNOWN}, {"safeguard-lowered"}),
        ({"regions": [{"name": "westus3"}]}, {"pool-changed"}),
        ({"initialAdminObjectIds": ["kim"]}, {"administrator-added"}),
        ({"createMode": "recover"}, {"unknown-property"}),
    ],
)
def test_what_a_change_of_the_pool_means(properties: dict[str, Any], found: set[str]) -> None:
    assert updated(POOL, pool(), pool(**properties)) == found


def test_closing_the_firewall_is_harmless() -> None:
    open_pool = pool(publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Allow", "bypass": "AzureServices"})
    assert updated(POOL, open_pool, pool()) == {"tightened"}


def test_a_pool_that_is_open_from_its_creation_on_is_opened() -> None:
    assert rules(step("create", POOL, "it", new=pool())) == {"new"}
    opened = pool(publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Allow"})
    assert rules(step("create", POOL, "it", new=opened)) == {"new", "firewall-opened"}


def test_rules_where_there_were_none_close_a_pool_unless_they_let_somebody_in() -> None:
    before = {"properties": {"publicNetworkAccess": "Enabled"}}
    for let_in, found in (({}, "tightened"), ({"ipRules": [{"value": "203.0.113.10"}]}, "firewall-opened")):
        acls = {"bypass": "None", "defaultAction": "Deny", **let_in}
        after = {"properties": {"publicNetworkAccess": "Enabled", "networkAcls": acls}}
        assert updated(POOL, before, after) == {found}
    assert updated(POOL, pool(), {**pool(), "properties": {"publicNetworkAccess": "Enabled"}}) >= {"firewall-opened"}


def test_true_is_not_one() -> None:
    assert updated(POOL, pool(enablePurgeProtection=1), pool(enablePurgeProtection=True)) == {"purge-protection-on"}
    assert updated(POOL, pool(), pool(enablePurgeProtection=1)) == {"safeguard-lowered"}


@pytest.mark.parametrize(
    ("removal", "found"),
    [
        ({"on_remove": "softDelete"}, {"key-deleted"}),
        ({"on_remove": "retain"}, {"key-abandoned"}),
        ({"on_remove": "purge"}, {"key-purged"}),
        ({"on_remove": "whatever"}, {"key-purged"}),
        ({}, {"key-purged"}),
    ],
)
def test_how_a_key_goes_is_what_its_state_says(removal: dict[str, Any], found: set[str]) -> None:
    assert rules(step("delete", KEY, "it", removal)) == found


def test_a_step_that_only_forgets_is_told_apart_from_a_deletion() -> None:
    assert rules(step("delete", POOL, "it", pool(), old_state={"retainOnDelete": True})) == {"forgotten"}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (role("Crypto User", "/keys/one"), "new"),
        (role("Crypto Auditor", "/"), "new"),
        (role("Crypto User", "/keys"), "role-granted"),
        (role("Crypto Officer", "/keys/one"), "role-granted"),
        (role("Crypto User", "/keys/"), "role-granted"),
        (role("Administrator", "/"), "administrator-added"),
        (role("Policy Administrator", "/"), "administrator-added"),
        ({**role("", "/keys/one"), "role": "a290e904-7015-4bba-90c8-60543313cdb4"}, "administrator-added"),
        ({**role("", "/keys/one"), "role": "Contoso Reader"}, "role-granted"),
        ({**role("", "/keys/one"), "role": UNKNOWN}, "role-granted"),
    ],
)
def test_what_a_new_role_means(given: dict[str, Any], found: str) -> None:
    assert rules(step("create", ROLE, "it", new=given)) == {found}


def test_a_role_reaches_further_whatever_its_resource_is_called() -> None:
    moved = (
        step("create", ROLE, "wide", new=role("Crypto User", "/keys")),
        step("delete", ROLE, "narrow", role("Crypto User", "/keys/one")),
    )
    assert rules(*moved) == {"role-widened", "part-removed"}
    replaced = step("replace", ROLE, "it", role("Crypto User", "/keys/one"), role("Crypto User", "/"))
    assert rules(replaced) == {"role-widened", "role-removed"}


def test_the_same_role_in_another_pool_is_a_new_one_there_and_gone_here() -> None:
    here, there = ({**role("Crypto Officer", "/"), "hsm_id": POOL_ID.replace("contoso", name)} for name in ("a", "b"))
    assert rules(step("replace", ROLE, "it", here, there)) == {"role-granted", "role-removed"}
    made_anew = {**here, "hsm_id": UNKNOWN}
    assert rules(step("replace", ROLE, "it", here, made_anew)) == {"part-removed"}
    administrator = {**role("Administrator", "/"), "hsm_id": here["hsm_id"]}
    elsewhere = {**administrator, "hsm_id": there["hsm_id"]}
    stays = step("same", ROLE, "stays", elsewhere, elsewhere)
    assert rules(step("delete", ROLE, "gone", administrator), stays) == {"last-administrator"}


def test_a_pool_that_comes_back_is_not_empty() -> None:
    wide = step("create", ROLE, "it", new=role("Crypto Officer", "/"))
    back = step("create", "pulumi-python:dynamic/mhsm:SoftDeletedPool", "deleted", new={"action": "recover"})
    made = step("create", POOL, "pool", new=pool())
    assert rules(wide, made, back) == {"role-granted", "soft-deleted-pool-recovered", "new"}


def test_a_role_in_a_pool_that_is_just_made_is_merely_new() -> None:
    wide = step("create", ROLE, "it", new=role("Crypto Officer", "/"))
    assert rules(wide, step("create", POOL, "pool", new=pool())) == {"new"}
    assert rules(wide, step("replace", POOL, "pool", pool(), pool())) == {"role-granted", "pool-replaced"}
    administrator = step("create", ROLE, "it", new=role("Administrator", "/"))
    assert rules(administrator, step("create", POOL, "pool", new=pool())) == {"new", "administrator-added"}


def test_another_principal_is_no_narrower_role() -> None:
    moved = (
        step("create", ROLE, "new", new=role("Crypto User", "/keys/one", "robin")),
        step("delete", ROLE, "old", role("Crypto User", "/keys/one", "kim")),
    )
    assert rules(*moved) == {"new", "role-removed"}


def test_the_last_administrator_is_not_the_last_where_another_stays() -> None:
    gone = step("delete", ROLE, "gone", role("Administrator", "/"))
    assert rules(gone) == {"last-administrator"}
    stays = step("same", ROLE, "stays", role("Administrator", "/", "robin"), role("Administrator", "/", "robin"))
    assert rules(gone, stays) == {"role-removed"}
    narrow = step("same", ROLE, "stays", role("Administrator", "/keys"), role("Administrator", "/keys"))
    assert "last-administrator" in rules(gone, narrow)


def test_an_administrator_who_is_replaced_by_another_is_two_findings() -> None:
    replaced = step("replace", ROLE, "it", role("Administrator", "/", "kim"), role("Administrator", "/", "robin"))
    assert rules(replaced) == {"administrator-added", "part-removed"}
    demoted = step("replace", ROLE, "it", role("Administrator", "/"), role("Crypto User", "/keys/one"))
    assert rules(demoted) == {"new", "last-administrator"}


def test_roles_that_others_have_and_lose_are_told() -> None:
    kind = "pulumi-python:dynamic/mhsm:ExclusiveAccess"
    taken = {"guid": "Managed HSM Crypto User at /keys of kim"}
    assert updated(kind, {"revoke": {}}, {"revoke": taken}) == {"role-removed"}
    administrator = {"guid": "Managed HSM Administrator at / of kim"}
    assert updated(kind, {"revoke": {}}, {"revoke": administrator}) == {"last-administrator"}
    again = {**administrator, "other": taken["guid"]}
    found = updated(kind, {"revoke": administrator}, {"revoke": again}, diffReasons=["revoke"])
    assert found == {"last-administrator", "role-removed"}


def test_the_last_way_into_a_closed_pool_is_not_taken_away() -> None:
    gone = step("delete", ENDPOINT, "one", endpoint())
    closed = step("same", POOL, "pool", pool(), pool(), old_state={"id": POOL_ID})
    assert rules(gone, closed) == {"cut-off"}
    assert rules(gone, closed, step("same", ENDPOINT, "two", endpoint(), endpoint())) == {"private-endpoint-removed"}
    nameless = step("same", POOL, "pool", pool(), pool())
    assert rules(gone, nameless) == {"cut-off"}
    vault = step("delete", ENDPOINT, "one", endpoint(POOL_ID.replace("managedHSMs", "vaults")))
    assert rules(vault, closed) == {"private-endpoint-removed"}
    reachable = pool(publicNetworkAccess="Enabled", networkAcls={"ipRules": [{"value": "203.0.113.10"}]})
    there = step("same", POOL, "pool", reachable, reachable, old_state={"id": POOL_ID})
    assert rules(gone, there) == {"private-endpoint-removed"}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"quorum": 3}, {"quorum": 2}, "quorum-changed"),
        ({"quorum": 3}, {"quorum": UNKNOWN}, "quorum-changed"),
        ({"custodians": []}, {"custodians": UNKNOWN}, "custodians-changed"),
        ({"destinations": []}, {"destinations": [{"path": "/mnt/a"}]}, "custody-places-changed"),
        ({}, {"reissue": "contoso"}, "activation-repeated"),
        ({"reissue": "contoso"}, {}, "changed"),
        ({}, {"surprise": 1}, "unknown-property"),
    ],
)
def test_what_a_change_of_custody_means(old: dict[str, Any], new: dict[str, Any], found: str) -> None:
    assert updated(DOMAIN, old, new) == {found}


def test_a_custodian_with_another_certificate_and_the_old_name_is_another_one() -> None:
    change = step(
        "update",
        DOMAIN,
        "it",
        {"custodians": [{"name": "kim", "certificate": "one"}]},
        {"custodians": [{"name": "kim", "certificate": "two"}]},
    )
    (found,) = judge(read(document(change))).findings
    assert found.detail.startswith("out: kim (")
    assert "in: kim (" in found.detail


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([{"category": "AuditEvent", "enabled": True}], [{"category": "AuditEvent", "enabled": False}], "removed"),
        ([{"category": "AuditEvent", "enabled": True}], [], "removed"),
        ([{"category": "AuditEvent", "enabled": True}], UNKNOWN, "reduced"),
        ([{"category": "AllMetrics", "enabled": True}], [{"category": "AllMetrics", "enabled": False}], "reduced"),
        (
            [{"category": "AuditEvent", "enabled": True, "retentionPolicy": {"days": 90, "enabled": True}}],
            [{"category": "AuditEvent", "enabled": True, "retentionPolicy": {"days": 1, "enabled": True}}],
            "reduced",
        ),
    ],
)
def test_less_in_the_log_is_told(old: Any, new: Any, found: str) -> None:
    assert updated(DIAGNOSTICS, {"logs": old}, {"logs": new}) == {f"diagnostics-{found}"}


def test_more_in_the_log_is_harmless() -> None:
    more = [{"category": "AuditEvent", "enabled": True}]
    assert updated(DIAGNOSTICS, {"logs": []}, {"logs": more}) == {"changed"}
    assert updated(DIAGNOSTICS, {}, {"workspaceId": "w"}) == {"new"}
    assert updated(DIAGNOSTICS, {"workspaceId": "w"}, {}) == {"diagnostics-removed"}


def test_what_nobody_knows_blocks() -> None:
    assert rules(step("create", "azure-native:web:WebApp", "it", new={})) == {"unknown-type"}
    assert rules(step("same", "azure-native:web:WebApp", "it", {}, {})) == set()
    assert rules(step("frobnicate", KEY, "it", {}, {})) == {"unknown-operation"}
    assert rules(step("frobnicate", "mhsm:components:Thing", "it", {}, {})) == {"unknown-type"}
    assert updated(KEY, {}, {"surprise": 1}) == {"unknown-property"}
    assert updated(KEY, {}, {}) == {"unexplained-update"}
    assert rules(step("update", KEY, "it", None, {"tags": {}})) == {"unexplained-update"}


def test_a_change_that_only_the_engine_has_seen_counts() -> None:
    hidden = {"properties": {"value": "[secret]"}}
    assert updated(SECRET, hidden, hidden, diffReasons=["properties"]) == {"unknown-property"}
    detailed = {"properties.value": {"kind": "update", "inputDiff": True}}
    assert updated(SECRET, hidden, hidden, detailedDiff=detailed) == {"secret-changed"}


def test_what_others_take_over_is_told() -> None:
    assert rules(step("import", POOL, "it", None, pool())) == {"adopted"}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"protect": True}, {}, {"protection-removed"}),
        ({}, {"protect": True}, {"tightened"}),
        ({"retainOnDelete": True}, {}, {"retention-removed"}),
        ({}, {"ignoreChanges": ["properties.networkAcls"]}, {"changes-ignored"}),
        ({"additionalSecretOutputs": ["value"]}, {}, {"secret-shown"}),
        ({"deletedWith": "pool"}, {}, {"behaviour-changed"}),
    ],
)
def test_what_the_engine_keeps_besides_the_properties_counts_though_nothing_else_changes(
    old: dict[str, Any], new: dict[str, Any], found: set[str]
) -> None:
    assert rules(step("same", KEY, "it", {}, {}, old_state=old, new_state=new)) == found


def test_other_code_behind_a_resource_blocks() -> None:
    assert rules(step("same", KEY, "it", {"__provider": "a"}, {"__provider": "b"})) == {"provider-changed"}


def test_another_environment_or_deployer_needs_approval() -> None:
    component = {"old_state": {"custom": False}, "new_state": {"custom": False}}
    kind = "mhsm:components:HsmSetup"
    assert updated(kind, {"environment": "prod"}, {"environment": "dev"}, **component) == {"environment-changed"}
    assert updated(kind, {"deployer": "kim"}, {"deployer": "robin"}, **component) == {"deployer-changed"}
    assert updated(kind, {}, {"surprise": 1}, **component) == {"unknown-property"}
