"""Private DNS zones, links and records."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.local_azure.arm.support import DNS, GROUP, NETWORK, VNET, ZONE, ArmClient

LINK = f"{ZONE}/virtualNetworkLinks/managedhsmzone"
RECORD = f"{ZONE}/A/az400popmhsm"


@pytest.fixture
def zone(arm: ArmClient, group: str) -> Any:
    """The walkthrough's zone."""
    del group
    return arm.made(ZONE, DNS, {"location": "global"})


def link_body(network: str = VNET, registration: bool = True) -> dict[str, Any]:
    return {
        "location": "global",
        "properties": {"virtualNetwork": {"id": network}, "registrationEnabled": registration},
    }


def record_body(*addresses: str, ttl: int = 3600) -> dict[str, Any]:
    return {"properties": {"ttl": ttl, "aRecords": [{"ipv4Address": each} for each in addresses]}}


def test_a_zone_begins_with_its_start_of_authority(arm: ArmClient, zone: Any) -> None:
    assert zone["properties"]["numberOfRecordSets"] == 1
    soa = arm.get(f"{ZONE}/SOA/@", DNS).body
    assert soa["properties"]["soaRecord"]["host"] == "azureprivatedns.net"
    assert arm.delete(f"{ZONE}/SOA/@", DNS).status == 405


def test_a_zone_is_global(arm: ArmClient, group: str) -> None:
    assert group
    assert arm.put(ZONE, DNS, {"location": "westus"}).code == "LocationNotAvailableForResourceType"
    assert arm.made(ZONE, DNS, {})["location"] == "global"


@pytest.mark.parametrize("name", ["single", "-a.b", "a..b", "a" * 64 + ".b"])
def test_a_zone_has_a_domain_name(arm: ArmClient, group: str, name: str) -> None:
    path = f"{group}/providers/Microsoft.Network/privateDnsZones/{name}"
    assert arm.put(path, DNS, {"location": "global"}).status == 400


def test_if_none_match_protects_what_is_there(arm: ArmClient, zone: Any) -> None:
    answer = arm.put(ZONE, DNS, {"location": "global"}, if_none_match="*")
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    assert arm.put(ZONE, DNS, {"location": "global"}, if_match=zone["etag"]).status == 202


def test_a_link_joins_a_network_and_counts(arm: ArmClient, zone: Any, subnet: Any) -> None:
    assert zone
    assert subnet
    link = arm.made(LINK, DNS, link_body())
    assert link["properties"]["virtualNetworkLinkState"] == "Completed"
    properties = arm.get(ZONE, DNS).body["properties"]
    assert properties["numberOfVirtualNetworkLinks"] == 1
    assert properties["numberOfVirtualNetworkLinksWithRegistration"] == 1


def test_a_link_names_a_network_that_exists(arm: ArmClient, zone: Any) -> None:
    assert zone
    for network in (VNET, "/nonsense", ZONE):
        assert arm.put(LINK, DNS, link_body(network)).status == 400


def test_a_network_is_linked_to_a_zone_of_a_name_once(arm: ArmClient, zone: Any, subnet: Any) -> None:
    assert zone
    assert subnet
    arm.made(LINK, DNS, link_body())
    assert arm.put(f"{ZONE}/virtualNetworkLinks/again", DNS, link_body()).status == 409
    other = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/contoso.internal"
    arm.made(other, DNS, {"location": "global"})
    assert arm.put(f"{other}/virtualNetworkLinks/one", DNS, link_body()).status == 409
    arm.made(f"{other}/virtualNetworkLinks/one", DNS, link_body(registration=False))


def test_a_zone_with_links_and_a_network_with_links_stay(arm: ArmClient, zone: Any, subnet: Any) -> None:
    assert zone
    assert subnet
    arm.made(LINK, DNS, link_body())
    assert arm.delete(ZONE, DNS).code == "CannotDeleteResource"
    assert arm.delete(VNET, NETWORK).code == "InUseVirtualNetworkCannotBeDeleted"
    arm.gone(LINK, DNS)
    arm.gone(VNET, NETWORK)
    arm.put(RECORD, DNS, record_body("10.0.1.4"))
    arm.gone(ZONE, DNS)
    assert arm.get(RECORD, DNS).status == 404


def test_a_record_is_made_changed_listed_and_gone(arm: ArmClient, zone: Any) -> None:
    assert zone
    made = arm.put(RECORD, DNS, record_body("10.0.1.4"))
    assert (made.status, made.body["properties"]["fqdn"]) == (201, "az400popmhsm.privatelink.managedhsm.azure.net.")
    assert arm.put(RECORD, DNS, record_body("10.0.1.5")).status == 200
    assert arm.patch(RECORD, DNS, {"properties": {"metadata": {"a": "b"}}}).body["properties"]["ttl"] == 3600
    assert [each["name"] for each in arm.get(f"{ZONE}/A", DNS).body["value"]] == ["az400popmhsm"]
    assert {each["name"] for each in arm.get(f"{ZONE}/ALL", DNS).body["value"]} == {"az400popmhsm", "@"}
    assert arm.delete(RECORD, DNS).status == 200
    assert arm.get(RECORD, DNS).code == "NotFound"
    assert arm.delete(RECORD, DNS).status == 204


@pytest.mark.parametrize(
    "body",
    [
        record_body("10.0.1.400"),
        record_body("10.0.1.4", "10.0.1.4"),
        record_body("10.0.1.4", ttl=0),
        {"properties": {"aRecords": [{"ipv4Address": "10.0.1.4"}]}},
    ],
)
def test_a_wrong_record_is_refused(arm: ArmClient, zone: Any, body: dict[str, Any]) -> None:
    assert zone
    assert arm.put(RECORD, DNS, body).status == 400


def test_records_of_other_kinds_are_not_played(arm: ArmClient, zone: Any) -> None:
    assert zone
    assert arm.put(f"{ZONE}/MX/mail", DNS, {"properties": {"ttl": 60}}).status == 501
