"""The pack, held to what the program declares for the stacks of this repository and for careless changes of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import parse
from local_azure.stack import material
from policy.pack import resource_types
from policy.pack.rule import UNKNOWN, Declared
from policy.pack.rules import RULES
from tests.unit.components.recorder import DEPLOYER, REPOSITORY, Program, declare, dev

DEV = json.loads((REPOSITORY / "policy" / "pack" / "dev.json").read_text())
VAULT: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]["managed-hsm:vault"]
del VAULT["secrets"]
Values = dict[str, Any]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    (made / "custody").mkdir()
    for number in (1, 2, 3):
        shutil.copy(made / f".local/custodians/cert_{number}.cer", made / f"custody/custodian-{number}.cer")
    return made


def prod() -> Values:
    """The hardened example, with as many custodians as there is material for."""
    values: Values = yaml.safe_load((REPOSITORY / "Pulumi.prod.yaml").read_text())["config"]
    domain = values["managed-hsm:securityDomain"]
    domain.update(quorum=2, custodians=domain["custodians"][:3])
    return values


def declared(program: Program) -> list[Declared]:
    """As the pack is given it before a first update: the ids that the recorder invents are not known."""
    return [
        Declared(each.kind, each.name, each.urn, _known({**each.inputs, **each.outputs}), each.protect)
        for each in program.values()
    ]


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_known(each) for each in value]
    return UNKNOWN if isinstance(value, str) and value.endswith("-id") else value


def broken(values: Values, directory: Path, levels: Mapping[str, Any]) -> dict[str, set[str]]:
    """The names of the resources that each mandatory rule finds."""
    every = declared(declare(parse(values, directory)))
    found: dict[str, set[str]] = {}
    for rule in RULES:
        given = levels.get(rule.name, rule.level)
        settings = given if isinstance(given, dict) else {}
        if (settings.get("enforcementLevel", rule.level) if isinstance(given, dict) else given) != "mandatory":
            continue
        seen = [each for each in every if not rule.types or each.type in rule.types]
        groups = [[each] for each in seen] if rule.types else [seen]
        names = {(violation.at or group[0]).name for group in groups for violation in rule.violations(group, settings)}
        if names:
            found[rule.name] = names
    return found


def test_the_hardened_example_passes(directory: Path) -> None:
    assert broken(prod(), directory, {}) == {}


def test_the_rehearsal_passes_with_the_levels_of_dev_and_not_with_those_of_prod(directory: Path) -> None:
    values = dev() | {"managed-hsm:vault": VAULT}
    assert broken(values, directory, DEV) == {}
    strict = broken(values, directory, {})
    assert {"environment", "purge-protection", "no-public-network", "no-standing-administrator"} <= set(strict)


def test_careless_changes_of_the_hardened_example_are_all_found(directory: Path) -> None:
    values = prod()
    open_to_all = {"publicNetworkAccess": "Enabled", "defaultAction": "Allow", "bypass": "None"}
    values["managed-hsm:hsm"].update(
        purgeProtection=False,
        retentionDays=7,
        firewall=open_to_all,
        initialAdministrators=[DEPLOYER.object_id.upper()],
        tags={},
        liftProtection="lift the protection of contoso-prod-hsm",
    )
    del values["managed-hsm:access"]
    values["managed-hsm:roleAssignments"] += [
        {"role": role, "principal": "deployer", "scope": "/"}
        for role in ("Managed HSM Policy Administrator", "Managed HSM Crypto User")
    ]
    values["managed-hsm:keys"]["payments-wrapping"].update(size=2048, expires=None, tags={}, onRemove="purge")
    values["managed-hsm:keys"]["payments-signing"].update(
        curve="P-256K", expires=None, rotation={"afterCreation": "P1Y", "expiresAfter": "P20Y"}
    )
    values["managed-hsm:securityDomain"]["destinations"][1:] = []
    values["managed-hsm:network"]["privateEndpoints"] = []
    del values["managed-hsm:diagnostics"]
    values["managed-hsm:vault"] = {
        "name": "contoso-prod-vault",
        "retentionDays": 7,
        "purgeProtection": False,
        "firewall": open_to_all,
    }
    both = {"managed-hsm", "vault"}
    every = {"managed-hsm", "security-domain", "payments-wrapping", "payments-signing"}
    assert broken(values, directory, {"allowed-regions": {"regions": ["westeurope"]}}) == {
        "purge-protection": both,
        "retention": both,
        "default-deny": {"managed-hsm"},
        "default-deny-beside": {"vault"},
        "no-public-network": both,
        "diagnostics": both,
        "private-endpoint": {"managed-hsm"},
        "allowed-regions": {"managed-hsm"},
        "protected": every,
        "required-tags": {"managed-hsm", "payments-wrapping"},
        "copies": {"security-domain"},
        "no-standing-administrator": {"managed-hsm", "Managed HSM Policy Administrator: deployer at /"},
        "least-scope": {"Managed HSM Crypto User: deployer at /"},
        "key-size": {"payments-wrapping"},
        "key-curve": {"payments-signing"},
        "key-expiry": {"payments-wrapping", "payments-signing"},
        "no-purge": {"payments-wrapping"},
    }


def test_every_type_that_a_rule_looks_at_is_one_that_the_program_declares(directory: Path) -> None:
    values = prod()
    closed = {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}
    values["managed-hsm:vault"] = {
        "name": "contoso-prod-vault",
        "retentionDays": 90,
        "purgeProtection": True,
        "firewall": closed,
    }
    values["managed-hsm:storage"] = {
        "name": "contosocustody",
        "resourceGroup": "ContosoCustody",
        "firewall": closed,
    }
    values["managed-hsm:diagnostics"]["eventHub"] = {"name": "contosoprodhsm", "retentionDays": 7}
    blob = "https://contosocustody.blob.core.windows.net/security-domains"
    values["managed-hsm:securityDomain"]["destinations"].append({"blob": blob})
    kinds = {each.kind for each in declare(parse(values, directory)).values()}
    assert {value for name, value in vars(resource_types).items() if name.isupper()} <= kinds
