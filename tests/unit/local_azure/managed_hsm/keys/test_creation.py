from __future__ import annotations

import re

import pytest

from tests.unit.local_azure.managed_hsm.keys.support import Hsm, unb64, version_of


def test_an_rsa_key_is_answered_as_the_live_service_answers_it(hsm: Hsm) -> None:
    now = hsm.world.clock.timestamp()
    bundle = hsm.create("myrsakey", kty="RSA-HSM", key_size=3072, key_ops=["wrapKey", "unwrapKey"])
    assert set(bundle) == {"attributes", "key"}
    assert set(bundle["attributes"]) == {
        "created", "enabled", "exportable", "recoverableDays", "recoveryLevel", "updated",
    }  # fmt: skip
    assert bundle["attributes"]["recoverableDays"] == 28
    assert bundle["attributes"]["recoveryLevel"] == "CustomizedRecoverable+Purgeable"
    assert bundle["attributes"]["exportable"] is False
    assert abs(bundle["attributes"]["created"] - now) < 60
    assert set(bundle["key"]) == {"e", "key_ops", "kid", "kty", "n"}
    assert bundle["key"]["e"] == "AQAB"
    assert len(unb64(bundle["key"]["n"])) == 384
    assert re.fullmatch(
        r"https://az400popmhsm\.managedhsm\.azure\.net/keys/myrsakey/[0-9a-f]{32}", bundle["key"]["kid"]
    )


@pytest.mark.parametrize(
    ("asked", "made", "operations"),
    [
        ("RSA", "RSA-HSM", {"wrapKey", "decrypt", "encrypt", "unwrapKey", "sign", "verify"}),
        ("EC", "EC-HSM", {"verify", "deriveKey", "sign"}),
        ("oct", "oct-HSM", {"deriveKey", "wrapKey", "verify", "sign", "unwrapKey", "encrypt", "decrypt"}),
    ],
)
def test_software_types_become_hardware_types_with_the_recorded_operations(
    hsm: Hsm, asked: str, made: str, operations: set[str]
) -> None:
    bundle = hsm.create("key", kty=asked)
    assert bundle["key"]["kty"] == made
    assert set(bundle["key"]["key_ops"]) == operations


@pytest.mark.parametrize(("curve", "length"), [("P-256", 32), ("P-384", 48), ("P-521", 66), ("P-256K", 32)])
def test_an_ec_key_is_a_point_on_its_curve(hsm: Hsm, curve: str, length: int) -> None:
    key = hsm.create("key", kty="EC-HSM", crv=curve)["key"]
    assert key["crv"] == curve
    assert len(unb64(key["x"])) == len(unb64(key["y"])) == length


@pytest.mark.parametrize("size", [128, 192, 256])
def test_a_symmetric_key_shows_its_size_and_nothing_else(hsm: Hsm, size: int) -> None:
    bundle = hsm.create("key", kty="oct-HSM", key_size=size)
    assert bundle["attributes"]["key_size"] == size
    assert set(bundle["key"]) == {"key_ops", "kid", "kty"}


def test_any_odd_public_exponent_is_taken(hsm: Hsm) -> None:
    assert unb64(hsm.create("key", kty="RSA-HSM", public_exponent=17)["key"]["e"]) == b"\x11"


def test_attributes_and_tags_are_kept(hsm: Hsm) -> None:
    bundle = hsm.create(
        "key", kty="EC-HSM", attributes={"enabled": False, "nbf": 1564536012, "exp": 1567128012}, tags={"a": "b"}
    )
    assert bundle["attributes"]["enabled"] is False
    assert (bundle["attributes"]["nbf"], bundle["attributes"]["exp"]) == (1564536012, 1567128012)
    assert bundle["tags"] == {"a": "b"}
    assert hsm.ok("GET", "/keys/key") == bundle


