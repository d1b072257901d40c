from __future__ import annotations

import pytest

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import built_in_roles as roles
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.managed_hsm.support import Client, make_pool

PATH = "/providers/Microsoft.Authorization/roleAssignments"
USER = directory.USER_OBJECT_ID
NAME = "0b1c2d3e-0000-4000-8000-000000000001"
OTHER = "0b1c2d3e-0000-4000-8000-000000000002"


@pytest.fixture
def client(world: World) -> Client:
    make_pool(world, activation_status=ACTIVE)
    return Client(world)


def names(client: Client, path: str) -> set[tuple[str, str]]:
    found = client.send("GET", path)
    assert found.status == 200
    return {(each["properties"]["scope"], each["properties"]["principalId"]) for each in found.json["value"]}


def test_a_new_assignment_is_answered_as_recorded(client: Client) -> None:
    answer = client.assign(roles.CRYPTO_USER, USER, "/keys", NAME.upper())
    assert answer.status == 201
    assert answer.json == {
        "id": f"{PATH}/{NAME}",
        "name": NAME,
        "properties": {
            "principalId": USER,
            "roleDefinitionId": roles.ROLE_DEFINITION_PREFIX + roles.CRYPTO_USER,
            "scope": "/keys",
        },
        "type": "Microsoft.Authorization/roleAssignments",
    }
    assert client.send("GET", f"/keys{PATH}/{NAME}").json == answer.json
    assert client.send("GET", f"//{PATH}/{NAME}").json == answer.json


def test_the_same_grant_under_another_name_is_refused_with_the_name_of_the_first(client: Client) -> None:
    client.assign(roles.CRYPTO_USER, USER, "/keys/One", NAME)
    for name in (OTHER, NAME):
        answer = client.assign(roles.CRYPTO_USER, USER.upper(), "/keys/one", name)
        assert (answer.status, answer.code) == (400, "MatchingRoleAssignmentExists")
        assert NAME in answer.message
    assert client.assign(roles.CRYPTO_AUDITOR, USER, "/keys/one", OTHER).status == 201


def test_a_name_that_is_taken_stays_what_it_is(client: Client) -> None:
    client.assign(roles.CRYPTO_USER, USER, "/", NAME)
    answer = client.assign(roles.CRYPTO_AUDITOR, USER, "/", NAME)
    assert (answer.status, answer.code) == (409, "RoleAssignmentExists")
    assert client.send("GET", f"{PATH}/{NAME}").json["properties"]["roleDefinitionId"].endswith(roles.CRYPTO_USER)


def test_lists_at_the_root_and_at_keys_leave_out_those_at_single_keys(client: Client) -> None:
    deployer = directory.DEPLOYER_OBJECT_ID
    for scope in ("/", "/keys", "/keys/one", "/keys/two"):
        assert client.assign(roles.CRYPTO_USER, USER, scope).status == 201
    assert names(client, PATH) == {("/", deployer), ("/", USER), ("/keys", USER)}
    assert names(client, "/keys" + PATH) == {("/", deployer), ("/", USER), ("/keys", USER)}
    assert names(client, "/keys/one" + PATH) == {("/", deployer), ("/", USER), ("/keys", USER), ("/keys/one", USER)}


def test_filters(client: Client) -> None:
    client.assign(roles.CRYPTO_USER, USER, "/keys")
    assert names(client, f"{PATH}?api-version=7.5&$filter=atScope()") == {("/", directory.DEPLOYER_OBJECT_ID)}
    assert names(client, f"{PATH}?api-version=7.5&$filter=principalId eq '{USER}'") == {("/keys", USER)}
    assert names(client, f"{PATH}?api-version=7.5&$filter=principalId eq {USER}") == {("/keys", USER)}
    assert client.send("GET", f"{PATH}?api-version=7.5&$filter=nonsense").status == 400


def test_deleting_answers_what_was_deleted_and_404_afterwards(client: Client) -> None:
    made = client.assign(roles.CRYPTO_USER, USER, "/keys", NAME)
    assert client.send("DELETE", f"{PATH}/{NAME}").json == made.json
    again = client.send("DELETE", f"{PATH}/{NAME}")
    assert (again.status, again.code) == (404, "RoleAssignmentNotFound")
    assert client.send("DELETE", f"{PATH}/no-guid").code == "RoleAssignmentNotFound"


def test_an_assignment_is_not_reached_from_below_its_scope(client: Client) -> None:
    client.assign(roles.CRYPTO_USER, USER, "/", NAME)
    assert client.send("DELETE", f"/keys/one{PATH}/{NAME}").status == 404
    assert client.send("GET", f"/keys{PATH}/{NAME}").status == 404
    assert client.send("GET", f"{PATH}/{NAME}").status == 200


def test_principals_need_not_be_in_the_directory(client: Client) -> None:
    assert client.assign(roles.CRYPTO_USER, "11111111-2222-4333-8444-555555555555").status == 201


@pytest.mark.parametrize(
    ("role", "principal", "name", "message"),
    [
        ("ffffffff-0000-4000-8000-000000000000", USER, NAME, "Unknown role definition"),
        (roles.CRYPTO_USER, "kim.akers@contoso.com", NAME, "'principalId' must be a GUID"),
        (roles.CRYPTO_USER, USER, "no-guid", "Role assignment name must be a GUID"),
    ],
)
def test_bad_input_is_refused(client: Client, role: str, principal: str, name: str, message: str) -> None:
    answer = client.assign(role, principal, "/", name)
    assert (answer.status, answer.code) == (400, "BadParameter")
    assert message in answer.message


@pytest.mark.parametrize("body", [None, {}, {"properties": []}, {"properties": {"principalId": USER}}])
def test_a_body_without_what_it_takes_is_refused(client: Client, body: object) -> None:
    assert client.send("PUT", f"{PATH}/{NAME}", body).status == 400


@pytest.mark.parametrize("scope", ["/secrets", "/keys/one/version", "/https:/az400popmhsm.managedhsm.azure.net/keys"])
def test_other_scopes_are_refused(client: Client, scope: str) -> None:
    for path in (PATH, f"{PATH}/{NAME}", "/providers/Microsoft.Authorization/roleDefinitions"):
        answer = client.send("GET", scope + path)
        assert (answer.status, answer.code) == (400, "Invalidkeyidentifier")
