from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_azure.managed_hsm.keys.rotation import new_version_name
from local_azure.managed_hsm.keys.state import Key, KeyStore, KeyVersion
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, b64, new_pool, unb64, version_of


def put_symmetric(hsm: Hsm, name: str) -> None:
    """A key without the cost of a request."""
    version = KeyVersion(
        version=new_version_name(),
        kty="oct-HSM",
        size=128,
        curve=None,
        public_exponent=65537,
        public={},
        secret="AAAAAAAAAAAAAAAAAAAAAA==",
        operations=["encrypt"],
        enabled=True,
        not_before=None,
        expires=None,
        created=1,
        updated=1,
        exportable=False,
        tags={},
        release_policy=None,
    )
    KeyStore(hsm.world, hsm.pool).put(Key(name, (version,)))


def test_an_unknown_key_or_version_is_not_found_by_its_url(hsm: Hsm) -> None:
    answer = hsm.call("GET", "/keys/none/")
    assert (answer.status, answer.code) == (404, "KeyNotFound")
    assert answer.message == "Key not found: https://az400popmhsm.managedhsm.azure.net/keys/none"
    hsm.create("key", kty="oct-HSM")
    assert hsm.call("GET", "/keys/key/" + "0" * 32).code == "KeyNotFound"


def test_versions_of_an_unknown_key_are_an_empty_list(hsm: Hsm) -> None:
    assert hsm.ok("GET", "/keys/none/versions") == {"value": []}


def test_a_list_shows_keys_without_versions_and_versions_with_them(hsm: Hsm) -> None:
    bundle = hsm.create("key", kty="oct-HSM", tags={"a": "b"})
    base = "https://az400popmhsm.managedhsm.azure.net/keys/key"
    assert hsm.ok("GET", "/keys") == {"value": [{"attributes": bundle["attributes"], "kid": base, "tags": {"a": "b"}}]}
    assert hsm.ok("GET", "/keys/key/versions")["value"][0]["kid"] == f"{base}/{version_of(bundle)}"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.from_regex(r"[0-9a-zA-Z-]{1,6}", fullmatch=True), unique_by=str.lower, max_size=40),
    page=st.integers(1, 25),
)
def test_pages_list_every_key_exactly_once(hsm: Hsm, names: list[str], page: int) -> None:
    fresh = Hsm(hsm.world, new_pool(hsm.world, "contosopages"))
    for name in names:
        put_symmetric(fresh, name)
    assert sorted(fresh.names("/keys", page)) == sorted(names)
    for name in names:
        fresh.ok("DELETE", f"/keys/{name}")
    assert sorted(fresh.names("/deletedkeys", page)) == sorted(names)
    assert fresh.names("/keys", page) == []


def test_a_key_made_or_deleted_between_two_pages_moves_no_other(hsm: Hsm) -> None:
    for name in ("b", "d", "f", "h"):
        put_symmetric(hsm, name)
    first = hsm.ok("GET", "/keys?maxresults=2")
    hsm.ok("DELETE", "/keys/d")
    put_symmetric(hsm, "a")
    put_symmetric(hsm, "g")
    second = hsm.ok("GET", first["nextLink"].split(".net")[1])
    assert [item["kid"][-1] for item in second["value"]] == ["f", "g"]


def test_a_thousand_keys_are_listed_fast(hsm: Hsm) -> None:
    with hsm.world.store.transaction():
        for number in range(1000):
            put_symmetric(hsm, f"key-{number:04}")
    begin = time.perf_counter()
    assert len(hsm.names("/keys")) == 1000
    assert time.perf_counter() - begin < 1


@pytest.mark.parametrize("query", ["maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=%21"])
def test_a_page_that_cannot_be_is_refused(hsm: Hsm, query: str) -> None:
    assert hsm.call("GET", f"/keys?{query}").code == "BadParameter"


