from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.managed_hsm.keys.durations import duration
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, version_of

DAY = 86_400


def policy(expiry: str | None = None, kind: str = "Rotate", **trigger: str) -> dict[str, Any]:
    body: dict[str, Any] = {"lifetimeActions": [{"action": {"type": kind}, "trigger": trigger}]}
    return body | ({"attributes": {"expiryTime": expiry}} if expiry else {})


def test_a_policy_is_answered_as_recorded(hsm: Hsm) -> None:
    hsm.create("key", kty="EC-HSM")
    now = int(hsm.world.clock.timestamp())
    answer = hsm.ok("PUT", "/keys/key/rotationpolicy", policy("P90D", timeAfterCreate="P30D"))
    assert answer["id"] == "https://az400popmhsm.managedhsm.azure.net/keys/key/rotationpolicy"
    assert answer["lifetimeActions"] == [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P30D"}}]
    assert answer["attributes"]["expiryTime"] == "P90D"
    assert abs(answer["attributes"]["created"] - now) < 60
    assert hsm.ok("GET", "/keys/key/rotationpolicy") == answer


def test_a_key_without_a_policy_shows_an_empty_one_and_cannot_be_rotated(hsm: Hsm) -> None:
    hsm.create("key", kty="EC-HSM")
    assert hsm.ok("GET", "/keys/key/rotationpolicy")["lifetimeActions"] == []
    assert hsm.call("POST", "/keys/key/rotate").code == "BadParameter"
    hsm.ok("PUT", "/keys/key/rotationpolicy", policy(timeAfterCreate="P30D"))
    hsm.ok("PUT", "/keys/key/rotationpolicy", {"lifetimeActions": [], "attributes": {}})
    assert hsm.call("POST", "/keys/key/rotate").code == "BadParameter"


@pytest.mark.parametrize("body", [{"kty": "RSA-HSM"}, {"kty": "EC-HSM", "crv": "P-384"}, {"kty": "oct-HSM"}])
def test_rotate_makes_a_version_of_the_same_kind_that_expires_as_the_policy_says(
    hsm: Hsm, body: dict[str, str]
) -> None:
    old = hsm.create("key", **body, tags={"a": "b"}, key_ops=["sign"], attributes={"nbf": 1})
    hsm.ok("PUT", "/keys/key/rotationpolicy", policy("P90D", timeAfterCreate="P30D"))
    new = hsm.ok("POST", "/keys/key/rotate")
    assert version_of(new) != version_of(old)
    assert (new["key"]["kty"], new["key"]["key_ops"], new["tags"]) == (body["kty"], ["sign"], {"a": "b"})
    assert new["key"].get("crv") == old["key"].get("crv")
    assert new["key"].get("n", "new") != old["key"].get("n")
    assert new["attributes"]["exp"] == new["attributes"]["created"] + 90 * DAY
    assert "nbf" not in new["attributes"]
    assert hsm.ok("GET", "/keys/key") == new


def test_an_unknown_key_is_not_rotated(hsm: Hsm) -> None:
    for method, path in (("POST", "rotate"), ("GET", "rotationpolicy"), ("PUT", "rotationpolicy")):
        assert hsm.call(method, f"/keys/none/{path}").code == "KeyNotFound"


def test_a_due_rotation_takes_effect_by_the_clock_with_its_own_times(hsm: Hsm) -> None:
    old = hsm.create("key", kty="oct-HSM")
    created = old["attributes"]["created"]
    hsm.ok("PUT", "/keys/key/rotationpolicy", policy("P56D", timeAfterCreate="P28D"))
    hsm.world.clock.move(timedelta(days=27))
    assert hsm.ok("GET", "/keys/key") == old
    hsm.world.clock.move(timedelta(days=2))
    new = hsm.ok("GET", "/keys")["value"][0]["attributes"]
    assert new["created"] == created + 28 * DAY
    assert new["exp"] == new["created"] + 56 * DAY
    hsm.world.clock.move(timedelta(days=28 * 3))
    assert len(hsm.names("/keys/key/versions")) == 5


def test_rotation_before_expiry_waits_for_a_version_that_expires(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    hsm.ok("PUT", "/keys/key/rotationpolicy", policy("P60D", timeBeforeExpiry="P30D"))
    hsm.world.clock.move(timedelta(days=365))
    assert len(hsm.names("/keys/key/versions")) == 1
    hsm.ok("POST", "/keys/key/rotate")
    hsm.world.clock.move(timedelta(days=29))
    assert len(hsm.names("/keys/key/versions")) == 2
    hsm.world.clock.move(timedelta(days=2))
    assert len(hsm.names("/keys/key/versions")) == 3


def test_rotation_ends_at_a_hundred_versions(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    hsm.ok("PUT", "/keys/key/rotationpolicy", policy(timeAfterCreate="P28D"))
    hsm.world.clock.move(timedelta(days=28 * 200))
    assert len(hsm.names("/keys/key/versions")) == 100
    assert hsm.call("POST", "/keys/key/rotate").code == "BadParameter"


@pytest.mark.parametrize(
    "body",
    [
        policy(timeAfterCreate="P27D"),
        policy(timeAfterCreate="PT671H"),
        policy(timeAfterCreate="30 days"),
        policy(timeAfterCreate="P"),
        policy(timeAfterCreate="P9999Y"),
        policy("P27D", timeAfterCreate="P28D"),
        policy(timeBeforeExpiry="P30D"),
        policy("P56D", timeBeforeExpiry="P29D"),
        policy("P56D", timeBeforeExpiry="P28D", timeAfterCreate="P28D"),
        policy("P56D"),
        policy("P56D", kind="Notify", timeBeforeExpiry="P28D"),
        policy("P56D", kind="explode", timeBeforeExpiry="P28D"),
        {"lifetimeActions": [1]},
        {"lifetimeActions": {}},
        {"lifetimeActions": policy(timeAfterCreate="P28D")["lifetimeActions"] * 2},
        {"attributes": {"expiryTime": 90}},
    ],
)
def test_a_policy_that_asks_too_much_is_refused(hsm: Hsm, body: dict[str, Any]) -> None:
    hsm.create("key", kty="oct-HSM")
    assert hsm.call("PUT", "/keys/key/rotationpolicy", body).code == "BadParameter"
    assert hsm.ok("GET", "/keys/key/rotationpolicy")["attributes"] == {}


@pytest.mark.parametrize("text", ["P28D", "P1M", "P1Y10D", "P4W", "PT672H", "P2M"])
def test_twenty_eight_days_in_any_spelling_are_enough(hsm: Hsm, text: str) -> None:
    hsm.create("key", kty="oct-HSM")
    assert hsm.call("PUT", "/keys/key/rotationpolicy", policy(timeAfterCreate=text)).status == 200


@given(moment=st.integers(0, 2**31 - 1), days=st.integers(0, 10_000), months=st.integers(0, 600))
def test_durations_go_forth_and_in_days_back_again(moment: int, days: int, months: int) -> None:
    span = duration(f"P{days}D")
    assert span.after(moment) == moment + days * DAY
    assert span.before(span.after(moment)) == moment
    later = duration(f"P{months}M").after(moment)
    assert 28 * months * DAY <= later - moment <= 31 * months * DAY
