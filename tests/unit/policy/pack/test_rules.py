"""Each rule of the policy pack, on plain data and behind the interface that the engine calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy.pack.engine import known, policies
from policy.pack.rule import Declared, Rule
from policy.pack.rules import RULES
from tests.unit.policy.pack.cases import DEPLOYER, Case, bad, good, only

PACK = Path(__file__).parents[4] / "policy" / "pack"
BY_NAME = {rule.name: rule for rule in RULES}
ALLOWED: Mapping[str, dict[str, Any]] = {"allowed-regions": {"regions": ["westeurope"]}}


def declared(case: Case) -> Declared:
    inputs = known(unknown_checking_proxy(json.loads(json.dumps(case.inputs))))
    parent = f"{next(each.type for each in good() if each.name == case.parent)}$" if case.parent else ""
    urn = f"urn:pulumi:dev::contoso::{parent}{case.type}::{case.name}"
    return Declared(case.type, case.name, urn, inputs, case.protect)


def broken(rule: Rule, cases: list[Case], given: Mapping[str, Any]) -> set[str]:
    """The names of the resources that a rule finds."""
    every = [declared(case) for case in cases]
    if not rule.types:
        found = rule.violations(every, given)
        return {each.at.name if each.at else "stack" for each in found}
    return {each.name for each in every if each.type in rule.types and rule.violations([each], given)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule: Rule) -> None:
    wanted = {case.name for case in bad() if rule.name in case.violates}
    assert wanted, "no case breaks this rule"
    assert broken(rule, bad(), ALLOWED.get(rule.name, {})) == wanted
    assert broken(rule, good(), {}) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_a_reviewer_reads_is_one_line_with_the_property_and_the_way_out(rule: Rule) -> None:
    every = [declared(case) for case in bad()]
    seen = [each for each in every if not rule.types or each.type in rule.types]
    groups = [[each] for each in seen] if rule.types else [seen]
    messages = [rule.message(each) for group in groups for each in rule.violations(group, ALLOWED.get(rule.name, {}))]
    assert messages
    for message in messages:
        assert message.isprintable()
        assert message.endswith(f". {rule.way_out}")
        assert rule.why.endswith(".")
        assert rule.way_out.endswith(".")


def test_nobody_checks_prod_with_the_levels_of_dev() -> None:
    dev = {"environment": "dev"}
    assert broken(BY_NAME["environment"], good(), dev) == {"setup"}
    assert broken(BY_NAME["environment"], [only("setup", environment="dev")], dev) == set()


def test_a_stack_that_hides_its_environment_is_found() -> None:
    assert broken(BY_NAME["environment"], [only("pool")], {}) == {"stack"}


def test_a_region_is_the_same_in_either_spelling() -> None:
    rule = BY_NAME["allowed-regions"]
    assert broken(rule, [only("pool")], {"regions": ["North Europe"]}) == set()
    assert broken(rule, [only("pool")], {"regions": ["East US"]}) == {"pool"}


def test_a_second_region_is_looked_at_too() -> None:
    pool = only("pool")
    pool.inputs["properties"]["regions"] = [{"name": "westus"}]
    assert broken(BY_NAME["allowed-regions"], [pool], {"regions": ["northeurope"]}) == {"pool"}


def test_as_many_custodians_as_the_quorum_needs_are_too_few() -> None:
    custodians = [{"name": str(number)} for number in range(3)]
    assert broken(BY_NAME["custodians"], [only("domain", custodians=custodians, quorum=3)], {}) == {"domain"}


def test_a_destination_that_may_fail_is_no_copy() -> None:
    destinations = [{"path": "/mnt/a"}, {"path": "/mnt/b", "optional": True}]
    assert broken(BY_NAME["copies"], [only("domain", destinations=destinations)], {}) == {"domain"}


@given(days=st.integers(min_value=1, max_value=4000))
def test_a_key_that_lives_too_long_is_found(days: int) -> None:
    expires = (datetime.now(UTC) + timedelta(days=days, hours=-1)).isoformat()
    found = broken(BY_NAME["key-expiry"], [only("wrapping", expires=expires)], {"maximumDays": 1096})
    assert bool(found) == (days > 1096)


def test_a_rotation_that_sets_the_end_of_each_version_is_an_expiry() -> None:
    assert broken(BY_NAME["key-expiry"], [only("wrapping", expires=None)], {}) == set()


def test_a_role_is_known_by_its_id_as_well() -> None:
    administrator = (
        "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/a290e904-7015-4bba-90c8-60543313cdb4"
    )
    found = broken(
        BY_NAME["no-standing-administrator"],
        [only("setup"), only("users", role=administrator, scope="/", principal_id=DEPLOYER)],
        {},
    )
    assert found == {"users"}


def test_the_widest_scope_can_be_a_single_key() -> None:
    case = only("users", scope="/keys")
    assert broken(BY_NAME["least-scope"], [case], {}) == set()
    assert broken(BY_NAME["least-scope"], [case], {"widest": "a key"}) == {"users"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_only_the_update_will_know_is_no_violation_and_no_crash(rule: Rule) -> None:
    unknown = [
        Case(case.type, case.name, dict.fromkeys(case.inputs, UNKNOWN_STRING_VALUE), True, case.parent)
        for case in good()
    ]
    stack_rules = {"environment", "private-endpoint", "diagnostics"}
    assert bool(broken(rule, unknown, {"regions": ["westus"]})) == (rule.name in stack_rules)


def test_every_rule_has_a_level_and_its_settings_in_the_engines_form() -> None:
    made = {policy.name: policy for policy in policies(RULES)}
    assert set(made) == set(BY_NAME)
    for name, policy in made.items():
        assert policy.description == BY_NAME[name].why
        expected = EnforcementLevel.ADVISORY if BY_NAME[name].level == "advisory" else EnforcementLevel.MANDATORY
        assert policy.enforcement_level == expected


def test_the_levels_of_dev_name_rules_and_settings_that_exist() -> None:
    configuration = json.loads((PACK / "dev.json").read_text())
    for name, value in configuration.items():
        rule = BY_NAME[name]
        settings = set(value) - {"enforcementLevel"} if isinstance(value, dict) else set()
        assert settings <= set(rule.options)


def test_the_page_names_every_rule_its_level_and_its_settings() -> None:
    page = (PACK.parents[1] / "docs" / "policy-pack.md").read_text()
    dev = json.loads((PACK / "dev.json").read_text())
    for rule in RULES:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{rule.name}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        relaxed = dev.get(rule.name, rule.level)
        level = relaxed.get("enforcementLevel", rule.level) if isinstance(relaxed, dict) else relaxed
        assert cells[1:3] == [rule.level, level]
        for option in rule.options:
            assert f"`{option}`" in cells[4]
