"""The provider's methods against a local Azure."""

from __future__ import annotations

import pytest

from data_plane import deleted_pool, session
from data_plane.errors import ConflictError
from data_plane.pool import Pool
from dynamic.purge_on_destroy import PurgeOnDestroyProvider
from local_azure.core.world import SUBSCRIPTION_ID
from tests.support import Azure
from tests.unit.data_plane.support import soft_delete_pool

pytestmark = pytest.mark.daemon

PROVIDER = PurgeOnDestroyProvider()
PROPS = {"subscription_id": SUBSCRIPTION_ID, "location": "eastus2", "name": "az400popMHSM", "__provider": "x"}
DELETED = deleted_pool.path_of(SUBSCRIPTION_ID, "eastus2", "az400popMHSM")


def test_a_soft_deleted_pool_is_purged(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    del pool
    made = PROVIDER.create(PROPS)
    soft_delete_pool()
    assert made.outs is not None
    PROVIDER.delete(made.id, made.outs)
    assert not deleted_pool.exists(session.current(), DELETED)
    assert "purging the soft-deleted pool az400popMHSM" in capsys.readouterr().out


def test_a_pool_that_lives_is_left_alone(pool: Pool) -> None:
    made = PROVIDER.create(PROPS)
    assert made.outs is not None
    PROVIDER.delete(made.id, made.outs)
    assert session.current().resource_manager_get(pool.id, "2024-11-01")["name"] == pool.name


def test_a_deleted_pool_that_shows_late_is_purged_all_the_same(pool: Pool, signed_in: Azure) -> None:
    del pool
    soft_delete_pool()
    signed_in.control.add_fault("status", method="GET", path="deletedManagedHSMs", status=404, code="ResourceNotFound")
    PROVIDER.delete("id", PROPS)
    assert not deleted_pool.exists(session.current(), DELETED)


def test_a_pool_of_another_group_that_has_the_name_by_now_stays(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    soft_delete_pool()
    PROVIDER.delete("id", {**PROPS, "resource_id": pool.id.replace("Contoso", "Other")})
    assert deleted_pool.exists(session.current(), DELETED)
    assert f"az400popMHSM stays: it was {pool.id}" in capsys.readouterr().out
    PROVIDER.delete("id", {**PROPS, "resource_id": pool.id.upper()})
    assert not deleted_pool.exists(session.current(), DELETED)


def test_a_soft_deleted_pool_of_somebody_else_is_never_this_stacks_to_purge(pool: Pool) -> None:
    del pool
    soft_delete_pool()
    with pytest.raises(ConflictError, match="a soft-deleted pool az400popMHSM in eastus2 holds the name"):
        PROVIDER.create(PROPS)
    assert deleted_pool.exists(session.current(), DELETED)
