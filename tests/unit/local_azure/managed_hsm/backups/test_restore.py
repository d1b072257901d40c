from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.keyvault.keys import KeyClient

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import role_store
from local_azure.storage import blobs
from tests.unit.local_azure.managed_hsm.backups.support import (
    ACCOUNT,
    CONTAINER,
    CONTAINER_URL,
    CRYPTO_USER,
    Ground,
    change_account,
    make_ground,
    share_domain,
)

_STRANGER = "9c1f04a7-52d8-4b3e-8e60-7a1d2c9b5f48"


def _make(keys: KeyClient, name: str, **more: Any) -> str:
    return str(keys.create_oct_key(name, size=256, hardware_protected=True, **more).properties.version)


def _status(ground: Ground, folder: str, path: str = "/restore") -> Any:
    name = "folder" if "/keys/" in path else "folderToRestore"
    body = {"sasTokenParameters": {"storageResourceUri": CONTAINER_URL, "useManagedIdentity": True}, name: folder}
    started = ground.admin.send("PUT", path, body)
    assert started.status == 202, started.json
    return ground.admin.send("GET", f"/restore/{started.json['jobId']}/pending").json


def _delete(keys: KeyClient, name: str, *, purge: bool) -> None:
    keys.begin_delete_key(name)
    if purge:
        keys.purge_deleted_key(name)


def test_a_full_restore_puts_everything_back_as_it_was(ground: Ground) -> None:
    keys = ground.keys
    versions = [_make(keys, "kept"), _make(keys, "kept", tags={"a": "b"}, enabled=False)]
    _make(keys, "deleted")
    _delete(keys, "deleted", purge=False)
    folder = ground.back_up()
    keys.update_key_properties("kept", tags={}, enabled=True)
    _delete(keys, "kept", purge=True)
    _make(keys, "younger")
    ground.admin.assign(CRYPTO_USER, _STRANGER)
    ground.half_an_hour_passes()

    ground.restore(folder)

    found = keys.get_key("kept")
    assert ground.names() == ["kept"]
    assert (found.properties.tags, found.properties.enabled) == ({"a": "b"}, False)
    assert {each.version for each in keys.list_properties_of_key_versions("kept")} == set(versions)
    assert [each.name for each in keys.list_deleted_keys()] == ["deleted"]
    holders = {each.principal_id for each in role_store.assignments(ground.world, ground.pool.instance_id)}
    assert _STRANGER not in holders


def test_what_the_first_pool_encrypted_opens_in_its_twin(ground: Ground, world: World) -> None:
    _make(ground.keys, "key")
    sealed = ground.admin.send("POST", "/keys/key/encrypt", {"alg": "A256GCM", "value": "dGV4dA"}).json
    folder, twin = ground.back_up(), make_ground(world, "az400twin")
    share_domain(ground, twin)
    twin.back_up()
    ground.half_an_hour_passes()
    twin.restore(folder)
    box = {name: sealed[name] for name in ("alg", "value", "iv", "tag")}
    assert twin.admin.send("POST", "/keys/key/decrypt", box).json["value"] == "dGV4dA"


def test_a_full_restore_replaces_the_role_assignments_of_the_target_too(ground: Ground, world: World) -> None:
    folder, twin = ground.back_up(), make_ground(world, "az400twin")
    share_domain(ground, twin)
    twin.admin.assign(CRYPTO_USER, _STRANGER)
    twin.back_up()
    twin.half_an_hour_passes()
    twin.restore(folder)
    held = {each.principal_id for each in role_store.assignments(world, twin.pool.instance_id)}
    assert held == {directory.DEPLOYER_OBJECT_ID}


def test_the_target_needs_a_backup_of_its_own_that_is_half_an_hour_old_empty_or_not(
    ground: Ground, world: World
) -> None:
    folder, twin = ground.back_up(), make_ground(world, "az400twin")
    share_domain(ground, twin)
    ground.half_an_hour_passes()
    with pytest.raises(HttpResponseError, match="at least 30 minutes before"):
        twin.restore(folder)
    twin.back_up()
    world.clock.move(timedelta(minutes=29))
    with pytest.raises(HttpResponseError, match="at least 30 minutes before"):
        twin.restore(folder)
    world.clock.move(timedelta(minutes=1))
    twin.restore(folder)


