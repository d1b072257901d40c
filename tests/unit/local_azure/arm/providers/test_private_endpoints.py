"""Private endpoints: an address in the subnet, a connection at the target, records in the zone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.local_azure.arm.support import (
    DNS,
    ENDPOINT,
    GROUP,
    KEY_VAULT,
    NETWORK,
    POOL,
    SUBNET,
    SUBSCRIPTION,
    VNET,
    ZONE,
    ArmClient,
    endpoint_body,
    pool_body,
)

CONNECTION = f"{POOL}/privateEndpointConnections/privatelinkmain"
ZONE_GROUP = f"{ENDPOINT}/privateDnsZoneGroups/default"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contosomivault"


def state_at_the_endpoint(arm: ArmClient) -> str:
    properties = arm.get(ENDPOINT, NETWORK).body["properties"]
    connections = properties["privateLinkServiceConnections"] + properties["manualPrivateLinkServiceConnections"]
    return str(connections[0]["properties"]["privateLinkServiceConnectionState"]["status"])


def zone_group_body() -> dict[str, Any]:
    config = {"name": "mhsm", "properties": {"privateDnsZoneId": ZONE}}
    return {"properties": {"privateDnsZoneConfigs": [config]}}


def test_an_endpoint_has_the_first_free_address_and_an_interface_of_its_own(arm: ArmClient, endpoint: Any) -> None:
    [dns] = endpoint["properties"]["customDnsConfigs"]
    assert dns == {"fqdn": "az400popmhsm.managedhsm.azure.net", "ipAddresses": ["10.0.1.4"]}
    [reference] = endpoint["properties"]["networkInterfaces"]
    interface = arm.get(reference["id"], NETWORK).body
    assert interface["name"].startswith("privateendpointmainsubnet.nic.")
    assert interface["properties"]["privateEndpoint"]["id"] == ENDPOINT
    assert interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.1.4"


def test_the_owner_of_the_target_need_not_approve(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    assert state_at_the_endpoint(arm) == "Approved"
    connection = arm.get(CONNECTION, KEY_VAULT).body
    assert connection["properties"]["privateEndpoint"]["id"] == ENDPOINT
    [shown] = arm.get(POOL, KEY_VAULT).body["properties"]["privateEndpointConnections"]
    assert shown["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"


def test_a_manual_connection_waits_for_approval_and_can_be_rejected(arm: ArmClient, pool: Any, subnet: Any) -> None:
    assert pool
    assert subnet
    arm.made(ENDPOINT, NETWORK, endpoint_body(manual=True))
    assert state_at_the_endpoint(arm) == "Pending"
    for status in ("Approved", "Rejected"):
        body = {"properties": {"privateLinkServiceConnectionState": {"status": status, "description": "so be it"}}}
        assert arm.put(CONNECTION, KEY_VAULT, body).status == 200
        assert state_at_the_endpoint(arm) == status
    body = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    assert arm.put(CONNECTION, KEY_VAULT, body).status == 409


def test_a_connection_is_not_made_from_the_target(arm: ArmClient, pool: Any) -> None:
    assert pool
    body = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    assert arm.put(CONNECTION, KEY_VAULT, body).status == 404


def test_a_deleted_connection_leaves_the_endpoint_disconnected(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.gone(CONNECTION, KEY_VAULT)
    assert state_at_the_endpoint(arm) == "Disconnected"
    assert "privateEndpointConnections" not in arm.get(POOL, KEY_VAULT).body["properties"]


def test_a_deleted_endpoint_takes_its_interface_and_its_connection_along(arm: ArmClient, endpoint: Any) -> None:
    interface = endpoint["properties"]["networkInterfaces"][0]["id"]
    arm.gone(ENDPOINT, NETWORK)
    assert arm.get(interface, NETWORK).status == 404
    assert arm.get(CONNECTION, KEY_VAULT).status == 404
    arm.gone(SUBNET, NETWORK)


def test_an_endpoint_outlives_its_pool_disconnected_and_stays_so_after_recovery(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.gone(POOL, KEY_VAULT)
    assert state_at_the_endpoint(arm) == "Disconnected"
    arm.made(POOL, KEY_VAULT, {"location": "eastus2", "properties": {"createMode": "recover"}})
    assert state_at_the_endpoint(arm) == "Disconnected"
    assert "privateEndpointConnections" not in arm.get(POOL, KEY_VAULT).body["properties"]


def test_an_interface_of_an_endpoint_is_the_endpoints(arm: ArmClient, endpoint: Any) -> None:
    interface = endpoint["properties"]["networkInterfaces"][0]["id"]
    assert arm.delete(interface, NETWORK).code == "CannotDeleteNicAttachedToPrivateEndpoint"


def test_an_endpoint_is_in_the_region_of_its_network(arm: ArmClient, pool: Any, subnet: Any) -> None:
    assert pool
    assert subnet
    answer = arm.put(ENDPOINT, NETWORK, {**endpoint_body(), "location": "eastus2"})
    assert (answer.status, answer.code) == (400, "InvalidResourceReference")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (endpoint_body(group_id="vault"), 400),
        (endpoint_body(target=POOL + "x"), 400),
        (endpoint_body(target=VNET), 501),
        ({"location": "westus", "properties": {"subnet": {"id": SUBNET}}}, 400),
        ({"location": "westus", "properties": {}}, 400),
    ],
)
def test_a_connection_that_leads_nowhere_is_refused(
    arm: ArmClient, pool: Any, subnet: Any, body: dict[str, Any], status: int
) -> None:
    assert pool
    assert subnet
    assert arm.put(ENDPOINT, NETWORK, body).status == status
    assert arm.get(ENDPOINT, NETWORK).status == 404


def test_a_pool_that_is_not_provisioned_takes_no_endpoint(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    arm.world.latency.set_scale(1)
    arm.put(POOL, KEY_VAULT, pool_body())
    answer = arm.put(ENDPOINT, NETWORK, endpoint_body())
    assert (answer.status, answer.code) == (409, "ReferencedResourceNotProvisioned")


def test_tags_change_and_the_rest_of_an_endpoint_does_not(arm: ArmClient, endpoint: Any) -> None:
    after = arm.made(ENDPOINT, NETWORK, {**endpoint_body(), "tags": {"a": "b"}})
    assert after["tags"] == {"a": "b"}
    assert after["properties"]["networkInterfaces"] == endpoint["properties"]["networkInterfaces"]
    body = endpoint_body()
    body["properties"]["subnet"]["id"] = SUBNET.replace("mainsubnet", "other")
    assert arm.put(ENDPOINT, NETWORK, body).status == 400


def test_a_pool_names_its_group_id_and_zone(arm: ArmClient, pool: Any) -> None:
    assert pool
    [resource] = arm.get(f"{POOL}/privateLinkResources", KEY_VAULT).body["value"]
    assert resource["properties"] == {
        "groupId": "managedhsm",
        "requiredMembers": ["default"],
        "requiredZoneNames": ["privatelink.managedhsm.azure.net"],
    }


def test_a_zone_group_writes_the_record_and_takes_it_away(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.made(ZONE, DNS, {"location": "global"})
    made = arm.made(ZONE_GROUP, NETWORK, zone_group_body())
    [record] = made["properties"]["privateDnsZoneConfigs"][0]["properties"]["recordSets"]
    assert (record["fqdn"], record["ipAddresses"]) == ("az400popmhsm.privatelink.managedhsm.azure.net", ["10.0.1.4"])
    assert arm.get(f"{ZONE}/A/az400popmhsm", DNS).body["properties"]["aRecords"] == [{"ipv4Address": "10.0.1.4"}]
    assert arm.get(ENDPOINT, NETWORK).body["properties"]["customDnsConfigs"] == []
    arm.made(ZONE_GROUP, NETWORK, zone_group_body())
    arm.gone(ZONE_GROUP, NETWORK)
    assert arm.get(f"{ZONE}/A/az400popmhsm", DNS).status == 404
    assert arm.get(ENDPOINT, NETWORK).body["properties"]["customDnsConfigs"] != []


def test_a_zone_group_does_not_take_over_a_record_made_by_hand(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.made(ZONE, DNS, {"location": "global"})
    arm.put(f"{ZONE}/A/az400popmhsm", DNS, {"properties": {"ttl": 3600, "aRecords": [{"ipv4Address": "10.0.1.4"}]}})
    assert arm.put(ZONE_GROUP, NETWORK, zone_group_body()).status == 409


def test_a_deleted_endpoint_takes_its_records_along(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.made(ZONE, DNS, {"location": "global"})
    arm.made(ZONE_GROUP, NETWORK, zone_group_body())
    arm.gone(ENDPOINT, NETWORK)
    assert arm.get(f"{ZONE}/A/az400popmhsm", DNS).status == 404
    assert arm.get(ZONE_GROUP, NETWORK).status == 404


def test_a_vault_has_endpoints_too(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    properties = {
        "tenantId": pool_body()["properties"]["tenantId"],
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    arm.made(VAULT, KEY_VAULT, {"location": "eastus2", "properties": properties})
    made = arm.made(ENDPOINT, NETWORK, endpoint_body(target=VAULT, group_id="vault"))
    assert made["properties"]["customDnsConfigs"][0]["fqdn"] == "contosomivault.vault.azure.net"
    assert arm.get(f"{VAULT}/privateEndpointConnections/privatelinkmain", KEY_VAULT).status == 200


def test_everything_goes_with_the_group(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.made(ZONE, DNS, {"location": "global"})
    arm.made(ZONE_GROUP, NETWORK, zone_group_body())
    assert arm.finish(arm.delete(GROUP, "2024-03-01")).status == 200
    assert arm.get(f"{SUBSCRIPTION}/resources", "2021-04-01").body["value"] == []
    left = [
        key
        for name in ("virtualnetworks/subnets", "privatednszones/a", "privateendpoints")
        for key, _ in arm.world.store.scan(f"arm.microsoft.network/{name}")
    ]
    assert left == []


def test_a_second_endpoint_takes_the_record_of_the_first_in_the_same_zone(arm: ArmClient, endpoint: Any) -> None:
    assert endpoint
    arm.made(ZONE, DNS, {"location": "global"})
    arm.made(ZONE_GROUP, NETWORK, zone_group_body())
    second = f"{ENDPOINT}2"
    arm.made(second, NETWORK, endpoint_body())
    arm.made(f"{second}/privateDnsZoneGroups/default", NETWORK, zone_group_body())
    record = arm.get(f"{ZONE}/A/az400popmhsm", DNS).body["properties"]
    assert record["aRecords"] == [{"ipv4Address": "10.0.1.5"}]
    arm.gone(ENDPOINT, NETWORK)
    assert arm.get(f"{ZONE}/A/az400popmhsm", DNS).body["properties"] == record
    arm.gone(second, NETWORK)
    assert arm.get(f"{ZONE}/A/az400popmhsm", DNS).status == 404
