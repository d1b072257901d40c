"""What dev fills in, and what prod wants said or never allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from config.hsm import Hsm

Values = dict[str, Any]
Accepted = Callable[[Values], Settings]
Mistakes = Callable[[Values], list[str]]

OPEN = ("Enabled", "Allow", "AzureServices", ())
CLOSED = ("Enabled", "Deny", "AzureServices", ("203.0.113.10",))


@pytest.fixture
def prod(dev: Values, project: Path) -> Values:
    """A prod stack that is right."""
    for key in (project / ".local/custodians").glob("*.key"):
        key.unlink()
    dev["managed-hsm:environment"] = "prod"
    dev["managed-hsm:hsm"] |= {
        "purgeProtection": True,
        "initialAdministrators": ["6f2c9b1e-5d0a-4c3e-9b7f-2a1d8e4c6b05"],
        "onDestroy": "softDelete",
    }
    del dev["managed-hsm:securityDomain"]["rehearsal"]
    return dev


def test_dev_fills_in_what_a_pool_needs(dev: Values, accepted: Accepted) -> None:
    dev["managed-hsm:hsm"] = {"name": "contoso-dev"}
    pool = accepted(dev).hsm
    assert isinstance(pool, Hsm)
    assert (pool.retention_days, pool.purge_protection, pool.on_destroy) == (7, False, "softDelete")
    assert pool.initial_administrators == ("deployer",)
    wall = pool.firewall
    assert (wall.public_network_access, wall.default_action, wall.bypass, wall.ip_rules) == OPEN


def test_a_firewall_that_is_begun_denies_by_default_in_dev(dev: Values, accepted: Accepted) -> None:
    dev["managed-hsm:hsm"]["firewall"] = {"ipRules": ["203.0.113.10"]}
    pool = accepted(dev).hsm
    assert isinstance(pool, Hsm)
    wall = pool.firewall
    assert (wall.public_network_access, wall.default_action, wall.bypass, wall.ip_rules) == CLOSED


def test_prod_is_accepted_where_everything_is_said(prod: Values, accepted: Accepted) -> None:
    settings = accepted(prod)
    assert isinstance(settings.hsm, Hsm)
    assert settings.hsm.purge_protection


def test_prod_has_no_silent_default_for_what_decides_about_safety(prod: Values, mistakes: Mistakes) -> None:
    prod["managed-hsm:hsm"] = {"name": "contoso-prod"}
    prod["managed-hsm:securityDomain"] = {}
    assert [line.partition(";")[0] for line in mistakes(prod)] == [
        "hsm.retentionDays: is missing",
        "hsm.purgeProtection: is missing",
        "hsm.initialAdministrators: is missing",
        "hsm.firewall: is missing",
        "securityDomain: is missing",
    ]


def test_prod_wants_the_whole_firewall_said(prod: Values, mistakes: Mistakes) -> None:
    prod["managed-hsm:hsm"]["firewall"] = {"ipRules": ["203.0.113.10"]}
    assert mistakes(prod) == [
        "hsm.firewall.publicNetworkAccess: is missing; Enabled or Disabled",
        "hsm.firewall.defaultAction: is missing; Allow or Deny",
        "hsm.firewall.bypass: is missing; AzureServices or None",
    ]


def test_prod_wants_the_custodians_said(prod: Values, mistakes: Mistakes) -> None:
    del prod["managed-hsm:securityDomain"]["custodians"]
    assert mistakes(prod) == [
        "securityDomain.custodians: is missing; 3 to 10 custodians, each with name and certificate"
    ]


def test_purge_on_destroy_the_deployer_as_administrator_and_rehearsal_are_for_dev_only(
    prod: Values, mistakes: Mistakes
) -> None:
    prod["managed-hsm:hsm"] |= {"onDestroy": "purge", "initialAdministrators": ["deployer"], "purgeProtection": False}
    prod["managed-hsm:securityDomain"]["rehearsal"] = True
    assert mistakes(prod) == [
        "hsm.onDestroy: purge is not accepted; retain or softDelete (purge only in dev)",
        "hsm.initialAdministrators[0]: deployer is not accepted;"
        " in prod the object id (GUID) of a group, user or service principal",
        "securityDomain.rehearsal: true is not accepted; false (true only in dev)",
    ]


def test_a_pool_with_purge_protection_cannot_be_purged_on_destroy(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"]["purgeProtection"] = True
    assert mistakes(dev) == ["hsm.onDestroy: purge is not accepted; retain or softDelete while purgeProtection is true"]


def test_a_pool_with_purge_protection_has_no_keys_that_are_purged(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"] |= {"purgeProtection": True, "onDestroy": "softDelete"}
    dev["managed-hsm:keys"]["myrsakey"]["onRemove"] = "purge"
    assert mistakes(dev) == [
        "keys.myrsakey.onRemove: purge is not accepted; retain or softDelete while hsm.purgeProtection is true,"
        " which goes for the pool's keys too"
    ]


def test_keys_are_protected_in_prod_unless_it_is_said_otherwise(prod: Values, accepted: Accepted) -> None:
    prod["managed-hsm:keys"]["myaeskey"]["protect"] = False
    keys = accepted(prod).keys
    assert (keys["myrsakey"].protect, keys["myaeskey"].protect) == (True, False)


def test_keys_are_not_protected_in_dev(dev: Values, accepted: Accepted) -> None:
    assert not accepted(dev).keys["myrsakey"].protect


def test_rules_and_administrators_are_said_once(dev: Values, mistakes: Mistakes) -> None:
    object_id = "6f2c9b1e-5d0a-4c3e-9b7f-2a1d8e4c6b05"
    dev["managed-hsm:hsm"]["initialAdministrators"] = [object_id, object_id.upper()]
    assert mistakes(dev) == [
        f"hsm.initialAdministrators[1]: {object_id} is not accepted; each administrator once",
    ]


def test_a_pool_needs_an_administrator(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"]["initialAdministrators"] = []
    assert mistakes(dev) == ["hsm.initialAdministrators: [] is not accepted; at least one object id (GUID)"]