def test_a_backup_of_another_security_domain_is_refused_and_nothing_changes(ground: Ground, world: World) -> None:
    folder, stranger = ground.back_up(), make_ground(world, "contosoelse")
    _make(stranger.keys, "mine")
    stranger.back_up()
    stranger.half_an_hour_passes()
    found = _status(stranger, folder.rpartition("/")[2])
    assert (found["status"], found["statusDetails"]) == ("Failed", "Invalid backup provided")
    assert _status(stranger, folder.rpartition("/")[2], "/keys/other/restore")["status"] == "Failed"
    with pytest.raises(HttpResponseError):
        stranger.restore(folder)
    assert stranger.names() == ["mine"]


def test_a_folder_that_is_no_backup_is_refused_in_the_words_that_were_recorded(ground: Ground) -> None:
    folder = ground.back_up().rpartition("/")[2]
    ground.half_an_hour_passes()
    assert _status(ground, "bad_folder")["statusDetails"] == "Invalid backup provided"
    (name,) = blobs.list_blobs(ground.world, ACCOUNT, CONTAINER)
    content = blobs.get_blob(ground.world, ACCOUNT, CONTAINER, name)
    assert content is not None
    blobs.put_blob(ground.world, ACCOUNT, CONTAINER, name, content[:-8] + b"AAAAAAAA")
    assert _status(ground, folder)["statusDetails"] == "Invalid backup provided"


def test_one_key_comes_back_with_all_its_versions_and_nothing_else_changes(ground: Ground) -> None:
    keys = ground.keys
    versions = {_make(keys, "one"), _make(keys, "one")}
    _make(keys, "two")
    folder = ground.back_up()
    _delete(keys, "one", purge=True)
    _delete(keys, "two", purge=True)
    ground.restore(folder, key_name="one")
    assert ground.names() == ["one"]
    assert {each.version for each in keys.list_properties_of_key_versions("one")} == versions


def test_one_key_is_restored_only_where_its_name_is_free(ground: Ground) -> None:
    keys = ground.keys
    _make(keys, "one")
    folder = ground.back_up()
    with pytest.raises(ResourceExistsError, match="already exists"):
        ground.restore(folder, key_name="one")
    _delete(keys, "one", purge=False)
    with pytest.raises(ResourceExistsError, match="can only be recovered or purged"):
        ground.restore(folder, key_name="one")
    keys.purge_deleted_key("one")
    ground.restore(folder, key_name="one")


def test_a_key_that_the_backup_does_not_hold_cannot_be_restored_from_it(ground: Ground) -> None:
    folder = ground.back_up().rpartition("/")[2]
    found = _status(ground, folder, "/keys/nobody/restore")
    assert found["status"] == "Failed"
    assert "nobody" in found["statusDetails"]


def test_while_all_of_it_is_restored_a_pool_answers_nothing_but_how_that_stands(ground: Ground) -> None:
    folder = ground.back_up().rpartition("/")[2]
    ground.half_an_hour_passes()
    ground.world.latency.set_scale(1.0)
    body = {"sasTokenParameters": {"storageResourceUri": CONTAINER_URL, "useManagedIdentity": True}}
    started = ground.admin.send("PUT", "/restore", {**body, "folderToRestore": folder})
    pending = f"/restore/{started.json['jobId']}/pending"
    assert ground.admin.send("GET", pending).json["status"] == "InProgress"
    for method, path in (("GET", "/keys"), ("POST", "/backup"), ("GET", "/settings")):
        assert ground.admin.send(method, path).status == 409
    ground.world.clock.move(timedelta(seconds=12))
    assert ground.admin.send("GET", pending).json["status"] == "Succeeded"
    assert ground.admin.send("GET", "/keys").status == 200


def test_the_check_before_a_restore_says_what_a_restore_would_and_changes_nothing(ground: Ground) -> None:
    folder = ground.back_up()
    with pytest.raises(HttpResponseError, match="at least 30 minutes before"):
        ground.backups.begin_pre_restore(folder, use_managed_identity=True, _polling_interval=0)
    ground.half_an_hour_passes()
    _make(ground.keys, "younger")
    ground.backups.begin_pre_restore(folder, use_managed_identity=True, _polling_interval=0).wait()
    assert ground.names() == ["younger"]
    change_account(ground.world, networkAcls={"defaultAction": "Deny", "bypass": "None"})
    poller = ground.backups.begin_pre_restore(folder, use_managed_identity=True, _polling_interval=0)
    with pytest.raises(HttpResponseError):
        poller.wait()


@pytest.mark.parametrize("body", [{}, {"folderToRestore": "mhsm-x-1"}, {"sasTokenParameters": {}}])
def test_a_restore_that_cannot_be_meant_is_refused_at_once(ground: Ground, body: object) -> None:
    assert ground.admin.send("PUT", "/restore", body).status == 400
