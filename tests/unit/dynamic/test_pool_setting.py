"""The provider's methods against a local Azure."""

from __future__ import annotations

from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.keyvault.administration import KeyVaultSetting, KeyVaultSettingsClient

from data_plane.pool import Pool
from dynamic.pool_setting import PoolSettingProvider
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, pool_props

pytestmark = pytest.mark.daemon

PROVIDER = PoolSettingProvider()
NAME = "AllowKeyManagementOperationsThroughARM"


def wanted(pool: Pool, value: bool) -> dict[str, Any]:
    return {**pool_props(pool), "setting_name": NAME, "value": value}


def in_the_pool(pool: Pool) -> KeyVaultSettingsClient:
    """The official client, which is none of ours."""
    return KeyVaultSettingsClient(pool.uri, DefaultAzureCredential())


def writes(azure: Azure) -> list[str]:
    return [each["path"] for each in azure.control.log() if each["method"] == "PATCH"]


def test_a_setting_is_written_and_put_back_when_it_goes(active_pool: Pool) -> None:
    props = wanted(active_pool, True)
    made = PROVIDER.create(props)
    assert in_the_pool(active_pool).get_setting(NAME).getboolean() is True
    PROVIDER.delete(made.id, props)
    assert in_the_pool(active_pool).get_setting(NAME).getboolean() is False


def test_what_the_pool_has_already_is_not_written(active_pool: Pool, signed_in: Azure) -> None:
    PROVIDER.create(wanted(active_pool, False))
    assert writes(signed_in) == []


def test_a_change_by_hand_is_seen_told_and_mended(active_pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    props = wanted(active_pool, False)
    made = PROVIDER.create(props)
    in_the_pool(active_pool).update_setting(KeyVaultSetting(NAME, True))
    seen = PROVIDER.read(made.id, props)
    assert seen.outs is not None
    assert seen.outs["value"] is True
    assert PROVIDER.diff(made.id, seen.outs, props).changes
    assert f"setting {NAME}: the pool has true, the configuration says false" in capsys.readouterr().out
    PROVIDER.update(made.id, seen.outs, props)
    assert in_the_pool(active_pool).get_setting(NAME).getboolean() is False


def test_with_the_pool_the_setting_is_gone(active_pool: Pool) -> None:
    props = wanted(active_pool, True)
    made = PROVIDER.create(props)
    delete_pool()
    assert PROVIDER.read(made.id, props).id is None
    PROVIDER.delete(made.id, props)


def test_a_name_that_the_service_has_not_is_refused_offline() -> None:
    props = {"hsm_id": "x", "hsm_uri": "y", "hsm_created_at": "z", "setting_name": "AllowAll", "value": True}
    (failure,) = PROVIDER.check({}, props).failures
    assert failure.reason == f"'AllowAll': accepted are {NAME}"
