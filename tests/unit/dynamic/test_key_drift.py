"""What somebody did to a key by hand: a refresh sees it, the next preview says it, the next up puts it right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from azure.keyvault.keys import KeyClient

from data_plane.pool import Pool
from dynamic import drift
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool
from tests.unit.dynamic.keys_support import Managed

pytestmark = pytest.mark.daemon

ASKED = {"operations": ["sign", "verify"], "tags": {"owner": "pay"}, "expires": "2031-01-01T00:00:00Z"}


@pytest.fixture
def key(usable_pool: Pool) -> Managed:
    managed = Managed(usable_pool)
    managed.up(**ASKED)
    return managed


@pytest.mark.parametrize(
    ("hand", "sentence"),
    [
        (lambda keys: keys.update_key_properties("mykey", enabled=False), "enabled: no instead of yes"),
        (
            lambda keys: keys.update_key_properties("mykey", tags={"owner": "x"}),
            "tags: owner: x instead of owner: pay",
        ),
        (
            lambda keys: keys.update_key_properties("mykey", key_operations=["sign"]),
            "operations: sign instead of sign, verify",
        ),
        (
            lambda keys: keys.update_key_properties("mykey", expires_on=datetime(2030, 1, 1, tzinfo=UTC)),
            "expires 2030-01-01T00:00:00+00:00 instead of 2031-01-01T00:00:00Z",
        ),
    ],
)
def test_a_change_by_hand_is_said_in_words_and_put_right(
    key: Managed, hand: Callable[[KeyClient], object], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hand(key.client)
    assert key.refresh() == [sentence]
    assert key.preview(**ASKED).changes
    assert f"key mykey: changed outside of this stack: {sentence}\n" in capsys.readouterr().out
    # It stands in the inputs of the state, so that the engine shows it, too.
    assert key.inputs["drift"] == [sentence]
    key.up(**ASKED)
    assert key.refresh() == []
    assert not key.preview(**ASKED).changes


def test_what_nobody_changed_is_no_drift(key: Managed) -> None:
    assert key.refresh() == []
    assert "drift" not in key.inputs
    assert not key.preview(**ASKED).changes


def test_a_purged_key_is_told_of_and_another_made(key: Managed, capsys: pytest.CaptureFixture[str]) -> None:
    first = key.outs["version"]
    key.client.begin_delete_key("mykey")
    key.client.purge_deleted_key("mykey")
    sentence = "it was purged: what it protects is lost, and up makes another key of this name"
    assert key.refresh() == [sentence]
    key.preview(**ASKED)
    assert sentence in capsys.readouterr().out
    key.up(**ASKED)
    assert key.outs["version"] != first
    assert key.refresh() == []


def test_another_key_under_the_name_is_told_of(key: Managed) -> None:
    first = key.outs["version"]
    key.client.begin_delete_key("mykey")
    key.client.purge_deleted_key("mykey")
    key.client.create_ec_key("mykey", curve="P-384", hardware_protected=True)
    assert key.refresh()[0] == f"another key has the name: version {first}, which this stack knows, is not its"
    # Another curve is another key, and under the same name the run would end half way.
    assert any("curve P-384 → P-256 means another key" in reason for reason in key.failures(**ASKED))


def test_another_key_under_the_name_is_not_deleted_before_an_up_took_it_over(key: Managed) -> None:
    key.client.begin_delete_key("mykey")
    key.client.purge_deleted_key("mykey")
    other = key.client.create_ec_key("mykey", curve="P-256", hardware_protected=True).properties.version
    for _ in range(2):
        assert key.refresh()[0].startswith("another key has the name")
    key.provider.delete(key.id, key.outs)
    assert key.client.get_key("mykey").properties.version == other
    key.up(**ASKED)
    assert key.outs["versions"] == [other]
    assert key.refresh() == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/keys/mykey"), ("GET", "/deletedkeys/mykey"), ("POST", "/deletedkeys/mykey/recover")]
)
def test_a_busy_pool_is_waited_for_while_a_deleted_key_is_found_and_recovered(
    key: Managed, signed_in: Azure, method: str, path: str
) -> None:
    first = key.outs["version"]
    key.client.begin_delete_key("mykey")
    # More often than the client itself tries again.
    busy = {"status": 429, "code": "TooManyRequests", "retry_after_seconds": 0, "count": 8}
    signed_in.control.add_fault("status", method=method, path=path, **busy)
    assert key.refresh() == ["it was deleted; it can still be recovered, which up does"]
    key.up(**ASKED)
    assert key.client.get_key("mykey").properties.version == first


def test_who_may_not_read_deleted_keys_is_told_as_much_as_can_be_known(key: Managed, signed_in: Azure) -> None:
    key.client.begin_delete_key("mykey")
    signed_in.control.add_fault("status", status=403, code="Forbidden", path="/deletedkeys/mykey", method="GET")
    (sentence,) = key.refresh()
    assert sentence.startswith("it is gone, deleted or purged (who deploys may not read deleted keys)")


def test_a_key_that_is_gone_with_its_pool_is_gone(key: Managed) -> None:
    delete_pool()
    assert key.provider.read(key.id, key.outs).outs == {}


def test_a_key_that_was_seen_purged_can_leave_the_configuration(key: Managed) -> None:
    key.client.begin_delete_key("mykey")
    key.client.purge_deleted_key("mykey")
    key.refresh()
    key.provider.delete(key.id, key.outs)


def test_an_expiry_set_by_hand_where_none_is_configured_is_told_of(usable_pool: Pool) -> None:
    key = Managed(usable_pool)
    key.up()
    key.client.update_key_properties("mykey", expires_on=datetime(2030, 1, 1, tzinfo=UTC))
    (sentence,) = key.refresh()
    assert sentence == (
        "expires 2030-01-01T00:00:00+00:00 instead of never; only a new version (rotation.rotateNow) is without"
    )
    key.up(rotate_now="without")
    assert key.refresh() == []


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "yes"), (None, "none"), ({}, "none"), ([], "none"), ({"b": 1, "a": False}, "a: no, b: 1"), ("x", "x")],
)
def test_values_in_sentences(value: object, words: str) -> None:
    assert drift.shown(value) == words
