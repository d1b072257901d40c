from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from local_azure.arm.resources import Resources
from local_azure.core.world import World
from local_azure.storage import blobs
from local_azure.storage.containers import CONTAINER_TYPE
from tests.unit.local_azure.managed_hsm.backups.support import (
    ACCOUNT,
    ACCOUNT_ID,
    BLOB_CONTRIBUTOR,
    BLOB_READER,
    CONTAINER,
    CONTAINER_URL,
    Ground,
    assign,
    change_account,
    give_identity,
    make_ground,
    sas,
)
from tests.unit.local_azure.managed_hsm.support import Answer

_BY_IDENTITY = {"storageResourceUri": CONTAINER_URL, "useManagedIdentity": True}


def _started(ground: Ground, body: object = None, path: str = "/backup") -> Answer:
    return ground.admin.send("POST", path, _BY_IDENTITY if body is None else body)


def _outcome(ground: Ground, started: Answer) -> Any:
    """The status of the job, asked for as the first answer says: without a version."""
    assert started.status == 202, started.json
    path = started.headers["azure-asyncoperation"].removeprefix(f"https://{ground.pool.host}")
    answer = ground.admin.send("GET", path)
    assert answer.status == 200
    return answer.json


def _failure(ground: Ground, body: object = None) -> str:
    found = _outcome(ground, _started(ground, body))
    assert (found["status"], found["azureStorageBlobContainerUri"]) == ("Failed", None)
    return str(found["statusDetails"])


def test_the_sdk_makes_a_backup_into_a_folder_that_is_named_after_pool_and_time(ground: Ground) -> None:
    folder = ground.back_up()
    assert re.fullmatch(rf"{CONTAINER_URL}/mhsm-az400popMHSM-20[0-9]{{14}}", folder)
    names = blobs.list_blobs(ground.world, ACCOUNT, CONTAINER)
    assert [name.partition("/")[0] for name in names] == [folder.rpartition("/")[2]]


def test_answers_have_the_shape_that_was_recorded(ground: Ground) -> None:
    started = _started(ground)
    assert set(started.json) == {
        *("status", "statusDetails", "error", "startTime", "endTime", "jobId", "azureStorageBlobContainerUri")
    }
    assert (started.json["status"], started.json["endTime"], started.json["error"]) == ("InProgress", None, None)
    assert started.headers["azure-asyncoperation"].endswith(f"/backup/{started.json['jobId']}/pending")
    done = _outcome(ground, started)
    assert (done["status"], done["jobId"]) == ("Succeeded", started.json["jobId"])
    assert done["endTime"] >= done["startTime"]


def test_the_backup_is_sealed(ground: Ground) -> None:
    ground.keys.create_rsa_key("myrsakey", size=2048, hardware_protected=True)
    ground.back_up()
    (name,) = blobs.list_blobs(ground.world, ACCOUNT, CONTAINER)
    content = blobs.get_blob(ground.world, ACCOUNT, CONTAINER, name)
    assert content is not None
    assert b"myrsakey" not in content
    assert content.count(b".") == 4


def test_a_signature_will_do_too(ground: Ground) -> None:
    token = sas(ground.world)
    result = ground.backups.begin_backup(CONTAINER_URL, sas_token=token, _polling_interval=0).result()
    assert result.folder_url is not None
    ground.half_an_hour_passes()
    token = sas(ground.world, lasts=timedelta(hours=3))
    ground.backups.begin_restore(result.folder_url, sas_token=token, _polling_interval=0).result()


@pytest.mark.parametrize("token", ["invalid_sas_token", "?sv=2022-11-02&sig=x", "se=2030-01-01T00:00:00Z"])
def test_a_signature_without_an_end_is_malformed(ground: Ground, token: str) -> None:
    answer = _started(ground, {"storageResourceUri": CONTAINER_URL, "token": token})
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.message.startswith("The customer provided SAS token is malformed. The SAS token does not contain the")


def test_a_signature_must_allow_all_that_a_backup_does(ground: Ground) -> None:
    for too_few in ("rl", "crd", "crw", "cdw", "rdw"):
        body = {"storageResourceUri": CONTAINER_URL, "token": sas(ground.world, too_few)}
        assert _failure(ground, body) == "AuthorizationPermissionMismatch"
    past = sas(ground.world, lasts=timedelta(hours=-1))
    assert _failure(ground, {"storageResourceUri": CONTAINER_URL, "token": past}) == "AuthenticationFailed"


