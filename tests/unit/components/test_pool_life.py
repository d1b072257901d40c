"""What a stack declares for the pool's whole life: settings, regions, locks, soft deletion, and what is billed on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.stack import Existing
from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Program, declare, dev

POOL = (
    f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/ContosoResourceGroup"
    "/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
)
WORDS = "lift the protection of az400popMHSM"
PROD = {
    "onDestroy": "retain",
    "purgeProtection": True,
    "initialAdministrators": ["8d6f2b04-53c7-4e19-b8a2-f01c7d9e4a65"],
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


@pytest.fixture(scope="module")
def custody(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without the custodians' private keys, as a prod stack has it."""
    made = tmp_path_factory.mktemp("prod")
    shutil.copytree(directory, made, dirs_exist_ok=True)
    for key in (made / ".local/custodians").glob("*.key"):
        key.unlink()
    return made


def declared(directory: Path, existing: Existing | None = None, **hsm: Any) -> Program:
    values = dev()
    values["managed-hsm:hsm"] |= hsm
    return declare(parse(values, directory), existing)


def prod(directory: Path, **hsm: Any) -> Program:
    values = dev()
    values["managed-hsm:hsm"] |= {**PROD, **hsm}
    values["managed-hsm:environment"] = "prod"
    values["managed-hsm:securityDomain"].pop("rehearsal")
    return declare(parse(values, directory))


def test_settings_are_written_once_the_pool_is_active(directory: Path) -> None:
    program = declared(directory, settings={"AllowKeyManagementOperationsThroughARM": True})
    (setting,) = program.of("mhsm:PoolSetting")
    assert (setting.inputs["setting_name"], setting.inputs["value"]) == ("AllowKeyManagementOperationsThroughARM", True)
    assert setting.dependencies >= {"security-domain"}
    assert setting.deleted_with == "managed-hsm"


def test_a_pool_is_extended_into_the_second_region_and_deleted_only_after_it(directory: Path) -> None:
    program = declared(directory, secondRegion="West US 3")
    properties = program["keyvault:ManagedHsm managed-hsm"].inputs["properties"]
    assert properties["regions"] == [{"name": "westus3", "isPrimary": False}]
    assert program["mhsm:SecondRegion second-region"].dependencies == {"managed-hsm"}


def test_without_one_the_pool_is_said_to_have_none(directory: Path) -> None:
    program = declared(directory)
    assert program["keyvault:ManagedHsm managed-hsm"].inputs["properties"]["regions"] == []
    assert program.of("mhsm:SecondRegion") == []


def test_in_prod_a_lock_keeps_the_pool_unless_the_stack_says_otherwise(custody: Path) -> None:
    lock = prod(custody)["authorization:ManagementLockByScope pool-lock"]
    assert (lock.inputs["level"], lock.inputs["scope"]) == ("CanNotDelete", "managed-hsm-id")
    assert lock.protect
    assert prod(custody, lock=False).of("authorization:ManagementLockByScope") == []


def test_in_dev_there_is_a_lock_where_it_is_asked_for(directory: Path) -> None:
    assert declared(directory).of("authorization:ManagementLockByScope") == []
    (lock,) = declared(directory, lock=True).of("authorization:ManagementLockByScope")
    assert not lock.protect


def test_the_words_lift_every_protection_and_delete_nothing_yet(custody: Path) -> None:
    kinds = (
        "keyvault:ManagedHsm",
        "mhsm:SecondRegion",
        "authorization:ManagementLockByScope",
        "mhsm:SecurityDomain",
        "mhsm:Key",
    )
    protected = [each for kind in kinds for each in prod(custody, secondRegion="westus3").of(kind)]
    assert len(protected) == 1 + 1 + 1 + 1 + 3
    assert all(each.protect for each in protected)
    program = prod(custody, secondRegion="westus3", liftProtection=WORDS)
    found = [each for kind in kinds for each in program.of(kind)]
    assert len(found) == len(protected)
    assert not [each.name for each in found if each.protect]


def test_words_that_stay_are_warned_about(custody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    prod(custody)
    assert not [line for line in said if "liftProtection" in line]
    prod(custody, liftProtection=WORDS)
    (line,) = (line for line in said if "liftProtection" in line)
    assert "nothing keeps az400popMHSM and its keys from being deleted" in line


@pytest.mark.parametrize("action", ["recover", "purge"])
def test_what_holds_the_name_is_dealt_with_before_the_pool_is_made(directory: Path, action: str) -> None:
    program = declared(directory, onSoftDeleted=action)
    before = program["mhsm:SoftDeletedPool soft-deleted-pool"]
    assert (before.inputs["action"], before.inputs["hsm_id"]) == (action, POOL)
    assert "soft-deleted-pool" in program["keyvault:ManagedHsm managed-hsm"].dependencies
    # It refuses what nobody has dealt with.
    assert "soft-deleted-pool" in program["mhsm:PurgeOnDestroy purge-on-destroy"].dependencies


def test_a_recovered_pool_is_imported(directory: Path) -> None:
    program = declared(directory, Existing(None, POOL), onSoftDeleted="recover")
    assert program["keyvault:ManagedHsm managed-hsm"].import_id == POOL


def test_what_is_empty_of_a_pool_that_is_taken_over_is_not_said(directory: Path) -> None:
    empty = frozenset({"virtualNetworkRules", "regions", "tags", "ipRules"})
    pool = declared(directory, Existing("group", POOL, None, empty))["keyvault:ManagedHsm managed-hsm"]
    assert "tags" not in pool.inputs
    assert "regions" not in pool.inputs["properties"]
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    assert pool.inputs["properties"]["networkAcls"] == acls


@pytest.mark.parametrize("on_destroy", ["retain", "softDelete"])
def test_a_pool_that_outlives_its_stack_has_its_price_told(directory: Path, on_destroy: str) -> None:
    program = declared(directory, onDestroy=on_destroy, pricePerHour=3.5)
    costs = program["mhsm:PoolCosts pool-costs"]
    assert (costs.inputs["hsm_id"], costs.inputs["sku"], costs.inputs["price_per_hour"]) == (POOL, "Standard_B1", 3.5)
    assert "pool-costs" in program["keyvault:ManagedHsm managed-hsm"].dependencies


def test_a_pool_that_is_purged_has_none(directory: Path) -> None:
    assert declared(directory).of("mhsm:PoolCosts") == []
