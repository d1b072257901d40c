from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.unit.local_azure.managed_hsm.keys.support import Hsm

POLICY = {"lifetimeActions": [{"action": {"type": "Rotate"}, "trigger": {"timeAfterCreate": "P28D"}}]}


def test_versions_that_are_made_at_once_are_all_kept(hsm: Hsm) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: hsm.create("key", kty="EC-HSM")["key"]["kid"][-32:], range(24)))
    assert sorted(hsm.names("/keys/key/versions")) == sorted(made)


def test_updates_at_once_lose_nothing_of_each_other(hsm: Hsm) -> None:
    versions = [hsm.create("key", kty="oct-HSM")["key"]["kid"][-32:] for _ in range(12)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: hsm.ok("PATCH", f"/keys/key/{name}", {"tags": {"v": name}}), versions))
    items = hsm.ok("GET", "/keys/key/versions")["value"]
    assert [item["tags"]["v"] for item in items] == versions


def test_a_due_rotation_that_many_notice_is_made_once(hsm: Hsm) -> None:
    hsm.create("key", kty="EC-HSM")
    hsm.ok("PUT", "/keys/key/rotationpolicy", POLICY)
    hsm.world.clock.move(timedelta(days=29))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: hsm.ok("GET", "/keys/key"), range(16)))
    assert len(hsm.names("/keys/key/versions")) == 2


def test_of_deletions_at_once_one_wins(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: hsm.call("DELETE", "/keys/key").status, range(8)))
    assert sorted(statuses) == [200] + [404] * 7
