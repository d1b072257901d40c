"""What happens before a pool is made and after it is deleted: the providers' methods against a local Azure."""

from __future__ import annotations

from typing import Any

import pytest

from data_plane import deleted_pool, session
from data_plane import pool as pools
from data_plane.errors import ConflictError, RequestError
from data_plane.pool import Pool
from dynamic.pool_costs import PoolCostsProvider
from dynamic.second_region import SecondRegionProvider
from dynamic.soft_deleted_pool import SoftDeletedPoolProvider
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from tests.support import Azure
from tests.unit.data_plane.support import HSM_ID, make_pool, soft_delete_pool

pytestmark = pytest.mark.daemon

DELETED = deleted_pool.path_of(SUBSCRIPTION_ID, "eastus2", "az400popMHSM")
COSTS = {"hsm_id": HSM_ID, "subscription_id": SUBSCRIPTION_ID, "location": "eastus2", "sku": "Standard_B1"}
B1 = "billed about 3.20 US$ an hour, 2,336 US$ a month (Standard_B1, 2026, https://azure.microsoft.com/pricing"


def found_again(action: str, **changes: Any) -> dict[str, Any]:
    return {
        "hsm_id": HSM_ID,
        "resource_group": "ContosoResourceGroup",
        "location": "eastus2",
        "tenant_id": TENANT_ID,
        "sku": "Standard_B1",
        "sku_family": "B",
        "action": action,
        **changes,
    }


def pool_in_azure() -> Any:
    return session.current().resource_manager_get(HSM_ID, pools.API_VERSION)


def test_a_soft_deleted_pool_comes_back_with_all_that_was_in_it(active_pool: Pool) -> None:
    assert active_pool.activation_status == pools.NOT_ACTIVATED
    soft_delete_pool()
    SoftDeletedPoolProvider().create(found_again("recover"))
    back = pools.read(session.current(), HSM_ID)
    assert back is not None
    assert back.activation_status == pools.ACTIVE
    assert not deleted_pool.exists(session.current(), DELETED)


def test_it_comes_back_again_when_it_was_deleted_again(pool: Pool) -> None:
    del pool
    provider = SoftDeletedPoolProvider()
    first = provider.create(found_again("recover"))
    assert first.outs is not None
    assert not provider.diff(first.id, first.outs, found_again("recover")).changes
    soft_delete_pool()
    found = deleted_pool.find(session.current(), DELETED)
    assert found is not None
    news = found_again("recover", deleted_at=found.deleted_at)
    assert provider.diff(first.id, first.outs, news).changes
    second = provider.update(first.id, first.outs, news)
    assert pools.read(session.current(), HSM_ID) is not None
    assert second.outs is not None
    assert not provider.diff(first.id, second.outs, found_again("recover")).changes


def test_it_comes_back_only_where_it_was(pool: Pool) -> None:
    del pool
    soft_delete_pool()
    elsewhere = HSM_ID.replace("ContosoResourceGroup", "Other")
    with pytest.raises(ConflictError, match="comes back there and not in Other"):
        SoftDeletedPoolProvider().create(found_again("recover", hsm_id=elsewhere, resource_group="Other"))


def deleted_at() -> str:
    found = deleted_pool.find(session.current(), DELETED)
    assert found is not None
    return found.deleted_at


def test_a_pool_of_another_group_is_not_purged(pool: Pool) -> None:
    del pool
    soft_delete_pool()
    wanted = found_again("purge", hsm_id=HSM_ID.replace("Contoso", "Other"), deleted_at=deleted_at())
    with pytest.raises(ConflictError, match="is not for this stack to purge"):
        SoftDeletedPoolProvider().create(wanted)
    assert deleted_pool.exists(session.current(), DELETED)


def test_a_deletion_that_nobody_was_told_of_is_not_made_final(pool: Pool) -> None:
    del pool
    soft_delete_pool()
    for before in ({}, {"deleted_at": "2026-11-20T10:00:00Z"}):
        with pytest.raises(ConflictError, match="after this run had looked; it is not purged"):
            SoftDeletedPoolProvider().create(found_again("purge", **before))
    assert deleted_pool.exists(session.current(), DELETED)


def test_a_soft_deleted_pool_is_purged_where_that_is_asked(pool: Pool) -> None:
    del pool
    soft_delete_pool()
    SoftDeletedPoolProvider().create(found_again("purge", deleted_at=deleted_at()))
    assert not deleted_pool.exists(session.current(), DELETED)
    assert make_pool().name == "az400popMHSM"


def test_purge_protection_is_stronger(signed_in: Azure) -> None:
    del signed_in
    make_pool(enablePurgeProtection=True)
    soft_delete_pool()
    with pytest.raises(RequestError, match="purge protection is enabled"):
        SoftDeletedPoolProvider().create(found_again("purge", deleted_at=deleted_at()))


@pytest.mark.parametrize("action", ["recover", "purge"])
def test_where_nothing_holds_the_name_nothing_is_written(signed_in: Azure, action: str) -> None:
    SoftDeletedPoolProvider().create(found_again(action))
    assert [each for each in signed_in.control.log() if each["method"] != "GET" and "management" in each["host"]] == []


def test_a_second_region_goes_before_its_pool_and_leaves_the_rest_as_it_is(signed_in: Azure) -> None:
    del signed_in
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    make_pool(regions=[{"name": "westus3"}], networkAcls=acls)
    before = pool_in_azure()["properties"]
    provider = SecondRegionProvider()
    provider.delete("id", {"hsm_id": HSM_ID, "region": "westus3"})
    after = pool_in_azure()["properties"]
    assert after == {**before, "regions": []}
    soft_delete_pool()
    provider.delete("id", {"hsm_id": HSM_ID, "region": "westus3"})


def test_another_region_that_has_come_in_its_place_stays(signed_in: Azure) -> None:
    del signed_in
    make_pool(regions=[{"name": "westus3"}])
    SecondRegionProvider().delete("id", {"hsm_id": HSM_ID, "region": "northeurope"})
    assert [each["name"] for each in pool_in_azure()["properties"]["regions"]] == ["westus3"]


def test_a_pool_that_stays_has_its_price_told(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    del pool
    PoolCostsProvider().delete("id", COSTS)
    said = capsys.readouterr().out
    assert f"az400popMHSM stays, and is {B1}" in said
    assert "until it is purged (az keyvault delete --hsm-name az400popMHSM" in said


def test_a_soft_deleted_pool_has_its_price_and_its_end_told(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    del pool
    soft_delete_pool()
    PoolCostsProvider().delete("id", {**COSTS, "price_per_hour": 3.5})
    said = capsys.readouterr().out
    assert "billed about 3.50 US$ an hour, 2,555 US$ a month (managed-hsm:hsm.pricePerHour)" in said
    assert "az keyvault purge --hsm-name az400popMHSM --location eastus2 ends that now" in said


def test_with_purge_protection_nothing_ends_it_sooner(signed_in: Azure, capsys: pytest.CaptureFixture[str]) -> None:
    del signed_in
    make_pool(enablePurgeProtection=True)
    soft_delete_pool()
    PoolCostsProvider().delete("id", {**COSTS, "sku": "Custom_C42"})
    said = capsys.readouterr().out
    assert "billed by the hour (Custom_C42: https://azure.microsoft.com/pricing/details/key-vault)" in said
    assert "purge protection lets nobody end that sooner" in said


def test_a_pool_that_is_gone_costs_nothing(signed_in: Azure, capsys: pytest.CaptureFixture[str]) -> None:
    del signed_in
    PoolCostsProvider().delete("id", COSTS)
    assert capsys.readouterr().out == ""
