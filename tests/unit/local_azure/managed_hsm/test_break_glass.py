"""The emergency that the runbook's section 8 is for: nobody administers the pool any more."""

from __future__ import annotations

import pytest

from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.managed_hsm import built_in_roles as roles
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.managed_hsm.support import Client, make_pool, token

ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"


@pytest.fixture
def emergency(world: World) -> Client:
    """A Global Administrator at a pool whose only administrators are a group without members."""
    empty = "77d9c2e5-4a1b-4f60-8c3d-9e05b7a2f618"
    directory.put_principal(world, directory.Principal(empty, "Group", "HSM Administrators"))
    make_pool(world, activation_status=ACTIVE)
    client = Client(world, object_id=directory.BREAK_GLASS_OBJECT_ID)
    administrator = client.acting_as(directory.DEPLOYER_OBJECT_ID)
    assert administrator.assign(roles.ADMINISTRATOR, empty).status == 201
    for each in administrator.send("GET", ASSIGNMENTS).json["value"]:
        if each["properties"]["principalId"] == directory.DEPLOYER_OBJECT_ID:
            assert administrator.send("DELETE", f"{ASSIGNMENTS}/{each['name']}").status == 200
    assert administrator.send("GET", ASSIGNMENTS).status == 403
    return client


def test_a_token_of_a_global_administrator_says_so(world: World) -> None:
    claims = tokens.verify(world, token(world, directory.BREAK_GLASS_OBJECT_ID), ["https://managedhsm.azure.net"])
    assert claims.raw["wids"] == [directory.GLOBAL_ADMINISTRATOR]
    deployer = tokens.verify(world, token(world), ["https://managedhsm.azure.net"])
    assert "wids" not in deployer.raw


def test_a_global_administrator_makes_somebody_administrator_again(emergency: Client) -> None:
    rescued = emergency.acting_as(directory.USER_OBJECT_ID)
    assert rescued.send("GET", ASSIGNMENTS).status == 403
    assert emergency.assign(roles.ADMINISTRATOR, directory.USER_OBJECT_ID).status == 201
    assert rescued.assign(roles.CRYPTO_USER, directory.USER_OBJECT_ID, "/keys").status == 201


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (roles.CRYPTO_USER, "/"),
        (roles.CRYPTO_OFFICER, "/keys"),
        (roles.POLICY_ADMINISTRATOR, "/"),
        (roles.ADMINISTRATOR, "/keys"),
        (roles.ADMINISTRATOR, "/keys/one"),
    ],
)
def test_a_global_administrator_gives_no_other_role_and_at_no_other_place(
    emergency: Client, role: str, scope: str
) -> None:
    answer = emergency.assign(role, directory.BREAK_GLASS_OBJECT_ID, scope)
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_global_administrator_sees_roles_and_nothing_else(emergency: Client) -> None:
    assert emergency.send("GET", ASSIGNMENTS).status == 200
    assert emergency.send("GET", DEFINITIONS).status == 200
    for method, path in (
        ("GET", "/keys"),
        ("POST", "/backup"),
        ("GET", "/settings"),
        ("GET", "/securitydomain/upload"),
    ):
        assert emergency.send(method, path).status == 403
    (only,) = emergency.send("GET", ASSIGNMENTS).json["value"]
    assert emergency.send("DELETE", f"{ASSIGNMENTS}/{only['name']}").status == 403


def test_with_a_role_of_its_own_it_gives_what_that_role_gives(emergency: Client) -> None:
    assert emergency.assign(roles.ADMINISTRATOR, directory.BREAK_GLASS_OBJECT_ID).status == 201
    assert emergency.assign(roles.CRYPTO_USER, directory.USER_OBJECT_ID, "/keys/one").status == 201


def test_somebody_else_s_word_for_it_counts_for_nothing(world: World) -> None:
    make_pool(world, activation_status=ACTIVE)
    stranger = Client(world, object_id=directory.USER_OBJECT_ID)
    assert stranger.assign(roles.ADMINISTRATOR, directory.USER_OBJECT_ID).status == 403
