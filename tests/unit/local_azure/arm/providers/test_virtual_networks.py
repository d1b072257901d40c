"""Virtual networks and subnets: addresses that fit, and what is in use."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_azure.core.world import open_world
from local_azure.entra import directory
from tests.unit.local_azure.arm.support import (
    GROUP,
    NETWORK,
    SUBNET,
    VNET,
    ArmClient,
    network_body,
    subnet_body,
)


def interface(name: str, **properties: Any) -> tuple[str, dict[str, Any]]:
    configuration = {"name": "one", "properties": {"subnet": {"id": SUBNET}, **properties}}
    path = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/{name}"
    return path, {"location": "westus", "properties": {"ipConfigurations": [configuration]}}


def address(made: Any) -> str:
    return str(made["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


@pytest.mark.parametrize("name", ["", "one/two", "/subscriptions/s/providers/x", "-one"])
def test_a_subnet_that_a_network_brings_along_has_a_proper_name(arm: ArmClient, group: str, name: str) -> None:
    assert group
    subnets = [{"name": name, "properties": {"addressPrefix": "10.0.1.0/24"}}]
    answer = arm.put(VNET, NETWORK, network_body(subnets=subnets))
    assert (answer.status, answer.code) == (400, "InvalidRequestFormat")
    assert arm.get(VNET, NETWORK).status == 404


def test_a_subnet_shows_in_its_network(arm: ArmClient, subnet: Any) -> None:
    shown = arm.get(VNET, NETWORK).body["properties"]["subnets"]
    assert [each["id"] for each in shown] == [SUBNET]
    assert shown[0]["etag"] == subnet["etag"]
    assert subnet["properties"]["privateEndpointNetworkPolicies"] == "Disabled"


def test_a_network_is_made_with_its_subnets(arm: ArmClient, group: str) -> None:
    assert group
    body = network_body(subnets=[{"name": "mainsubnet", **subnet_body("10.0.1.0/24")}])
    arm.made(VNET, NETWORK, body)
    assert arm.get(SUBNET, NETWORK).body["properties"]["addressPrefix"] == "10.0.1.0/24"


def test_a_network_that_says_nothing_of_subnets_keeps_them_and_an_empty_list_removes_them(
    arm: ArmClient, subnet: Any
) -> None:
    assert subnet
    arm.made(VNET, NETWORK, network_body())
    assert arm.get(SUBNET, NETWORK).status == 200
    arm.made(VNET, NETWORK, network_body(subnets=[]))
    assert arm.get(SUBNET, NETWORK).code == "NotFound"


@pytest.mark.parametrize(
    ("prefixes", "code"),
    [
        ([], "MissingAddressSpace"),
        (["10.0.0.0/33"], "InvalidCIDRNotation"),
        (["10.0.0.1/16"], "InvalidCIDRNotation"),
        (["everything"], "InvalidCIDRNotation"),
        (["10.0.0.0/16", "10.0.1.0/24"], "VnetAddressSpacesOverlap"),
    ],
)
def test_an_address_space_is_made_of_ranges_apart(arm: ArmClient, group: str, prefixes: list[str], code: str) -> None:
    assert group
    body = {"location": "westus", "properties": {"addressSpace": {"addressPrefixes": prefixes}}}
    answer = arm.put(VNET, NETWORK, body)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.0.0/15", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.2.0/30", "NetcfgInvalidSubnet"),
        ("10.0.2.1/24", "InvalidCIDRNotation"),
    ],
)
def test_a_subnet_fits_into_its_network(arm: ArmClient, subnet: Any, prefix: str, code: str) -> None:
    assert subnet
    answer = arm.put(f"{VNET}/subnets/other", NETWORK, subnet_body(prefix))
    assert (answer.status, answer.code) == (400, code)


def test_a_network_does_not_shrink_below_its_subnets(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    answer = arm.put(VNET, NETWORK, network_body("10.1.0.0/16"))
    assert (answer.status, answer.code) == (400, "NetcfgSubnetRangeOutsideVnet")


def test_addresses_begin_at_four(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    assert [address(arm.made(*_with_version(interface(f"nic{n}")))) for n in range(2)] == ["10.0.1.4", "10.0.1.5"]


def test_a_static_address_is_given_if_it_is_free_and_in_the_subnet(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    static = {"privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.1.9"}
    assert address(arm.made(*_with_version(interface("one", **static)))) == "10.0.1.9"
    assert arm.put(*_with_version(interface("two", **static))).code == "PrivateIPAddressInUse"
    outside = {**static, "privateIPAddress": "10.0.2.9"}
    assert arm.put(*_with_version(interface("two", **outside))).code == "PrivateIPAddressNotInSubnet"


def test_what_is_in_use_stays(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    path, body = interface("one")
    arm.made(path, NETWORK, body)
    for resource in (SUBNET, VNET):
        answer = arm.delete(resource, NETWORK)
        assert (answer.status, answer.code) == (400, "InUseSubnetCannotBeDeleted")
    assert arm.put(SUBNET, NETWORK, subnet_body("10.0.3.0/24")).code == "InUsePrefixCannotBeDeleted"
    assert arm.put(VNET, NETWORK, network_body(subnets=[])).code == "InUseSubnetCannotBeDeleted"
    arm.gone(path, NETWORK)
    arm.gone(SUBNET, NETWORK)
    arm.gone(VNET, NETWORK)


def test_an_interface_needs_a_subnet_that_exists_in_its_region(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    path, body = interface("one")
    assert arm.put(path, NETWORK, {**body, "location": "eastus"}).code == "InvalidResourceReference"
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = f"{VNET}/subnets/none"
    assert arm.put(path, NETWORK, body).code == "InvalidResourceReference"


def test_a_security_group_stays_while_a_subnet_has_it(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    path = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/one"
    arm.made(path, NETWORK, {"location": "westus", "properties": {}})
    body = subnet_body("10.0.1.0/24")
    body["properties"]["networkSecurityGroup"] = {"id": path}
    arm.made(SUBNET, NETWORK, body)
    assert arm.delete(path, NETWORK).code == "InUseNetworkSecurityGroupCannotBeDeleted"


def test_a_wrong_etag_changes_nothing(arm: ArmClient, subnet: Any) -> None:
    answer = arm.put(SUBNET, NETWORK, subnet_body("10.0.1.0/24"), if_match='W/"other"')
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    assert arm.put(SUBNET, NETWORK, subnet_body("10.0.1.0/24"), if_match=subnet["etag"]).status == 200


@settings(max_examples=10, deadline=None)
@given(st.integers(27, 29), st.data())
def test_a_subnet_gives_out_each_address_once_and_then_is_full(length: int, data: st.DataObject) -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as home:
        world = open_world(Path(home), in_memory=True)
        directory.seed(world)
        arm = ArmClient(world)
        arm.put(GROUP, "2024-03-01", {"location": "westus"})
        arm.made(VNET, NETWORK, network_body())
        block = data.draw(st.integers(0, 2 ** (length - 16) - 1))
        prefix = list(IPv4Network("10.0.0.0/16").subnets(new_prefix=length))[block]
        arm.made(SUBNET, NETWORK, subnet_body(str(prefix)))
        given_out = [address(arm.made(*_with_version(interface(f"n{n}")))) for n in range(2 ** (32 - length) - 5)]
        assert len(set(given_out)) == len(given_out)
        assert all(IPv4Address(each) in prefix for each in given_out)
        assert arm.put(*_with_version(interface("last"))).code == "SubnetIsFull"
        world.store.close()


def _with_version(request: tuple[str, dict[str, Any]]) -> tuple[str, str, dict[str, Any]]:
    return request[0], NETWORK, request[1]
