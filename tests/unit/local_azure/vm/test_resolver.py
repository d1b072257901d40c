"""What DNS answers in a virtual network, and to everybody."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import World
from local_azure.vm.resolver import Resolver
from tests.unit.local_azure.arm.support import (
    COMPUTE,
    DNS,
    ENDPOINT,
    GROUP,
    KEY_VAULT,
    NETWORK,
    POOL,
    VNET,
    ZONE,
    ArmClient,
    network_body,
)
from tests.unit.local_azure.vm.support import FRONT_END, HOST, LINK, LINK_HOST, MACHINE, RECORD, link_body

OTHER_NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vneteast"
CORP = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/corp.contoso.com"


def way(world: World, name: str, network: str | None = VNET) -> list[tuple[str, str]]:
    answer = Resolver(world, network, lambda host: host == "login.microsoftonline.com").resolve(name)
    assert answer.exists == bool(answer.records)
    return [(record.kind, record.value) for record in answer.records]


def record(*addresses: str) -> dict[str, Any]:
    return {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": each} for each in addresses]}}


@pytest.mark.usefixtures("linked")
class TestThePrivateZoneIsLinked:
    def test_the_pools_name_leads_to_the_endpoint_through_privatelink(self, world: World) -> None:
        assert way(world, HOST) == [("CNAME", LINK_HOST), ("A", "10.0.1.4")]

    def test_the_privatelink_name_leads_there_too(self, world: World) -> None:
        assert way(world, LINK_HOST) == [("A", "10.0.1.4")]

    def test_everybody_else_is_led_to_the_public_front_end(self, world: World) -> None:
        public = way(world, HOST, None)
        assert public[:2] == [("CNAME", LINK_HOST), ("CNAME", FRONT_END)]
        assert public[2][1].startswith("52.")

    def test_a_network_without_the_link_sees_public_names(self, world: World, arm: ArmClient) -> None:
        arm.made(OTHER_NETWORK, NETWORK, network_body("10.1.0.0/16"))
        assert way(world, HOST, OTHER_NETWORK) == way(world, HOST, None)

    def test_without_the_link_the_network_sees_public_names_again(self, world: World, arm: ArmClient) -> None:
        arm.gone(LINK, DNS)
        assert way(world, HOST) == way(world, HOST, None)

    def test_a_zone_without_the_record_hides_the_public_name(self, world: World, arm: ArmClient) -> None:
        arm.gone(RECORD, DNS)
        answer = Resolver(world, VNET, lambda _: False).resolve(HOST)
        assert [each.value for each in answer.records] == [LINK_HOST]
        assert not answer.exists

    def test_a_link_may_fall_back_to_the_internet(self, world: World, arm: ArmClient) -> None:
        arm.gone(RECORD, DNS)
        arm.made(LINK, DNS, link_body(registrationEnabled=True, resolutionPolicy="NxDomainRedirect"))
        assert way(world, HOST) == way(world, HOST, None)

    def test_without_an_approved_connection_no_alias_leads_into_the_zone(self, world: World, arm: ArmClient) -> None:
        arm.gone(ENDPOINT, NETWORK)
        assert [kind for kind, _ in way(world, HOST)] == ["CNAME", "A"]
        assert way(world, HOST)[0] == ("CNAME", FRONT_END)
        assert way(world, LINK_HOST, None) == []

    def test_a_deleted_pool_has_no_public_name(self, world: World, arm: ArmClient) -> None:
        arm.gone(POOL, KEY_VAULT)
        assert way(world, HOST, None) == []

    def test_machines_register_themselves(self, world: World, arm: ArmClient) -> None:
        name = "testvmmhsm.privatelink.managedhsm.azure.net"
        assert way(world, name) == [("A", "10.0.1.5")]
        arm.gone(MACHINE, COMPUTE)
        answer = Resolver(world, VNET, lambda _: False).resolve(name)
        assert not answer.exists

    def test_machines_do_not_register_where_the_link_does_not_say_so(self, world: World, arm: ArmClient) -> None:
        arm.made(LINK, DNS, link_body(registrationEnabled=False))
        assert way(world, "testvmmhsm.privatelink.managedhsm.azure.net") == []

    def test_the_apex_of_a_zone_exists_without_addresses(self, world: World) -> None:
        answer = Resolver(world, VNET, lambda _: False).resolve("privatelink.managedhsm.azure.net")
        assert (answer.records, answer.exists) == ((), True)


class TestZonesOfOnesOwn:
    @pytest.fixture(autouse=True)
    def zone(self, arm: ArmClient, subnet: Any) -> None:
        del subnet
        arm.made(CORP, DNS, {"location": "global"})
        arm.made(f"{CORP}/virtualNetworkLinks/corp", DNS, link_body())

    def test_a_wildcard_covers_names_that_are_not_there(self, world: World, arm: ArmClient) -> None:
        arm.made(f"{CORP}/A/*", DNS, record("10.0.9.1"))
        arm.made(f"{CORP}/A/*.apps", DNS, record("10.0.9.2"))
        arm.made(f"{CORP}/A/www", DNS, record("10.0.9.3"))
        assert way(world, "anything.corp.contoso.com") == [("A", "10.0.9.1")]
        assert way(world, "one.apps.corp.contoso.com") == [("A", "10.0.9.2")]
        assert way(world, "www.corp.contoso.com") == [("A", "10.0.9.3")]

    def test_the_apex_may_have_addresses(self, world: World, arm: ArmClient) -> None:
        arm.made(f"{CORP}/A/@", DNS, record("10.0.9.1", "10.0.9.2"))
        assert way(world, "corp.contoso.com") == [("A", "10.0.9.1"), ("A", "10.0.9.2")]

    def test_the_zone_with_the_longest_name_counts(self, world: World, arm: ArmClient) -> None:
        inner = CORP.replace("corp.", "apps.corp.")
        arm.made(inner, DNS, {"location": "global"})
        arm.made(f"{inner}/virtualNetworkLinks/apps", DNS, link_body())
        arm.made(f"{CORP}/A/one.apps", DNS, record("10.0.9.1"))
        arm.made(f"{inner}/A/one", DNS, record("10.0.9.2"))
        assert way(world, "one.apps.corp.contoso.com") == [("A", "10.0.9.2")]

    def test_a_zone_may_hide_a_public_name(self, world: World, arm: ArmClient) -> None:
        zone = ZONE.replace("privatelink.managedhsm.azure.net", "microsoftonline.com")
        assert way(world, "login.microsoftonline.com") != []
        arm.made(zone, DNS, {"location": "global"})
        arm.made(f"{zone}/virtualNetworkLinks/hide", DNS, link_body())
        assert way(world, "login.microsoftonline.com") == []


def test_what_is_played_has_an_address_and_nothing_else_has(world: World) -> None:
    assert way(world, "login.microsoftonline.com")[0][0] == "A"
    assert way(world, "www.example.com") == []
    assert way(world, "") == []
    assert way(world, "nobody.managedhsm.azure.net") == []


def test_a_name_always_has_the_same_address(world: World) -> None:
    assert way(world, "login.microsoftonline.com") == way(world, "login.microsoftonline.com", None)
