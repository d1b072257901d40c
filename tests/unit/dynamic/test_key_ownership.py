"""Keys of stacks that share a pool, and keys that a service encrypts with: the provider against a local Azure."""

from __future__ import annotations

from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient

from data_plane import role_assignments, session
from data_plane.built_in_roles import guid_of, role_definition_id
from data_plane.customer_managed_keys import ROLE
from data_plane.errors import ConflictError
from data_plane.ownership import OWNER_TAG
from data_plane.pool import Pool
from data_plane.role_assignments import Assignment
from dynamic.key import KeyProvider
from tests.support import Azure
from tests.unit.data_plane.support import pool_props
from tests.unit.dynamic.keys_support import Managed

pytestmark = pytest.mark.daemon

PROVIDER = KeyProvider()
SERVICE = "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"


def wanted(pool: Pool, owner: str | None, name: str = "wrapping", **more: Any) -> dict[str, Any]:
    tags = {} if owner is None else {OWNER_TAG: owner}
    inputs = {**pool_props(pool), "key_name": name, "key_type": "RSA-HSM", "size": 2048, "tags": tags, **more}
    checked = PROVIDER.check({}, inputs)
    assert checked.failures == []
    return checked.inputs


def keys_of(pool: Pool) -> KeyClient:
    return KeyClient(pool.uri, DefaultAzureCredential())


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ("payments", "fraud", "the owner payments (tag managed-by-stack) instead of fraud"),
        ("payments", None, "the owner payments (tag managed-by-stack) instead of nobody"),
        (None, "payments", "the owner nobody (tag managed-by-stack) instead of payments"),
    ],
)
def test_a_stack_adopts_no_key_of_another(usable_pool: Pool, first: str | None, second: str | None, line: str) -> None:
    PROVIDER.create(wanted(usable_pool, first))
    with pytest.raises(ConflictError) as caught:
        PROVIDER.create(wanted(usable_pool, second))
    assert line in str(caught.value)
    assert (keys_of(usable_pool).get_key("wrapping").properties.tags or {}).get(OWNER_TAG) == first


def test_it_recovers_none_either(usable_pool: Pool) -> None:
    PROVIDER.create(wanted(usable_pool, "payments"))
    keys_of(usable_pool).begin_delete_key("wrapping").wait()
    with pytest.raises(ConflictError, match="the owner payments"):
        PROVIDER.create(wanted(usable_pool, "fraud"))
    assert keys_of(usable_pool).get_deleted_key("wrapping").name == "wrapping"


def test_the_same_stack_finds_its_own_key_again(usable_pool: Pool) -> None:
    first = PROVIDER.create(wanted(usable_pool, "payments"))
    again = PROVIDER.create(wanted(usable_pool, "payments"))
    assert first.outs is not None
    assert again.outs is not None
    assert again.outs["version"] == first.outs["version"]


def test_a_key_that_was_handed_to_another_stack_is_not_deleted(
    usable_pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    made = PROVIDER.create(wanted(usable_pool, "payments"))
    assert made.outs is not None
    keys_of(usable_pool).update_key_properties("wrapping", tags={OWNER_TAG: "fraud"})
    PROVIDER.delete(made.id, made.outs)
    assert keys_of(usable_pool).get_key("wrapping").properties.enabled
    assert "key wrapping stays" in capsys.readouterr().out


@pytest.mark.parametrize(("mark", "owner"), [({OWNER_TAG: "fraud"}, "fraud"), ({}, "nobody")])
def test_a_key_that_another_stack_made_under_the_name_is_not_changed(
    usable_pool: Pool, mark: dict[str, str], owner: str
) -> None:
    key = Managed(usable_pool)
    key.up(tags={OWNER_TAG: "payments"})
    key.client.begin_delete_key("mykey")
    key.client.purge_deleted_key("mykey")
    key.client.create_ec_key("mykey", curve="P-256", hardware_protected=True, tags=mark)
    assert key.refresh()[0].startswith("another key has the name")
    with pytest.raises(ConflictError, match=f"it has the owner {owner} .* another stack's now — take it out"):
        key.up(tags={OWNER_TAG: "payments"})
    assert (key.client.get_key("mykey").properties.tags or {}) == mark


def test_a_mark_that_was_taken_off_by_hand_is_put_back(usable_pool: Pool) -> None:
    key = Managed(usable_pool)
    key.up(tags={OWNER_TAG: "payments"})
    key.client.update_key_properties("mykey", tags={})
    assert key.refresh() == [f"tags: none instead of {OWNER_TAG}: payments"]
    key.up(tags={OWNER_TAG: "payments"})
    assert key.client.get_key("mykey").properties.tags == {OWNER_TAG: "payments"}


def grant(pool: Pool) -> Assignment:
    guid = guid_of(ROLE)
    assert guid is not None
    name = role_assignments.assignment_name(pool.id, pool.created_at, guid, SERVICE, "/keys/wrapping")
    given = Assignment(name, role_definition_id(guid), SERVICE, "/keys/wrapping")
    return role_assignments.ensure(session.current(), pool.uri, given)


def test_a_key_that_a_service_encrypts_with_is_not_deleted(usable_pool: Pool) -> None:
    made = PROVIDER.create(wanted(usable_pool, None))
    assert made.outs is not None
    given = grant(usable_pool)
    with pytest.raises(ConflictError) as caught:
        PROVIDER.delete(made.id, made.outs)
    assert f"key wrapping: {SERVICE} may encrypt with it" in str(caught.value)
    assert keys_of(usable_pool).get_key("wrapping").properties.enabled
    role_assignments.delete(session.current(), usable_pool.uri, given.scope, given.name)
    PROVIDER.delete(made.id, made.outs)
    assert [key.name for key in keys_of(usable_pool).list_properties_of_keys()] == []


def test_without_the_right_to_look_the_deletion_says_so(
    usable_pool: Pool, signed_in: Azure, capsys: pytest.CaptureFixture[str]
) -> None:
    made = PROVIDER.create(wanted(usable_pool, None))
    assert made.outs is not None
    signed_in.control.add_fault("status", method="GET", path="roleAssignments", status=403, code="Forbidden")
    PROVIDER.delete(made.id, made.outs)
    assert "whether a service encrypts with it could not be seen" in capsys.readouterr().out
