"""Who reaches the data plane of a pool, from where, under which rules."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.http import OUTSIDE, Origin
from local_azure.core.world import World
from local_azure.managed_hsm import firewall, pools
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.arm.support import (
    ENDPOINT,
    KEY_VAULT,
    NETWORK,
    POOL,
    SUBNET,
    VNET,
    ArmClient,
    endpoint_body,
    network_body,
    pool_body,
)
from tests.unit.local_azure.managed_hsm.support import Answer, Client, download_body, make_pool

ROLES = "/providers/Microsoft.Authorization/roleDefinitions"
INTERNET = Origin("internet", "198.51.100.10")
VM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/testvmmhsm"
NOBODY = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": []}


def rules(*addresses: str, **more: Any) -> dict[str, Any]:
    return {**NOBODY, "ipRules": [{"value": address} for address in addresses], **more}


def ask(world: World, origin: Origin = OUTSIDE, host: str = "az400popmhsm.managedhsm.azure.net") -> Answer:
    return Client(world, host, origin=origin).send("GET", ROLES)


def pool_with(world: World, acls: dict[str, Any], access: str = "Enabled", **more: Any) -> None:
    make_pool(world, activation_status=ACTIVE, network={"publicNetworkAccess": access, "networkAcls": acls}, **more)


def refusal(answer: Answer) -> tuple[int, str, str, str]:
    error = answer.json["error"]
    words, _, identifier = error["message"].rpartition(" (Activity ID: ")
    assert identifier == f"{answer.headers['x-ms-request-id']})"
    return answer.status, error["code"], error["innererror"]["code"], words


def test_without_rules_everybody_comes_in(world: World) -> None:
    pool_with(world, {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []})
    assert ask(world).status == 200
    assert ask(world, INTERNET).status == 200


def test_a_caller_that_no_rule_names_is_told_its_address(world: World) -> None:
    pool_with(world, rules("203.0.113.10"))
    assert ask(world).status == 200
    words = "Client address (198.51.100.10) is not authorized and caller is not a trusted service."
    assert refusal(ask(world, INTERNET)) == (403, "Forbidden", "ForbiddenByFirewall", words)


def test_a_rule_can_name_a_whole_network(world: World) -> None:
    pool_with(world, rules("192.0.2.0/24", "203.0.113.8/29"))
    assert ask(world).status == 200
    assert ask(world, INTERNET).status == 403


def test_a_refusal_says_that_the_bypass_is_off(world: World) -> None:
    pool_with(world, {**NOBODY, "bypass": "None"})
    words = "Client address (203.0.113.10) is not authorized and caller was ignored because bypass is set to None."
    assert refusal(ask(world))[3] == words


def test_public_access_switched_off_refuses_whom_the_rules_would_let_in(world: World) -> None:
    pool_with(world, {"defaultAction": "Allow", "bypass": "AzureServices"}, "Disabled")
    words = (
        "Public network access is disabled and request is not from a trusted service nor via an approved private link."
    )
    assert refusal(ask(world)) == (403, "Forbidden", "ForbiddenByConnection", words)


def test_with_deny_too_the_rules_speak_first(world: World) -> None:
    pool_with(world, NOBODY, "Disabled")
    words = "Client address (203.0.113.10) is not authorized and caller is not a trusted service."
    assert refusal(ask(world))[3] == words


def test_the_trusted_services_bypass_lets_no_ordinary_caller_in(world: World) -> None:
    pool_with(world, {"defaultAction": "Allow", "bypass": "None"}, "Disabled")
    assert "bypass is not set to 'AzureServices'" in refusal(ask(world))[3]


def test_whoever_has_no_token_is_challenged_from_anywhere(world: World) -> None:
    pool_with(world, NOBODY, "Disabled")
    answer = Client(world, origin=INTERNET).send("GET", ROLES, headers={})
    assert (answer.status, answer.body) == (401, b"OK")


def test_the_security_domain_lies_behind_the_firewall_too(world: World) -> None:
    make_pool(world, network={"publicNetworkAccess": "Enabled", "networkAcls": NOBODY})
    client = Client(world)
    for method, path in (("POST", "/securitydomain/download"), ("GET", "/securitydomain/download/pending")):
        answer = client.send(method, path, download_body())
        assert refusal(answer)[2] == "ForbiddenByFirewall"
    pool = pools.by_name(world, "az400popMHSM")
    assert pool is not None
    assert pool.activation_status == pools.NOT_ACTIVATED


def test_the_firewall_is_asked_before_anything_else_that_a_token_allows(world: World) -> None:
    make_pool(world, network={"publicNetworkAccess": "Enabled", "networkAcls": NOBODY})
    client = Client(world)
    for method, path in (("GET", "/keys"), ("GET", "/keys?api-version=1"), ("DELETE", ROLES), ("GET", "/nothing")):
        assert refusal(client.send(method, path))[2] == "ForbiddenByFirewall"


def test_whoever_has_no_address_comes_in_publicly_only_where_all_do(world: World) -> None:
    stranded = Origin(VM, None)
    pool_with(world, rules("0.0.0.0/0"))
    assert ask(world, stranded).status == 403
    pools.update(world, made(world), network={})
    assert ask(world, stranded).status == 200


def made(world: World) -> pools.Pool:
    pool = pools.by_name(world, "az400popMHSM")
    assert pool is not None
    return pool


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(8, 32))
def test_an_address_is_let_in_exactly_where_a_rule_holds_it(
    caller: IPv4Address, address: IPv4Address, length: int
) -> None:
    rule = IPv4Network((address, length), strict=False)
    network = {"networkAcls": rules("192.0.2.1", str(rule))}
    origin = Origin("somewhere", str(caller))
    assert firewall.lets_in(network, origin) == (caller in rule or str(caller) == "192.0.2.1")


def test_a_change_of_the_rules_takes_effect_after_a_while(world: World) -> None:
    pool_with(world, NOBODY)
    world.latency.set_scale(1.0)
    opened = {"publicNetworkAccess": "Enabled", "networkAcls": rules("203.0.113.10")}
    pools.update(world, made(world), network=opened)
    assert ask(world).status == 403
    world.clock.move(timedelta(seconds=19))
    assert ask(world).status == 403
    world.clock.move(timedelta(seconds=1))
    assert ask(world).status == 200


def test_other_changes_of_a_pool_leave_the_rules_as_they_are(world: World) -> None:
    pool_with(world, rules("203.0.113.10"))
    world.latency.set_scale(1.0)
    pools.update(world, made(world), purge_protection=True)
    assert ask(world).status == 200
    assert ask(world, INTERNET).status == 403


# Through ARM: pools that are made closed, and private endpoints that lead to them.


@pytest.fixture
def arm(world: World) -> ArmClient:
    """ARM, with the walkthrough's group, network and a pool that only a private endpoint leads to."""
    client = ArmClient(world)
    client.put(POOL.partition("/providers/")[0], "2024-03-01", {"location": "eastus2"})
    client.made(VNET, NETWORK, network_body("10.0.0.0/16"))
    client.made(SUBNET, NETWORK, {"properties": {"addressPrefix": "10.0.1.0/24"}})
    make_private_pool(client)
    return client


