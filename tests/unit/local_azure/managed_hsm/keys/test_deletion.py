from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.unit.local_azure.managed_hsm.keys.support import Hsm, b64, version_of

BASE = "https://az400popmhsm.managedhsm.azure.net"


def test_a_deleted_key_is_out_of_use_and_shown_with_its_dates(hsm: Hsm) -> None:
    bundle = hsm.create("key", kty="oct-HSM", tags={"a": "b"})
    deleted = hsm.ok("DELETE", "/keys/key")
    assert deleted == bundle | {
        "deletedDate": deleted["deletedDate"],
        "scheduledPurgeDate": deleted["deletedDate"] + 28 * 86_400,
        "recoveryId": f"{BASE}/deletedkeys/key",
    }
    assert hsm.ok("GET", "/deletedkeys/key") == deleted
    for method, path in (("GET", "/keys/key"), ("DELETE", "/keys/key"), ("POST", "/keys/key/backup")):
        assert hsm.call(method, path).code == "KeyNotFound"
    assert hsm.call("POST", "/keys/key/encrypt", {"alg": "A256GCM", "value": "AA"}).code == "KeyNotFound"
    assert hsm.names("/keys") == []
    item = hsm.ok("GET", "/deletedkeys")["value"][0]
    assert item["kid"] == f"{BASE}/keys/key"
    assert set(item) == {"attributes", "kid", "tags", "deletedDate", "scheduledPurgeDate", "recoveryId"}


def test_a_deleted_key_holds_its_name(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    hsm.ok("DELETE", "/keys/key")
    for method, path, body in (
        ("POST", "/keys/KEY/create", {"kty": "RSA-HSM"}),
        ("PUT", "/keys/key", {"key": {"kty": "oct", "k": b64(bytes(16))}}),
    ):
        answer = hsm.call(method, path, body)
        assert (answer.status, answer.code, answer.reason) == (409, "Conflict", "ObjectIsDeletedButRecoverable")


def test_a_recovered_key_is_as_it_was_with_all_versions(hsm: Hsm) -> None:
    old, latest = hsm.create("key", kty="oct-HSM"), hsm.create("key", kty="EC-HSM")
    hsm.ok("DELETE", "/keys/key")
    assert hsm.ok("POST", "/deletedkeys/key/recover") == latest
    assert hsm.names("/keys/key/versions") == [version_of(old), version_of(latest)]
    assert hsm.call("GET", "/deletedkeys/key").code == "KeyNotFound"
    assert hsm.call("POST", "/deletedkeys/key/recover").code == "KeyNotFound"


def test_a_purged_key_is_gone_and_its_name_free(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    assert hsm.call("DELETE", "/deletedkeys/key").code == "KeyNotFound"
    hsm.ok("DELETE", "/keys/key")
    assert hsm.call("DELETE", "/deletedkeys/key").status == 204
    answer = hsm.call("GET", "/deletedkeys/key")
    assert answer.message == f"Key not found: {BASE}/deletedkeys/key"
    hsm.create("key", kty="oct-HSM")
    assert len(hsm.names("/keys/key/versions")) == 1


def test_the_retention_over_a_key_is_purged_by_itself(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    hsm.ok("DELETE", "/keys/key")
    hsm.world.clock.move(timedelta(days=27))
    assert hsm.names("/deletedkeys") == ["key"]
    hsm.world.clock.move(timedelta(days=2))
    assert hsm.names("/deletedkeys") == []
    assert hsm.call("POST", "/deletedkeys/key/recover").code == "KeyNotFound"
    hsm.create("key", kty="oct-HSM")


@pytest.mark.parametrize(
    ("days", "protected", "level"),
    [
        (28, False, "CustomizedRecoverable+Purgeable"),
        (28, True, "CustomizedRecoverable"),
        (90, False, "Recoverable+Purgeable"),
        (90, True, "Recoverable"),
    ],
)
def test_the_recovery_level_tells_retention_and_protection(
    other_hsm: Callable[..., Hsm], days: int, protected: bool, level: str
) -> None:
    hsm = other_hsm("contosolevels", retention_days=days, purge_protection=protected)
    attributes = hsm.create("key", kty="oct-HSM")["attributes"]
    assert (attributes["recoveryLevel"], attributes["recoverableDays"]) == (level, days)
    hsm.ok("DELETE", "/keys/key")
    assert hsm.call("DELETE", "/deletedkeys/key").status == (403 if protected else 204)
