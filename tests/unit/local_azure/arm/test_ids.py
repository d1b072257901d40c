"""Resource ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.arm import ids

names = st.just("providers") | st.text(
    st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=10
)
kinds = names.filter(lambda text: text.lower() != "providers")


def test_an_id_tells_its_type_its_name_its_parent_and_its_group() -> None:
    found = ids.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n")
    assert found is not None
    assert found.type == "Microsoft.Network/virtualNetworks/subnets"
    assert (found.name, found.group, found.subscription) == ("n", "g", "s")
    assert found.parent == "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"


def test_the_last_provider_counts_for_an_extension() -> None:
    vault = "/subscriptions/s/providers/Microsoft.KeyVault/vaults/v"
    found = ids.parse(f"{vault}/providers/Microsoft.Authorization/locks/l")
    assert found is not None
    assert (found.scope, found.type) == (vault, "Microsoft.Authorization/locks")


def test_a_type_without_a_name_is_a_collection() -> None:
    found = ids.parse("/subscriptions/s/providers/Microsoft.KeyVault/managedHSMs")
    assert found is not None
    assert found.is_collection


@pytest.mark.parametrize("path", ["/", "/subscriptions/s", "/subscriptions/s/resourceGroups/g", "/providers"])
def test_what_names_no_provider_is_no_resource(path: str) -> None:
    assert ids.parse(path) is None


def test_groups_and_subscriptions_have_types_too() -> None:
    assert ids.type_of("/subscriptions/s/resourcegroups/g") == ids.GROUP_TYPE
    assert ids.type_of("/subscriptions/s") == ids.SUBSCRIPTION_TYPE
    with pytest.raises(ValueError, match="not a resource id"):
        ids.type_of("/nonsense")


def test_a_scope_that_only_begins_like_another_does_not_lie_in_it() -> None:
    assert ids.within("/subscriptions/s/resourceGroups/ab", "/subscriptions/s")
    assert not ids.within("/subscriptions/s/resourceGroups/ab", "/subscriptions/s/resourceGroups/a")
    assert ids.within("/subscriptions/s", "/")


@given(st.lists(st.tuples(kinds, names), min_size=1, max_size=3), kinds)
def test_an_id_is_written_as_it_was_read(pairs: list[tuple[str, str]], namespace: str) -> None:
    path = f"/subscriptions/s/providers/{namespace}" + "".join(f"/{kind}/{name}" for kind, name in pairs)
    assert str(ids.parse(path)) == path
