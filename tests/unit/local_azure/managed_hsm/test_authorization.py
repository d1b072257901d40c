from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import built_in_roles as roles
from local_azure.managed_hsm.built_in_roles import ACTION_PREFIX, BUILT_IN_ROLES, DATA_ACTIONS
from local_azure.managed_hsm.pools import ACTIVE
from local_azure.managed_hsm.scopes import covers, of_path
from tests.unit.local_azure.managed_hsm.support import Client, make_pool

ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
USER, GROUP = directory.USER_OBJECT_ID, directory.GROUP_OBJECT_ID


@pytest.fixture
def administrator(world: World) -> Client:
    make_pool(world, activation_status=ACTIVE)
    return Client(world)


@pytest.fixture
def user(administrator: Client) -> Client:
    return administrator.acting_as(USER)


def test_who_has_no_role_is_refused_in_the_service_s_words(user: Client) -> None:
    answer = user.send("GET", ASSIGNMENTS)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message.startswith(f"Not authorized to access {ACTION_PREFIX}/roleAssignments/read/action on / (")


def test_an_initial_administrator_manages_roles_but_uses_no_key(administrator: Client) -> None:
    assert administrator.send("GET", ASSIGNMENTS).status == 200
    answer = administrator.send("GET", "/keys")
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_role_given_to_a_group_is_its_members(administrator: Client, user: Client) -> None:
    assert administrator.assign(roles.CRYPTO_AUDITOR, GROUP).status == 201
    assert user.send("GET", ASSIGNMENTS).status == 200


def test_a_role_at_keys_holds_at_every_key_but_not_at_the_root(administrator: Client, user: Client) -> None:
    administrator.assign(roles.CRYPTO_AUDITOR, USER, "/keys")
    assert user.send("GET", "/keys" + ASSIGNMENTS).status == 200
    assert user.send("GET", "/keys/one" + ASSIGNMENTS).status == 200
    assert user.send("GET", ASSIGNMENTS).status == 403


def test_a_role_at_one_key_holds_there_only(administrator: Client, user: Client) -> None:
    administrator.assign(roles.CRYPTO_AUDITOR, USER, "/keys/one")
    assert user.send("GET", "/keys/one" + ASSIGNMENTS).status == 200
    assert user.send("GET", "/keys/One" + ASSIGNMENTS).status == 200
    assert user.send("GET", "/keys/onemore" + ASSIGNMENTS).status == 403
    assert user.send("GET", "/keys" + ASSIGNMENTS).status == 403


def test_a_crypto_officer_can_make_itself_administrator(administrator: Client, user: Client) -> None:
    administrator.assign(roles.CRYPTO_OFFICER, USER)
    assert user.send("GET", "/securitydomain/upload").status == 403
    assert user.assign(roles.ADMINISTRATOR, USER).status == 201
    assert user.send("GET", "/securitydomain/download/pending").status == 404


def test_who_may_assign_at_one_key_may_not_assign_above(administrator: Client, user: Client) -> None:
    administrator.assign(roles.POLICY_ADMINISTRATOR, USER, "/keys/one")
    assert user.assign(roles.CRYPTO_USER, USER, "/keys/one").status == 201
    assert user.assign(roles.CRYPTO_USER, USER, "/keys").status == 403


def test_a_new_assignment_takes_a_moment_to_spread_where_latency_is_played(administrator: Client, user: Client) -> None:
    world = administrator.world
    world.latency.set_scale(1.0)
    assert administrator.assign(roles.CRYPTO_AUDITOR, USER).status == 201
    assert user.send("GET", ASSIGNMENTS).status == 403
    world.clock.move(timedelta(seconds=world.latency.seconds("role_assignment.propagate") + 1))
    assert user.send("GET", ASSIGNMENTS).status == 200


def test_a_role_that_was_taken_away_holds_no_more(administrator: Client, user: Client) -> None:
    name = administrator.assign(roles.CRYPTO_AUDITOR, USER).json["name"]
    assert administrator.send("DELETE", f"{ASSIGNMENTS}/{name}").status == 200
    assert user.send("GET", ASSIGNMENTS).status == 403


def test_what_a_custom_role_takes_away_again_it_does_not_give(administrator: Client, user: Client) -> None:
    name = "c1d2e3f4-0000-4000-8000-000000000001"
    read = f"{ACTION_PREFIX}/roleAssignments/read/action"
    definitions = f"{ACTION_PREFIX}/roleDefinitions/read/action"
    permission = {"dataActions": [read, definitions], "notDataActions": [read]}
    administrator.send(
        "PUT",
        f"/providers/Microsoft.Authorization/roleDefinitions/{name}",
        {"properties": {"roleName": "Reader of definitions", "permissions": [permission]}},
    )
    administrator.assign(name, USER)
    assert user.send("GET", "/providers/Microsoft.Authorization/roleDefinitions").status == 200
    assert user.send("GET", ASSIGNMENTS).status == 403


def test_separation_of_duties_is_as_published() -> None:
    keys = {role.role_name: set(role.data_actions) for role in BUILT_IN_ROLES}
    key_uses = {action for action in DATA_ACTIONS if "/keys/" in action}
    assert not keys["Managed HSM Administrator"] & key_uses
    assert f"{ACTION_PREFIX}/keys/create" not in keys["Managed HSM Crypto Officer"]
    assert f"{ACTION_PREFIX}/keys/deletedKeys/delete" not in keys["Managed HSM Crypto User"]
    assert f"{ACTION_PREFIX}/rng/action" in keys["Managed HSM Crypto User"]
    assert keys["Managed HSM ARM User"] == set()


_scopes = st.one_of(
    st.sampled_from(["/", "/keys"]),
    st.from_regex(r"[0-9A-Za-z-]{1,6}", fullmatch=True).map(lambda name: f"/keys/{name}"),
)


@given(_scopes, _scopes, _scopes)
def test_scopes_lie_within_each_other_like_folders(one: str, two: str, three: str) -> None:
    assert covers(one, one)
    assert covers("/", one)
    if covers(one, two) and covers(two, three):
        assert covers(one, three)
    if covers(one, two) and covers(two, one):
        assert one.lower() == two.lower()


@given(_scopes, st.integers(min_value=1, max_value=4))
def test_a_scope_is_read_from_the_path_however_many_slashes_there_are(scope: str, slashes: int) -> None:
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/x".replace("/", "/" * slashes)
    assert of_path(path) == scope