def test_the_container_must_exist(world: World) -> None:
    ground = make_ground(world, identity=False)
    assign(world, give_identity(ground, None), BLOB_CONTRIBUTOR, below="")
    body = {**_BY_IDENTITY, "storageResourceUri": f"https://{ACCOUNT}.blob.core.windows.net/nowhere"}
    assert _failure(ground, body) == "ContainerNotFound"
    elsewhere = {**_BY_IDENTITY, "storageResourceUri": "https://contosonothing.blob.core.windows.net/mhsm"}
    assert _failure(ground, elsewhere) == "AccountNotFound"


def test_the_identity_must_be_able_to_write_to_the_container(world: World) -> None:
    ground = make_ground(world, identity=False)
    give_identity(ground, None)
    assert _failure(ground) == "AuthorizationPermissionMismatch"
    give_identity(ground, BLOB_READER)
    assert _failure(ground) == "AuthorizationPermissionMismatch"


def test_an_identity_must_be_assigned_to_the_pool(world: World) -> None:
    answer = _started(make_ground(world, identity=False))
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert "user-assigned managed identity" in answer.message


def test_the_sdk_raises_where_storage_refuses(ground: Ground) -> None:
    change_account(ground.world, networkAcls={"defaultAction": "Deny", "bypass": "None"})
    with pytest.raises(HttpResponseError):
        ground.back_up()


def test_a_closed_account_lets_the_identity_in_as_a_trusted_service_and_no_signature(ground: Ground) -> None:
    change_account(ground.world, publicNetworkAccess="Disabled", networkAcls={"bypass": "AzureServices"})
    assert ground.back_up()
    body = {"storageResourceUri": CONTAINER_URL, "token": sas(ground.world)}
    assert _failure(ground, body) == "AuthorizationFailure"


def test_an_account_or_container_that_keeps_for_good_takes_no_backup(ground: Ground) -> None:
    change_account(ground.world, immutableStorageWithVersioning={"enabled": True})
    assert _failure(ground) == "BlobImmutableDueToPolicy"
    change_account(ground.world, immutableStorageWithVersioning={"enabled": False})
    (container,) = Resources(ground.world).of_type(CONTAINER_TYPE, ACCOUNT_ID)
    container.hidden["holds"] = ["case-1"]
    Resources(ground.world).put(container)
    assert _failure(ground) == "BlobImmutableDueToLegalHold"


def test_one_operation_at_once(ground: Ground) -> None:
    ground.world.latency.set_scale(1.0)
    ground.world.clock.move(timedelta(minutes=2))  # what spreads has spread
    started = _started(ground)
    assert started.headers["Retry-After"] == "10"
    assert _outcome(ground, started)["status"] == "InProgress"
    again = _started(ground)
    assert (again.status, again.code) == (409, "Conflict")
    assert again.message.startswith("Another backup operation is in progress")
    ground.world.clock.move(timedelta(seconds=9))
    assert _outcome(ground, started)["status"] == "Succeeded"
    assert _started(ground).status == 202


def test_the_check_before_a_backup_says_what_a_backup_would_and_writes_nothing(ground: Ground) -> None:
    ground.backups.begin_pre_backup(CONTAINER_URL, use_managed_identity=True, _polling_interval=0).wait()
    assert blobs.list_blobs(ground.world, ACCOUNT, CONTAINER) == []
    change_account(ground.world, networkAcls={"defaultAction": "Deny", "bypass": "None"})
    poller = ground.backups.begin_pre_backup(CONTAINER_URL, use_managed_identity=True, _polling_interval=0)
    with pytest.raises(HttpResponseError):
        poller.wait()


def test_versions_before_them_know_neither_identities_nor_checks(ground: Ground) -> None:
    old = ground.admin.send("POST", "/backup?api-version=7.4", _BY_IDENTITY)
    assert (old.status, "SAS token is required" in old.message) == (400, True)
    assert ground.admin.send("POST", "/prebackup?api-version=7.5", _BY_IDENTITY).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"storageResourceUri": CONTAINER_URL},
        {"storageResourceUri": "http://contosobackups.blob.core.windows.net/mhsm", "useManagedIdentity": True},
        {"storageResourceUri": f"{CONTAINER_URL}/folder", "useManagedIdentity": True},
        {"storageResourceUri": "https://contosobackups.blob.core.windows.net/", "useManagedIdentity": True},
        {"storageResourceUri": CONTAINER_URL, "useManagedIdentity": "yes"},
        {"storageResourceUri": 5, "useManagedIdentity": True},
    ],
    ids=json.dumps,
)
def test_a_request_that_cannot_be_meant_is_refused_at_once(ground: Ground, body: object) -> None:
    assert _started(ground, body).status == 400


def test_nobody_else_s_job_is_found(ground: Ground) -> None:
    assert ground.admin.send("GET", "/backup/0123456789abcdef/pending").status == 404
    started = _started(ground)
    assert ground.admin.send("GET", f"/restore/{started.json['jobId']}/pending").status == 404
