from __future__ import annotations

from datetime import timedelta

import pytest

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.pools import ACTIVE
from local_azure.managed_hsm.service import ManagedHsmService
from tests.unit.local_azure.managed_hsm.support import Client, make_pool, token

ROLES = "/providers/Microsoft.Authorization/roleDefinitions"


@pytest.fixture
def client(world: World) -> Client:
    make_pool(world, activation_status=ACTIVE)
    return Client(world)


def test_only_names_of_live_pools_are_played(world: World) -> None:
    service = ManagedHsmService(world)
    make_pool(world)
    assert service.plays("az400popmhsm.managedhsm.azure.net")
    assert service.plays("az400popmhsm.privatelink.managedhsm.azure.net")
    assert not service.plays("another.managedhsm.azure.net")
    assert not service.plays("az400popmhsm.evilmanagedhsm.azure.net")
    assert not service.plays("az400popmhsm.vault.azure.net")
    pools.soft_delete(world, "az400popMHSM")
    assert not service.plays("az400popmhsm.managedhsm.azure.net")


def test_a_request_without_a_token_learns_tenant_and_resource(client: Client) -> None:
    answer = client.send("GET", ROLES, headers={})
    assert (answer.status, answer.body) == (401, b"OK")
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://managedhsm.azure.net"'
    )
    assert "Azure-AsyncOperation" not in answer.headers


def test_the_challenge_to_other_methods_has_no_body(client: Client) -> None:
    assert client.send("PUT", f"{ROLES}/x", headers={}).body == b""


def test_the_challenge_comes_before_anything_else_is_looked_at(client: Client) -> None:
    for path in ("/", "/nothing/here", ROLES + "?api-version=1", "/keys"):
        assert client.send("GET", path, headers={}).status == 401


def test_tokens_that_prove_nothing_are_refused_with_the_reason_and_challenged(client: Client) -> None:
    world = client.world
    late = token(world, lifetime_seconds=60)
    world.clock.move(timedelta(seconds=61))
    good = token(world)
    no_token = "Error decoding or parsing JWT components"
    for bad, reason in (
        (late, "Token has expired"),
        (
            token(world, audience="https://vault.azure.net"),
            "Found token with aud=https://vault.azure.net, but expected aud=https://managedhsm.azure.net",
        ),
        (token(world, claims={"nbf": int(world.clock.timestamp()) + 3600}), "Token not yet valid"),
        (good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"), no_token),
        ("nonsense", no_token),
    ):
        answer = client.send("GET", ROLES, headers={"authorization": f"Bearer {bad}"})
        assert (answer.status, answer.code) == (401, "Unauthorized")
        assert answer.message == f"{reason} (Activity ID: {answer.headers['x-ms-request-id']})"
        assert "WWW-Authenticate" in answer.headers


def test_who_is_nobody_here_is_challenged(client: Client) -> None:
    world = client.world
    good = token(world)
    for bad in (token(world, claims={"tid": "99999999-0000-4000-8000-000000000000"}), ""):
        answer = client.send("GET", ROLES, headers={"authorization": f"Bearer {bad}"})
        assert answer.status == 401
        assert "WWW-Authenticate" in answer.headers
    assert client.send("GET", ROLES, headers={"authorization": f"Basic {good}"}).status == 401
    assert client.send("GET", ROLES, headers={"authorization": f"bearer {good}"}).status == 200


def test_a_pool_of_another_tenant_takes_no_token_of_this_one(world: World) -> None:
    make_pool(world, activation_status=ACTIVE, tenant_id="99999999-0000-4000-8000-000000000000")
    answer = Client(world).send("GET", ROLES)
    assert answer.status == 401
    assert "99999999-0000-4000-8000-000000000000" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("version", ["7.2", "7.4", "7.5-preview.1", "7.5", "7.6-preview.2", "7.6", "2025-07-01"])
def test_the_versions_of_the_official_clients_are_known(client: Client, version: str) -> None:
    assert client.send("GET", f"{ROLES}?api-version={version}").status == 200


def test_another_version_or_none_is_refused(client: Client) -> None:
    for query in ("?api-version=7.1", "?api-version=", "?other=1"):
        answer = client.send("GET", ROLES + query)
        assert (answer.status, answer.code) == (400, "BadParameter")


def test_before_activation_only_the_security_domain_answers(world: World) -> None:
    make_pool(world)
    client = Client(world)
    for method, path in (("GET", ROLES), ("GET", "/keys"), ("POST", "/keys/k/create"), ("POST", "/rng")):
        answer = client.send(method, path)
        assert (answer.status, answer.code) == (403, "Forbidden")
        assert "download the security domain" in answer.message
    assert client.send("GET", "/securitydomain/download/pending").status == 404


def test_every_error_ends_with_the_activity_id_that_is_in_the_header(client: Client) -> None:
    answer = client.send("GET", f"{ROLES}/none")
    assert (answer.status, answer.code) == (404, "RoleDefinitionNotFound")
    identifier = answer.headers["x-ms-request-id"]
    assert answer.message == f"Requested role definition not found (Activity ID: {identifier})"


def test_answers_carry_the_headers_of_the_service(client: Client) -> None:
    headers = client.send("GET", ROLES).headers
    assert headers["x-ms-keyvault-region"] == "eastus2"
    assert headers["x-ms-keyvault-network-info"] == "conn_type=Ipv4;addr=203.0.113.10;act_addr_fam=Ipv4;"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_method_that_is_not_served_is_405_and_a_path_that_is_not_played_says_so(client: Client) -> None:
    assert client.send("DELETE", ROLES).status == 405
    assert client.send("GET", "/never/heard/of").status == 501


def test_a_pool_that_vanishes_between_is_not_played(world: World) -> None:
    with pytest.raises(NotPlayed, match="would not resolve"):
        ManagedHsmService(world).handle(Request("GET", "gone.managedhsm.azure.net", "/keys"))


def test_updates_of_a_pool_do_not_undo_each_other(world: World) -> None:
    pool = make_pool(world)
    pools.update(world, pool, activation_status=ACTIVE)
    changed = pools.update(world, pool, network={"publicNetworkAccess": "Disabled"})
    assert changed.activation_status == ACTIVE
    assert pools.by_name(world, "AZ400popmhsm") == changed


def test_a_pool_that_was_made_anew_is_not_updated_through_the_old_one(world: World) -> None:
    old = make_pool(world)
    pools.soft_delete(world, old.name)
    pools.purge(world, old.name)
    make_pool(world)
    with pytest.raises(LookupError):
        pools.update(world, old, activation_status=ACTIVE)


def test_nothing_of_a_purged_pool_reaches_the_next_one_of_its_name(client: Client) -> None:
    world = client.world
    assert client.assign("21dbd100-6940-42c2-9190-5d6cb909625b", directory.USER_OBJECT_ID).status == 201
    pools.soft_delete(world, "az400popMHSM")
    pools.purge(world, "az400popMHSM")
    make_pool(world, activation_status=ACTIVE)
    found = client.send("GET", "/providers/Microsoft.Authorization/roleAssignments").json["value"]
    assert [each["properties"]["principalId"] for each in found] == [directory.DEPLOYER_OBJECT_ID]
