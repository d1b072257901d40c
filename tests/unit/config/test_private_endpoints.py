"""Endpoints of the pool: which fit into one network and one zone, and who approves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import parse

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]

NETWORK = "managed-hsm:network"
GROUP = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups"
BRANCH = f"{GROUP}/Branch/providers/Microsoft.Network"
SUBNET = f"{BRANCH}/virtualNetworks/branch/subnets/hsm"
ZONE = f"{BRANCH}/privateDnsZones/privatelink.managedhsm.azure.net"
OTHER_ZONE = ZONE.replace("/Branch/", "/Hub/")
TAKEN = (
    "the record of privateEndpoints[0] would be taken over, as both are in one network, where the pool's name has one"
    " record; one endpoint a network, or dns: external"
)


def with_endpoints(values: Values, *endpoints: Values, **network: Any) -> Values:
    named = [{"name": f"endpoint-{index}", **endpoint} for index, endpoint in enumerate(endpoints)]
    values[NETWORK] = {**values[NETWORK], "privateEndpoints": named, **network}
    return values


@pytest.mark.parametrize(
    ("endpoints", "network"),
    [
        ([{}, {"subnet": SUBNET, "dns": {"zoneId": ZONE}}], {}),
        ([{}, {"subnet": SUBNET, "location": "eastus", "dns": "external"}], {}),
        ([{"subnet": SUBNET, "dns": {"zoneId": ZONE}}], {}),
        ([{}, {}], {"dns": "external"}),
        ([{"subnet": SUBNET, "dns": "external"}, {"subnet": f"{SUBNET}-2", "dns": "external"}], {}),
        ([{}, {"subnet": SUBNET, "dns": {"zoneId": ZONE}}], {"dns": {"zoneId": OTHER_ZONE}}),
        ([{"approval": "manual", "requestMessage": "Payments asks", "approvalMinutes": 30}], {}),
        ([{"approval": "manual"}], {}),
    ],
)
def test_endpoints_with_a_record_each_are_taken(
    dev: Values, project: Path, endpoints: list[Values], network: Values
) -> None:
    settings = parse(with_endpoints(dev, *endpoints, **network), project)
    assert settings.network is not None
    assert len(settings.network.private_endpoints) == len(endpoints)


def test_a_second_endpoint_in_the_subnet_would_take_the_record_of_the_first(dev: Values, mistakes: Mistakes) -> None:
    assert mistakes(with_endpoints(dev, {}, {})) == [f"network.privateEndpoints[1]: {TAKEN}"]


def test_a_second_endpoint_in_another_subnet_of_the_network_would_too(dev: Values, mistakes: Mistakes) -> None:
    vnet = SUBNET.rpartition("/subnets/")[0]
    second = {"subnet": SUBNET.upper().replace("RESOURCEGROUPS", "resourceGroups"), "dns": {"zoneId": ZONE}}
    values = with_endpoints(dev, {}, second, vnet={"id": vnet}, subnet={"id": f"{vnet}/subnets/main"})
    assert mistakes(values) == [f"network.privateEndpoints[1]: {TAKEN}"]


def test_two_networks_cannot_share_a_zone(dev: Values, mistakes: Mistakes) -> None:
    values = with_endpoints(dev, {}, {"subnet": SUBNET, "dns": {"zoneId": ZONE}}, dns={"zoneId": ZONE.lower()})
    [line] = mistakes(values)
    assert line.startswith("network.privateEndpoints[1].dns.zoneId: ")
    assert line.endswith("is not accepted; a zone that network.dns.zoneId does not name: one zone a network")


@pytest.mark.parametrize(
    ("endpoint", "line"),
    [
        ({"approval": "later"}, "approval: later is not accepted; automatic or manual"),
        ({"requestMessage": "please"}, "requestMessage: please is not accepted; nothing unless approval is manual"),
        (
            {"approval": "manual", "requestMessage": "p" * 141},
            f"requestMessage: {'p' * 141} is not accepted; at most 140 characters",
        ),
        ({"approvalMinutes": 5}, "approvalMinutes: 5 is not accepted; 0 unless approval is manual"),
        (
            {"approval": "manual", "approvalMinutes": 1441},
            "approvalMinutes: 1441 is not accepted; 0 to 1440 minutes",
        ),
        ({"location": "eastus"}, "location: eastus is not accepted; nothing without subnet"),
        (
            {"dns": "external"},
            "dns: external is not accepted; nothing without subnet (managed-hsm:network.dns says it)",
        ),
        ({"subnet": SUBNET}, "dns: is missing; zoneId of that network's own zone, or external, as subnet is said"),
        (
            {"subnet": BRANCH + "/virtualNetworks/branch", "dns": "external"},
            f"subnet: {BRANCH}/virtualNetworks/branch is not accepted; the ARM id of a subnet",
        ),
        (
            {"subnet": SUBNET, "dns": {"zoneId": ZONE.replace("managedhsm", "vaultcore")}},
            f"dns.zoneId: {ZONE.replace('managedhsm', 'vaultcore')} is not accepted; the ARM id of a private DNS zone"
            " privatelink.managedhsm.azure.net",
        ),
    ],
)
def test_what_makes_no_sense_is_one_line(dev: Values, mistakes: Mistakes, endpoint: Values, line: str) -> None:
    assert mistakes(with_endpoints(dev, endpoint)) == [f"network.privateEndpoints[0].{line}"]