def make_private_pool(arm: ArmClient, **properties: Any) -> None:
    arm.made(POOL, KEY_VAULT, pool_body(publicNetworkAccess="Disabled", networkAcls=NOBODY, **properties))


def through(endpoint: str = ENDPOINT) -> Origin:
    return Origin(VM, None, endpoint)


def activate(world: World, origin: Origin) -> None:
    assert Client(world, origin=origin).send("POST", "/securitydomain/download", download_body()).status == 202


def set_state(arm: ArmClient, status: str, name: str = "privatelinkmain") -> Any:
    body = {"properties": {"privateLinkServiceConnectionState": {"status": status, "description": "by the owner"}}}
    return arm.put(f"{POOL}/privateEndpointConnections/{name}", KEY_VAULT, body)


def test_a_pool_is_closed_from_birth_and_arm_stays_reachable(arm: ArmClient) -> None:
    assert ask(arm.world).status == 403
    properties = arm.get(POOL, KEY_VAULT).body["properties"]
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["securityDomainProperties"]["activationStatus"] == "NotActivated"


def test_an_endpoint_leads_in_before_and_after_the_activation(arm: ArmClient) -> None:
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    activate(arm.world, through())
    assert ask(arm.world, through()).status == 200
    assert ask(arm.world, through(), "az400popmhsm.privatelink.managedhsm.azure.net").status == 200
    assert ask(arm.world).status == 403


