"""The provider's methods against a local Azure, and the guard of the last Administrator."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from data_plane import exclusive_access, role_assignments, session
from data_plane.built_in_roles import ADMINISTRATOR, BUILT_IN_ROLES, role_definition_id
from data_plane.pool import Pool
from data_plane.role_assignments import LastAdministratorError, OwnRightsError
from dynamic.exclusive_access import ExclusiveAccessProvider
from dynamic.role_assignment import RoleAssignmentProvider
from local_azure.entra.directory import DEPLOYER_OBJECT_ID, GROUP_OBJECT_ID, USER_OBJECT_ID
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, pool_props

pytestmark = pytest.mark.daemon

PROVIDER = ExclusiveAccessProvider()


def props(pool: Pool, **changes: Any) -> dict[str, Any]:
    given = {
        "declared": [{"role": ADMINISTRATOR, "principal_id": DEPLOYER_OBJECT_ID, "scope": "/"}],
        "deployer_id": DEPLOYER_OBJECT_ID,
        "everywhere": True,
        "keys": [],
        "leave": [],
        "revoke": {},
    }
    return {**pool_props(pool), **given, "__provider": "x", **changes}


def by_hand(pool: Pool, role: str, who: str, scope: str) -> str:
    definition = role_definition_id(BUILT_IN_ROLES[f"Managed HSM {role}"])
    access = session.current().access(pool.uri)
    return str(access.create_role_assignment(scope, definition, who, name=str(uuid.uuid4())).name)


def names(pool: Pool, *scopes: str) -> set[str]:
    return {
        each.name
        for scope in scopes
        for each in role_assignments.at_scope(session.current(), pool.uri, scope)
        if each.principal_id != DEPLOYER_OBJECT_ID
    }


def test_a_refresh_tells_others_assignments_in_words_and_an_update_takes_away_what_it_is_told_to(
    usable_pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    session.current().keys(usable_pool.uri).create_rsa_key("one", size=2048, hardware_protected=True)
    first = by_hand(usable_pool, "Crypto User", USER_OBJECT_ID, "/keys/one")
    second = by_hand(usable_pool, "Crypto Auditor", GROUP_OBJECT_ID, "/")
    declared = [
        *props(usable_pool)["declared"],
        *(
            {"role": f"Managed HSM Crypto {each}", "principal_id": DEPLOYER_OBJECT_ID, "scope": "/keys"}
            for each in ("User", "Officer")
        ),
    ]
    made = PROVIDER.create(props(usable_pool, declared=declared))
    assert made.outs is not None
    seen = PROVIDER.read(made.id, made.outs)
    assert seen.outs is not None
    assert seen.outs["others"] == {
        first: "Managed HSM Crypto User of user kim.akers@contoso.com at /keys/one",
        second: "Managed HSM Crypto Auditor of group HSM Operators at /",
    }
    assert "not in the configuration: Managed HSM Crypto User of user kim" in capsys.readouterr().out
    news = props(usable_pool, declared=declared, revoke={first: "in words"})
    assert PROVIDER.diff(made.id, seen.outs, news).changes
    changed = PROVIDER.update(made.id, seen.outs, news)
    assert changed.outs is not None
    assert names(usable_pool, "/", "/keys", "/keys/one") == {second}
    assert not PROVIDER.diff(made.id, changed.outs, props(usable_pool, declared=declared)).changes


def test_the_order_of_declared_assignments_and_of_their_fields_is_no_change() -> None:
    fields = {"role": "R", "principal_id": "p", "scope": "/", "ensured": True}
    declared = [fields, {**fields, "scope": "/keys"}]
    olds = {"declared": declared, "deployer_id": "d", "everywhere": True}
    turned = [dict(reversed(each.items())) for each in reversed(declared)]
    assert not PROVIDER.diff("x", olds, {**olds, "declared": turned, "revoke": {}}).changes
    assert PROVIDER.diff("x", olds, {**olds, "declared": turned[:1]}).changes


def test_what_has_to_stay_by_now_stays_though_it_was_previewed(
    active_pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    [own] = [each.name for each in role_assignments.at_scope(session.current(), active_pool.uri, "/")]
    wanted = props(active_pool, declared=[], revoke={own: "Administrator of the deployer"})
    PROVIDER.create(wanted)
    assert [each.name for each in role_assignments.at_scope(session.current(), active_pool.uri, "/")] == [own]
    assert "not revoked: Managed HSM Administrator of" in capsys.readouterr().out


def test_who_may_not_list_keys_is_told_that_they_were_not_looked_at(active_pool: Pool) -> None:
    rule = exclusive_access.Rule((), DEPLOYER_OBJECT_ID, everywhere=True)
    present = exclusive_access.look(session.current(), active_pool.uri, rule)
    assert [each.split(":")[0] for each in present.gaps] == [
        "whoever deploys may not list keys",
        "whoever deploys may not list deleted keys",
    ]


def test_names_are_ids_where_the_directory_may_not_be_read(active_pool: Pool, signed_in: Azure) -> None:
    name = by_hand(active_pool, "Crypto Auditor", GROUP_OBJECT_ID, "/")
    signed_in.control.add_fault("status", path="/v1.0/directoryObjects", status=403, count=None)
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    seen = PROVIDER.read(made.id, made.outs)
    assert seen.outs is not None
    assert seen.outs["others"] == {name: f"Managed HSM Crypto Auditor of {GROUP_OBJECT_ID} at /"}


def test_when_the_pool_is_gone_so_is_the_rule(active_pool: Pool) -> None:
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    delete_pool()
    assert PROVIDER.read(made.id, made.outs).outs == {}


def test_a_stack_does_not_take_the_last_administrator_away(active_pool: Pool) -> None:
    wanted = {**pool_props(active_pool), "role": ADMINISTRATOR, "scope": "/"}
    own = RoleAssignmentProvider().create({**wanted, "principal_id": DEPLOYER_OBJECT_ID})
    assert own.outs is not None
    with pytest.raises(
        LastAdministratorError, match=r"is the last Administrator, and stays: .* make another one first"
    ):
        RoleAssignmentProvider().delete(own.id, own.outs)
    second = RoleAssignmentProvider().create({**wanted, "principal_id": GROUP_OBJECT_ID})
    assert second.outs is not None
    RoleAssignmentProvider().delete(second.id, second.outs)


def test_an_up_does_not_take_away_what_it_gives_roles_by(active_pool: Pool) -> None:
    wanted = {**pool_props(active_pool), "role": ADMINISTRATOR, "scope": "/"}
    own = RoleAssignmentProvider().create({**wanted, "principal_id": DEPLOYER_OBJECT_ID})
    RoleAssignmentProvider().create({**wanted, "principal_id": GROUP_OBJECT_ID})
    assert own.outs is not None
    with pytest.raises(
        OwnRightsError, match="in this very run, and stays — give it up last of all, by python -m access"
    ):
        RoleAssignmentProvider().delete(own.id, own.outs)
    by_hand(active_pool, "Policy Administrator", DEPLOYER_OBJECT_ID, "/")
    RoleAssignmentProvider().delete(own.id, own.outs)
