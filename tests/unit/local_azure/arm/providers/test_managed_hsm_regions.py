"""Second regions of managed HSMs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.local_azure.arm.support import KEY_VAULT, POOL, ArmClient, pool_body

SECOND = {"name": "westus3", "isPrimary": False, "provisioningState": "Succeeded"}


def regions(*names: str) -> dict[str, Any]:
    return {"properties": {"regions": [{"name": name} for name in names]}}


@pytest.fixture
def extended(arm: ArmClient, pool: Any) -> ArmClient:
    assert pool
    arm.finish(arm.patch(POOL, KEY_VAULT, regions("West US 3")))
    return arm


def test_a_pool_is_in_one_region_from_birth(arm: ArmClient, pool: Any) -> None:
    assert pool["properties"]["regions"] == []
    listed = arm.get(f"{POOL}/regions", KEY_VAULT).body["value"]
    assert listed == [{"name": "eastus2", "provisioningState": "Succeeded", "isPrimary": True}]


def test_a_second_region_is_added_and_listed_beside_the_first(extended: ArmClient) -> None:
    assert extended.get(POOL, KEY_VAULT).body["properties"]["regions"] == [SECOND]
    listed = extended.get(f"{POOL}/regions", KEY_VAULT).body["value"]
    assert [(each["name"], each["isPrimary"]) for each in listed] == [("eastus2", True), ("westus3", False)]


def test_a_pool_can_be_born_in_two_regions(arm: ArmClient, group: str) -> None:
    assert group
    assert arm.made(POOL, KEY_VAULT, pool_body(regions=[{"name": "westus3"}]))["properties"]["regions"] == [SECOND]


def test_saying_nothing_of_regions_in_a_patch_leaves_them(extended: ArmClient) -> None:
    extended.finish(extended.patch(POOL, KEY_VAULT, {"tags": {"a": "b"}}))
    assert extended.get(POOL, KEY_VAULT).body["properties"]["regions"] == [SECOND]


@pytest.mark.parametrize(
    "wanted",
    [
        ["westus3", "northeurope"],
        ["westus3", "westus3"],
        ["nowhere"],
        ["westeurope"],
    ],
)
def test_there_is_one_second_region_of_those_that_can_be(arm: ArmClient, pool: Any, wanted: list[str]) -> None:
    assert pool
    answer = arm.patch(POOL, KEY_VAULT, regions(*wanted))
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert arm.get(POOL, KEY_VAULT).body["properties"]["regions"] == []


def test_the_primary_region_stays_the_one_of_birth(arm: ArmClient, pool: Any) -> None:
    assert pool
    other = {"properties": {"regions": [{"name": "westus3", "isPrimary": True}]}}
    assert arm.patch(POOL, KEY_VAULT, other).status == 400


def test_a_pool_is_not_deleted_while_it_has_a_second_region(extended: ArmClient) -> None:
    answer = extended.delete(POOL, KEY_VAULT)
    assert (answer.status, answer.code) == (409, "Conflict")
    extended.finish(extended.patch(POOL, KEY_VAULT, regions()))
    extended.gone(POOL, KEY_VAULT)
    assert extended.get(POOL, KEY_VAULT).status == 404
