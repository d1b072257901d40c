"""The provider's methods against a local Azure."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.keyvault.administration import KeyVaultPermission

from data_plane import role_definitions, session
from data_plane.built_in_roles import role_definition_id
from data_plane.data_actions import BUILT_IN_DATA_ACTIONS, DATA_ACTIONS, full
from data_plane.errors import RequestError
from data_plane.pool import Pool
from data_plane.role_definitions import SameNameError, StillAssignedError
from dynamic.role_assignment import RoleAssignmentProvider
from dynamic.role_definition import RoleDefinitionProvider
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, pool_props, recover_pool

pytestmark = pytest.mark.daemon

PROVIDER = RoleDefinitionProvider()
PRINCIPAL = "11111111-2222-3333-4444-555555555555"
READ, SIGN, VERIFY = (full(f"keys/{each}/action") for each in ("read", "sign", "verify"))


def props(pool: Pool, **changes: Any) -> dict[str, Any]:
    given = {"role_name": "Signer", "description": "Signs.", "data_actions": [READ, SIGN], "not_data_actions": []}
    return {**pool_props(pool), **given, "__provider": "x", **changes}


def present(pool: Pool) -> dict[str, role_definitions.Definition]:
    return {each.role_name: each for each in role_definitions.every(session.current(), pool.uri) if each.custom}


def by_hand(pool: Pool, *permissions: KeyVaultPermission, name: str | None = None) -> str:
    """Somebody's own role, called and described as the one above."""
    made = (
        session.current()
        .access(pool.uri)
        .set_role_definition(
            "/",
            name=name or str(uuid.uuid4()),
            role_name="Signer",
            description="Signs.",
            permissions=list(permissions) or [permits(SIGN, READ)],
        )
    )
    return str(made.name)


def permits(*actions: str, but: tuple[str, ...] = ()) -> KeyVaultPermission:
    return KeyVaultPermission(data_actions=list(actions), not_data_actions=list(but))


def test_a_role_is_made_read_changed_in_place_and_deleted(active_pool: Pool) -> None:
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    assert present(active_pool)["Signer"].permitted == {READ, SIGN}
    assert PROVIDER.read(made.id, made.outs).outs == made.outs
    news = props(active_pool, data_actions=[READ, SIGN, VERIFY], not_data_actions=[SIGN], description="Verifies.")
    difference = PROVIDER.diff(made.id, made.outs, news)
    assert (difference.changes, difference.replaces) == (True, [])
    changed = PROVIDER.update(made.id, made.outs, news)
    assert changed.outs is not None
    [(_, found)] = present(active_pool).items()
    assert (found.name, found.description) == (made.id, "Verifies.")
    assert found.permitted == {READ, VERIFY}
    PROVIDER.delete(made.id, changed.outs)
    assert present(active_pool) == {}
    PROVIDER.delete(made.id, changed.outs)
    assert PROVIDER.read(made.id, changed.outs).outs == {}


def test_its_guid_is_always_the_same_so_that_a_lost_answer_makes_no_second_one(
    active_pool: Pool, signed_in: Azure
) -> None:
    signed_in.control.add_fault("drop-after", method="PUT", path="roleDefinitions")
    first = PROVIDER.create(props(active_pool))
    assert PROVIDER.create(props(active_pool)).id == first.id
    assert len(present(active_pool)) == 1


def test_the_same_role_made_by_hand_is_adopted(active_pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    name = by_hand(active_pool)
    assert PROVIDER.create(props(active_pool)).id == name
    assert f"'Signer': exists as {name}; adopted" in capsys.readouterr().out


def test_another_role_of_the_name_is_refused_with_what_differs(active_pool: Pool) -> None:
    name = by_hand(active_pool, permits(SIGN, VERIFY))
    told = rf"role 'Signer' already \({name}\), which also permits keys/verify/action and does not permit keys/read/act"
    with pytest.raises(SameNameError, match=told):
        PROVIDER.create(props(active_pool))


def test_a_change_by_hand_is_read_as_it_is(active_pool: Pool) -> None:
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    by_hand(active_pool, permits(READ, SIGN, VERIFY), name=made.id)
    read = PROVIDER.read(made.id, made.outs)
    assert read.outs is not None
    assert read.outs["data_actions"] == [READ, SIGN, VERIFY]
    assert PROVIDER.diff(made.id, read.outs, props(active_pool)).changes


def test_several_permissions_are_read_as_what_is_left_of_them(active_pool: Pool) -> None:
    by_hand(active_pool, permits(READ, SIGN, but=(SIGN,)), permits(SIGN))
    assert present(active_pool)["Signer"].permitted == {READ, SIGN}


def test_an_assigned_role_stays_and_the_refusal_says_to_whom_it_is_assigned(active_pool: Pool) -> None:
    role = PROVIDER.create(props(active_pool))
    assert role.outs is not None
    wanted = {**pool_props(active_pool), "role": "Signer", "principal_id": PRINCIPAL, "scope": "/keys"}
    assignment = RoleAssignmentProvider().create(wanted)
    assert assignment.outs is not None
    assert assignment.outs["role_definition_id"] == role_definition_id(role.id)
    with pytest.raises(StillAssignedError, match=f"stays: it is assigned to {PRINCIPAL} at /keys — take these"):
        PROVIDER.delete(role.id, role.outs)
    RoleAssignmentProvider().delete(assignment.id, assignment.outs)
    PROVIDER.delete(role.id, role.outs)
    assert present(active_pool) == {}


def test_a_role_of_two_definitions_by_hand_is_not_guessed(active_pool: Pool) -> None:
    by_hand(active_pool)
    by_hand(active_pool, permits(VERIFY))
    wanted = {**pool_props(active_pool), "role": "Signer", "principal_id": PRINCIPAL, "scope": "/"}
    with pytest.raises(RequestError, match=r"2 roles are called 'Signer' \(.*\) — give the GUID"):
        RoleAssignmentProvider().create(wanted)


def test_a_recovered_pool_keeps_the_role_that_its_replacement_adopted(active_pool: Pool) -> None:
    first = PROVIDER.create(props(active_pool))
    assert first.outs is not None
    second = PROVIDER.create(props(recover_pool()))
    assert second.id == first.id
    PROVIDER.delete(first.id, first.outs)
    assert "Signer" in present(active_pool)


def test_when_the_pool_is_gone_so_is_the_role(active_pool: Pool) -> None:
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    delete_pool()
    PROVIDER.delete(made.id, made.outs)
    assert PROVIDER.read(made.id, made.outs).outs == {}


def test_what_is_no_data_action_is_told_before_anybody_is_asked() -> None:
    pool = {"hsm_id": "x", "hsm_uri": "https://x/", "hsm_created_at": "y"}
    [failure] = PROVIDER.check({}, {**pool, "role_name": "R", "data_actions": [READ, "keys/*"]}).failures
    assert (failure.property, failure.reason) == ("data_actions", "'keys/*' is no data action of a Managed HSM")


def test_the_order_of_data_actions_is_no_change() -> None:
    olds = {"role_name": "R", "data_actions": [READ, SIGN]}
    assert not PROVIDER.diff("x", olds, {"role_name": "R", "data_actions": [SIGN, READ]}).changes


def test_the_built_in_roles_permit_here_what_the_service_says(active_pool: Pool) -> None:
    found = {each.name: each.permitted for each in role_definitions.every(session.current(), active_pool.uri)}
    assert found
    assert {name: BUILT_IN_DATA_ACTIONS[name] for name in found} == found
    assert frozenset().union(*found.values()) == DATA_ACTIONS
