from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_azure.core.world import World
from local_azure.managed_hsm.keys.handlers import lifecycle
from local_azure.managed_hsm.pools import Pool
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, b64, new_pool, unb64


@pytest.fixture(autouse=True)
def domains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools share a security domain where their names begin alike."""
    monkeypatch.setattr(lifecycle, "domain_id", lambda _world, pool: pool.name[:4])
    monkeypatch.setattr(lifecycle, "backup_key", _backup_key)


def _backup_key(_world: World, pool: Pool) -> bytes:
    return pool.name[:4].encode() * 8


def test_a_backup_comes_back_with_versions_times_policy_and_the_power_to_decrypt(hsm: Hsm) -> None:
    hsm.create("mypemrsakey", kty="RSA-HSM")
    latest = hsm.create("mypemrsakey", kty="oct-HSM", tags={"a": "b"}, attributes={"exp": 2524723200})
    sealed = hsm.ok("POST", "/keys/mypemrsakey/encrypt", {"alg": "A256GCM", "value": b64(b"text")})
    versions = hsm.ok("GET", "/keys/mypemrsakey/versions")
    blob = hsm.ok("POST", "/keys/mypemrsakey/backup")["value"]
    hsm.ok("DELETE", "/keys/mypemrsakey")
    hsm.ok("DELETE", "/deletedkeys/mypemrsakey")
    assert hsm.ok("POST", "/keys/restore", {"value": blob}) == latest
    assert hsm.ok("GET", "/keys/mypemrsakey/versions") == versions
    box = {name: sealed[name] for name in ("alg", "value", "iv", "tag")}
    assert unb64(hsm.ok("POST", "/keys/mypemrsakey/decrypt", box)["value"]) == b"text"


def test_a_backup_goes_to_another_pool_of_the_same_security_domain_only(
    hsm: Hsm, other_hsm: Callable[..., Hsm]
) -> None:
    hsm.create("key", kty="oct-HSM")
    blob = hsm.ok("POST", "/keys/key/backup")["value"]
    sister, stranger = other_hsm("az40-sister"), other_hsm("contosoelse")
    assert sister.ok("POST", "/keys/restore", {"value": blob})["key"]["kid"].startswith(
        "https://az40-sister.managedhsm.azure.net/keys/key/"
    )
    answer = stranger.call("POST", "/keys/restore", {"value": blob})
    assert (answer.status, answer.code) == (400, "MalformedBackupBlob")
    assert stranger.names("/keys") == []


def test_a_backup_is_not_restored_over_a_key_live_or_deleted(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    blob = hsm.ok("POST", "/keys/key/backup")["value"]
    assert hsm.call("POST", "/keys/restore", {"value": blob}).status == 409
    hsm.ok("DELETE", "/keys/key")
    answer = hsm.call("POST", "/keys/restore", {"value": blob})
    assert (answer.status, answer.reason) == (409, "ObjectIsDeletedButRecoverable")


def test_the_blob_shows_nothing_of_the_material(hsm: Hsm) -> None:
    secret = bytes(range(32))
    hsm.ok("PUT", "/keys/key", {"key": {"kty": "oct", "k": b64(secret)}})
    jwe = unb64(hsm.ok("POST", "/keys/key/backup")["value"]).decode().split(".")
    assert unb64(jwe[0]).startswith(b'{"alg":"dir"')
    assert all(secret not in unb64(part) for part in jwe)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_blob_is_refused_whatever_is_damaged(hsm: Hsm, data: st.DataObject) -> None:
    fresh = Hsm(hsm.world, new_pool(hsm.world, "az40damaged"))
    fresh.create("key", kty="oct-HSM")
    jwe = bytearray(unb64(fresh.ok("POST", "/keys/key/backup")["value"]))
    fresh.ok("DELETE", "/keys/key")
    fresh.ok("DELETE", "/deletedkeys/key")
    place = data.draw(st.integers(0, len(jwe) - 1))
    jwe[place] ^= data.draw(st.integers(1, 255))
    answer = fresh.call("POST", "/keys/restore", {"value": b64(bytes(jwe))})
    assert (answer.status, answer.code) == (400, "MalformedBackupBlob")


@pytest.mark.parametrize("value", ["bm9uLWV4aXN0aW5n", "", b64(b"....")])
def test_what_is_no_backup_is_refused_as_recorded(hsm: Hsm, value: str) -> None:
    answer = hsm.call("POST", "/keys/restore", {"value": value})
    assert answer.message == ("Backup blob belongs to a different crypto domain and cannot be used with this instance.")


def test_a_restore_without_a_blob_is_a_bad_parameter(hsm: Hsm) -> None:
    assert hsm.call("POST", "/keys/restore", {}).code == "BadParameter"
    assert hsm.call("POST", "/keys/none/backup").code == "KeyNotFound"