def test_a_second_create_makes_a_new_version_and_keeps_the_old(hsm: Hsm) -> None:
    first, second = hsm.create("key", kty="EC-HSM"), hsm.create("key", kty="oct-HSM", tags={"v": "2"})
    assert version_of(first) != version_of(second)
    assert hsm.ok("GET", "/keys/key/") == second
    assert hsm.ok("GET", f"/keys/key/{version_of(first)}") == first
    assert hsm.names("/keys/key/versions") == [version_of(first), version_of(second)]
    assert hsm.names("/keys") == ["key"]


def test_a_key_takes_a_hundred_versions_and_no_more(hsm: Hsm) -> None:
    for _ in range(100):
        hsm.create("key", kty="oct-HSM")
    answer = hsm.call("POST", "/keys/key/create", {"kty": "oct-HSM"})
    assert (answer.status, answer.code) == (400, "BadParameter")
    assert len(hsm.names("/keys/key/versions", 7)) == 100


def test_names_differ_by_more_than_case(hsm: Hsm) -> None:
    hsm.create("MyKey", kty="oct-HSM")
    hsm.create("mykey", kty="oct-HSM")
    assert hsm.names("/keys") == ["MyKey"]
    assert len(hsm.names("/keys/MYKEY/versions")) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kty": "DSA"},
        {"kty": 7},
        {"kty": "RSA-HSM", "key_size": 1024},
        {"kty": "RSA-HSM", "key_size": "2048"},
        {"kty": "RSA-HSM", "key_size": True},
        {"kty": "RSA-HSM", "crv": "P-256"},
        {"kty": "RSA-HSM", "public_exponent": 4},
        {"kty": "RSA-HSM", "public_exponent": 1},
        {"kty": "RSA-HSM", "key_ops": ["deriveKey"]},
        {"kty": "RSA-HSM", "key_ops": ["import", "encrypt"]},
        {"kty": "RSA-HSM", "key_ops": "encrypt"},
        {"kty": "RSA-HSM", "key_ops": [["encrypt"]]},
        {"kty": "EC-HSM", "crv": "P-255"},
        {"kty": "EC-HSM", "crv": "P-384", "key_size": 256},
        {"kty": "EC-HSM", "key_ops": ["encrypt"]},
        {"kty": "EC-HSM", "public_exponent": 3},
        {"kty": "oct-HSM", "key_size": 512},
        {"kty": "oct-HSM", "key_ops": ["import"]},
        {"kty": "oct-HSM", "tags": {"a": 1}},
        {"kty": "oct-HSM", "tags": {str(number): "x" for number in range(16)}},
        {"kty": "oct-HSM", "tags": {"a": "x" * 257}},
        {"kty": "oct-HSM", "attributes": {"exp": "2030-01-01"}},
        {"kty": "oct-HSM", "attributes": {"nbf": -1}},
        {"kty": "oct-HSM", "attributes": {"exp": 10**12}},
        {"kty": "oct-HSM", "attributes": {"exp": 1.5}},
        {"kty": "oct-HSM", "attributes": {"enabled": "yes"}},
        {"kty": "oct-HSM", "attributes": []},
        {"kty": "oct-HSM", "attributes": {"exportable": True}},
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_is_made(hsm: Hsm, body: dict[str, object]) -> None:
    answer = hsm.call("POST", "/keys/key/create", body)
    assert (answer.status, answer.code) == (400, "BadParameter")
    assert hsm.names("/keys") == []


@pytest.mark.parametrize("name", ["under_score", "dot.ted", "x" * 128, "ümlaut"])
def test_a_bad_name_is_refused(hsm: Hsm, name: str) -> None:
    assert hsm.call("POST", f"/keys/{name}/create", {"kty": "oct-HSM"}).status == 400


def test_keys_of_two_pools_are_apart(hsm: Hsm, other_hsm: object) -> None:
    hsm.create("key", kty="oct-HSM")
    assert callable(other_hsm)
    other = other_hsm("contosoother")
    assert other.call("GET", "/keys/key").code == "KeyNotFound"
    assert other.names("/keys") == []