def test_an_endpoint_that_is_made_after_the_activation_leads_in_as_well(arm: ArmClient) -> None:
    opened = {"publicNetworkAccess": "Enabled", "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"}}
    arm.made(POOL, KEY_VAULT, pool_body(**opened))
    activate(arm.world, OUTSIDE)
    make_private_pool(arm)
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    assert ask(arm.world, through()).status == 200
    assert ask(arm.world).status == 403


def test_answers_through_an_endpoint_say_which_one(arm: ArmClient) -> None:
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    activate(arm.world, through())
    known = Origin(VM, None, ENDPOINT, "10.0.1.5")
    assert ask(arm.world, known).headers["x-ms-keyvault-network-info"] == (
        f"conn_type=PrivateLink;private_endpoint={ENDPOINT};addr=10.0.1.5;act_addr_fam=InterNetworkV6;"
    )


def test_an_endpoint_lets_nobody_in_until_the_owner_has_approved_it(arm: ArmClient) -> None:
    arm.made(ENDPOINT, NETWORK, endpoint_body(manual=True))
    words = "Connection is not an approved private link and caller is not a trusted service."
    assert refusal(ask(arm.world, through())) == (403, "Forbidden", "ForbiddenByConnection", words)
    assert set_state(arm, "Approved").status == 200
    activate(arm.world, through())
    assert ask(arm.world, through()).status == 200


def test_a_connection_that_the_owner_rejects_leads_nowhere_for_good(arm: ArmClient) -> None:
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    set_state(arm, "Rejected")
    assert refusal(ask(arm.world, through()))[2] == "ForbiddenByConnection"
    assert set_state(arm, "Approved").code == "Conflict"


def test_an_endpoint_that_is_gone_leads_nowhere(arm: ArmClient) -> None:
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    arm.gone(ENDPOINT, NETWORK)
    assert "does not allow access to az400popmhsm.managedhsm.azure.net" in refusal(ask(arm.world, through()))[3]


def test_an_endpoint_leads_to_its_own_pool_only(arm: ArmClient) -> None:
    other = f"{POOL}-two"
    arm.made(other, KEY_VAULT, pool_body(publicNetworkAccess="Disabled", networkAcls=NOBODY))
    arm.made(ENDPOINT, NETWORK, endpoint_body(other))
    words = "This TCP connection does not allow access to az400popmhsm.managedhsm.azure.net."
    assert refusal(ask(arm.world, through()))[3] == words


def test_an_endpoint_has_to_be_made_anew_for_a_pool_that_was_deleted_and_recovered(arm: ArmClient) -> None:
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    activate(arm.world, through())
    arm.gone(POOL, KEY_VAULT)
    arm.made(POOL, KEY_VAULT, {"location": "eastus2", "properties": {"createMode": "recover"}})
    assert "privateEndpointConnections" not in arm.get(POOL, KEY_VAULT).body["properties"]
    assert refusal(ask(arm.world, through()))[2] == "ForbiddenByConnection"
    states = [
        each["properties"]["privateLinkServiceConnectionState"]["status"]
        for each in arm.get(ENDPOINT, NETWORK).body["properties"]["privateLinkServiceConnections"]
    ]
    assert states == ["Disconnected"]
    arm.gone(ENDPOINT, NETWORK)
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    assert ask(arm.world, through()).status == 200


def test_two_endpoints_in_two_networks_both_lead_in_and_each_on_its_own(arm: ArmClient) -> None:
    second_network, second = f"{VNET}-two", f"{ENDPOINT}-two"
    arm.made(second_network, NETWORK, network_body("10.1.0.0/16"))
    arm.made(f"{second_network}/subnets/mainsubnet", NETWORK, {"properties": {"addressPrefix": "10.1.1.0/24"}})
    arm.made(ENDPOINT, NETWORK, endpoint_body())
    body = endpoint_body()
    body["properties"]["subnet"] = {"id": f"{second_network}/subnets/mainsubnet"}
    arm.made(second, NETWORK, body)
    activate(arm.world, through())
    assert ask(arm.world, through(second)).status == 200
    arm.gone(ENDPOINT, NETWORK)
    assert ask(arm.world, through()).status == 403
    assert ask(arm.world, through(second)).status == 200
