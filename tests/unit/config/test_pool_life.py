from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config import Settings
from config.hsm import Hsm

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]
Accepted = Callable[[Values], Settings]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("secondRegion", "eastus2", "eastus2 is not accepted; a region that the pool is not made in"),
        ("liftProtection", "please", "please is not accepted; the words: lift the protection of az400popMHSM"),
        ("onSoftDeleted", "ignore", "ignore is not accepted; fail, recover or purge"),
        ("pricePerHour", "a lot", "a lot is not accepted; a number such as 3.2"),
        ("pricePerHour", -1, "-1 is not accepted; a number such as 3.2"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_accepted(
    dev: Values, mistakes: Mistakes, key: str, value: object, line: str
) -> None:
    dev["managed-hsm:hsm"][key] = value
    assert mistakes(dev) == [f"hsm.{key}: {line}"]


def test_regions_that_no_pool_is_extended_into_are_refused_beforehand(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"]["secondRegion"] = "West Europe"
    (line,) = mistakes(dev)
    assert line.startswith("hsm.secondRegion: westeurope is not accepted; a region that a Managed HSM can be extended")


def test_a_setting_that_the_service_has_not_is_refused(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"]["settings"] = {"AllowEverything": True}
    (line,) = mistakes(dev)
    assert line.startswith("hsm.settings.AllowEverything")


@pytest.mark.parametrize("sku", ["Standard_B1", "Custom_B6", "Custom_B32", "Custom_C10", "Custom_C42"])
def test_every_sku_has_its_family(dev: Values, accepted: Accepted, sku: str) -> None:
    dev["managed-hsm:hsm"]["sku"] = sku
    pool = accepted(dev).hsm
    assert isinstance(pool, Hsm)
    assert pool.sku_family == sku.partition("_")[2][0]


def test_in_prod_nothing_is_purged_to_get_a_name(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:environment"] = "prod"
    dev["managed-hsm:hsm"] |= {"onSoftDeleted": "purge", "onDestroy": "retain"}
    assert "hsm.onSoftDeleted: purge is not accepted; fail or recover (purge only in dev)" in mistakes(dev)


def test_a_price_may_be_written_as_text(dev: Values, accepted: Accepted) -> None:
    dev["managed-hsm:hsm"]["pricePerHour"] = "3.5"
    pool = accepted(dev).hsm
    assert isinstance(pool, Hsm)
    assert pool.price_per_hour == 3.5
