from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.store import Store

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(":memory:")
    yield opened
    opened.close()


@given(keys=st.sets(TEXT), prefix=TEXT, after=TEXT)
def test_a_scan_yields_the_keys_of_the_prefix_in_order(keys: set[str], prefix: str, after: str) -> None:
    store = Store(":memory:")
    for key in keys:
        store.put("c", key, {"key": key})
    found = [key for key, _ in store.scan("c", prefix, after)]
    store.close()
    wanted = [key for key in keys if key.startswith(prefix) and key.encode() > after.encode()]
    assert found == sorted(wanted, key=str.encode)


def test_a_document_is_a_copy(store: Store) -> None:
    document = {"tags": ["a"]}
    store.put("c", "k", document)
    document["tags"].append("b")
    assert store.get("c", "k") == {"tags": ["a"]}


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.transaction():
            store.put("c", "k", {})
            with store.transaction():
                store.put("c", "l", {})
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    assert store.scan("c") == []


def test_a_snapshot_does_not_follow_later_writes(store: Store) -> None:
    store.put("c", "k", {"version": 1})
    before = store.snapshot()
    store.put("c", "k", {"version": 2})
    assert before.get("c", "k") == {"version": 1}


def test_only_writes_count_as_changes(store: Store) -> None:
    store.put("c", "k", {})
    changes = store.changes
    store.get("c", "k")
    store.delete("c", "none")
    assert store.changes == changes
    store.delete("c", "k")
    assert store.changes > changes


def test_counting_takes_all_collections_of_a_prefix(store: Store) -> None:
    for collection in ("arm.a", "arm.b", "entra.a"):
        store.put(collection, "k", {})
    assert store.count("arm.") == 2


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = Store(tmp_path / "state.sqlite")
    first.put("c", "k", {"a": 1})
    second = Store(tmp_path / "state.sqlite")
    assert second.get("c", "k") == {"a": 1}
    first.close()
    second.close()