def test_a_token_of_another_list_is_refused(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    assert hsm.call("GET", f"/keys/key/versions?$skiptoken={b64(b'elsewhere')}").code == "BadParameter"


def test_an_update_changes_what_it_names_and_nothing_else(hsm: Hsm) -> None:
    made = hsm.create("key", kty="RSA-HSM", tags={"a": "b"}, attributes={"nbf": 1})
    hsm.world.clock.move(timedelta(seconds=5))
    changed = hsm.ok("PATCH", "/keys/key/", {"key_ops": ["sign"], "attributes": {"exp": 2524723200}})
    assert changed["key"] == made["key"] | {"key_ops": ["sign"]}
    assert changed["tags"] == {"a": "b"}
    assert changed["attributes"]["updated"] >= made["attributes"]["updated"] + 5
    assert changed["attributes"] == made["attributes"] | {
        "exp": 2524723200,
        "updated": changed["attributes"]["updated"],
    }
    assert hsm.ok("GET", "/keys/key") == changed


def test_an_update_of_an_old_version_leaves_the_latest(hsm: Hsm) -> None:
    first, second = hsm.create("key", kty="oct-HSM"), hsm.create("key", kty="oct-HSM")
    hsm.ok("PATCH", f"/keys/key/{version_of(first)}", {"attributes": {"enabled": False}})
    assert hsm.ok("GET", "/keys/key") == second
    assert hsm.ok("GET", f"/keys/key/{version_of(first)}")["attributes"]["enabled"] is False


def test_tags_are_replaced_whole_and_can_be_cleared(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM", tags={"a": "b"})
    assert hsm.ok("PATCH", "/keys/key", {"tags": {"c": "d"}})["tags"] == {"c": "d"}
    assert "tags" not in hsm.ok("PATCH", "/keys/key", {"tags": {}})


def test_a_key_cannot_be_given_operations_of_another_type(hsm: Hsm) -> None:
    hsm.create("key", kty="EC-HSM")
    assert hsm.call("PATCH", "/keys/key", {"key_ops": ["encrypt"]}).code == "BadParameter"
    assert hsm.call("PATCH", "/keys/none", {}).code == "KeyNotFound"


POLICY = {"version": "1.0.0", "anyOf": [{"authority": "https://sharedeus.eus.attest.azure.net/",
          "allOf": [{"claim": "x-ms-sgx-is-debuggable", "equals": "false"}]}]}  # fmt: skip


def release_policy(policy: object, **more: object) -> dict[str, object]:
    return {"data": b64(json.dumps(policy).encode()), **more}


def test_a_release_policy_comes_back_as_sorted_json_without_spaces(hsm: Hsm) -> None:
    bundle = hsm.create("key", kty="EC-HSM", attributes={"exportable": True}, release_policy=release_policy(POLICY))
    policy = bundle["release_policy"]
    assert policy["contentType"] == "application/json; charset=utf-8"
    assert policy["immutable"] is False
    assert unb64(policy["data"]).decode() == json.dumps(POLICY, sort_keys=True, separators=(",", ":"))


def test_exportable_and_release_policy_go_together(hsm: Hsm) -> None:
    lonely = hsm.call("POST", "/keys/key/create", {"kty": "EC-HSM", "release_policy": release_policy(POLICY)})
    assert lonely.message == "Non-exportable keys must not have release policy"
    hsm.create("key", kty="EC-HSM")
    assert hsm.call("PATCH", "/keys/key", {"release_policy": release_policy(POLICY)}).code == "BadParameter"
    assert hsm.call("PATCH", "/keys/key", {"attributes": {"exportable": True}}).code == "BadParameter"


def test_an_immutable_release_policy_stays(hsm: Hsm) -> None:
    attributes = {"exportable": True}
    hsm.create("key", kty="EC-HSM", attributes=attributes, release_policy=release_policy(POLICY, immutable=True))
    other = json.loads(json.dumps(POLICY).replace('"false"', '"true"'))
    assert hsm.call("PATCH", "/keys/key", {"release_policy": release_policy(other)}).status == 403
    assert hsm.call("PATCH", "/keys/key", {"tags": {"a": "b"}}).status == 200


@pytest.mark.parametrize(
    "policy",
    [
        [],
        {},
        {"version": "1.0.0"},
        {"version": "9", "anyOf": POLICY["anyOf"]},
        {"version": "1.0.0", "anyOf": []},
        {"version": "1.0.0", "anyOf": [{"authority": "http://a", "allOf": [{"claim": "c", "equals": 1}]}]},
        {"version": "1.0.0", "anyOf": [{"authority": "https://a", "allOf": []}]},
        {"version": "1.0.0", "anyOf": [{"authority": "https://a"}]},
        {"version": "1.0.0", "anyOf": [{"authority": "https://a", "allOf": [{"claim": "c"}]}]},
    ],
)
def test_a_release_policy_out_of_grammar_is_refused(hsm: Hsm, policy: object) -> None:
    body = {"kty": "EC-HSM", "attributes": {"exportable": True}, "release_policy": release_policy(policy)}
    assert hsm.call("POST", "/keys/key/create", body).code == "BadParameter"
