"""The private endpoint's own traps, seen from inside of virtual machines: names resolve, connections are tried.

What goes wrong only because of how Azure is made is told by the proof, the script that the program runs on the machine.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from local_azure.instance import REPOSITORY
from tests.by_hand import DNS, MACHINES, NETWORKS, POOLS, SUBSCRIPTION, ByHand
from tests.in_machine import HSM, Answer, InMachine
from tests.support import Azure
from tests.unit.local_azure.arm.support import pool_body
from tests.unit.local_azure.managed_hsm.support import download_body
from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.support import HOST, link_body, machine_body

pytestmark = [pytest.mark.daemon, needs_namespaces]

GROUPS = "2024-03-01"
GROUP, OTHER_GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup", f"{SUBSCRIPTION}/resourceGroups/Branch"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
ZONE_NAME = "privatelink.managedhsm.azure.net"
CLOSED = {"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None", "defaultAction": "Deny", "ipRules": []}}
OPEN = {"publicNetworkAccess": "Enabled", "networkAcls": {"bypass": "None", "defaultAction": "Allow", "ipRules": []}}
_RESOLVE = f"import json, socket; print(json.dumps(socket.gethostbyname({HOST!r})))"
_CONNECT = """
import json, socket, sys
try:
    socket.create_connection((sys.argv[1], 443), timeout=3).close()
    print(json.dumps(True))
except OSError:
    print(json.dumps(False))
"""


def in_group(kind: str, name: str, group: str = GROUP) -> str:
    return f"{group}/providers/Microsoft.Network/{kind}/{name}"


@dataclass(frozen=True)
class Site:
    """A pool, and networks that somebody leads to it by hand."""

    azure: Azure
    hand: ByHand

    def network(self, name: str, prefix: str) -> None:
        """A virtual network of one subnet, with a machine of the same name that has an identity."""
        subnets = [{"name": "main", "properties": {"addressPrefix": f"{prefix}.1.0/24"}}]
        space = {"addressSpace": {"addressPrefixes": [f"{prefix}.0.0/16"]}, "subnets": subnets}
        network = in_group("virtualNetworks", name)
        self.hand.arm("PUT", network, NETWORKS, {"location": "westus", "properties": space})

    def machine(self, name: str, network: str) -> InMachine:
        """A machine of the network, with an identity of its own. Later than the endpoint, which gets .4 so."""
        configuration = {"name": "one", "properties": {"subnet": {"id": self.subnet(network)}}}
        interface = in_group("networkInterfaces", name)
        body = {"location": "westus", "properties": {"ipConfigurations": [configuration]}}
        self.hand.arm("PUT", interface, NETWORKS, body)
        made = machine_body(name, identity={"type": "SystemAssigned"})
        made["properties"]["networkProfile"]["networkInterfaces"] = [{"id": interface}]
        self.hand.arm("PUT", f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{name}", MACHINES, made)
        return InMachine(self.azure.instance, name)

    def principal(self, machine: str) -> str:
        """Whom the machine's token speaks for."""
        found = self.hand.arm("GET", f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{machine}", MACHINES)
        return str(found["identity"]["principalId"])

    def subnet(self, network: str) -> str:
        return f"{in_group('virtualNetworks', network)}/subnets/main"

    def endpoint(self, name: str, network: str, *, manual: bool = False) -> None:
        """A private endpoint of the pool."""
        connection = {"name": name, "properties": {"privateLinkServiceId": POOL, "groupIds": ["managedhsm"]}}
        kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
        properties = {"subnet": {"id": self.subnet(network)}, kind: [connection]}
        body = {"location": "westus", "properties": properties}
        self.hand.arm("PUT", in_group("privateEndpoints", name), NETWORKS, body)

    def zone(self, *networks: str, name: str = ZONE_NAME, group: str = GROUP) -> str:
        """A private zone that is linked to the networks."""
        zone = in_group("privateDnsZones", name, group)
        self.hand.arm("PUT", zone, DNS, {"location": "global"})
        for network in networks:
            body = link_body(in_group("virtualNetworks", network))
            self.hand.arm("PUT", f"{zone}/virtualNetworkLinks/{network}", DNS, body)
        return zone

    def zone_group(self, endpoint: str, zone: str) -> None:
        """Lets the endpoint keep its record in the zone."""
        configs = [{"name": "managedhsm", "properties": {"privateDnsZoneId": zone}}]
        group = f"{in_group('privateEndpoints', endpoint)}/privateDnsZoneGroups/default"
        self.hand.arm("PUT", group, NETWORKS, {"properties": {"privateDnsZoneConfigs": configs}})

    def decide(self, connection: str, status: str) -> None:
        """The pool's owner approves or rejects."""
        state = {"privateLinkServiceConnectionState": {"status": status, "description": "by the owner"}}
        self.hand.arm("PUT", f"{POOL}/privateEndpointConnections/{connection}", POOLS, {"properties": state})

    def roles(self, machine: InMachine) -> Answer:
        """What the deployer, who administers the pool, is answered on the machine."""
        url = f"https://{HOST}/providers/Microsoft.Authorization/roleDefinitions?api-version=7.4"
        return machine.ask("GET", url, self.hand.token(HSM))

    def activate(self, machine: InMachine) -> None:
        """Activates the pool from there."""
        url = f"https://{HOST}/securitydomain/download"
        answer = machine.ask("POST", f"{url}?api-version=7.5", self.hand.token(HSM), download_body())
        assert answer.status == 202, answer.text
        pending = machine.ask("GET", f"{url}/pending?api-version=7.5", self.hand.token(HSM))
        assert pending.json["status"] == "Success"

    def pool(self, **properties: Any) -> None:
        self.hand.arm("PUT", POOL, POOLS, pool_body(**properties))

    def proved(self, machine: str, *addresses: str) -> dict[str, Any]:
        """What each step of the proof finds on the machine."""
        promise = {
            "host": HOST,
            "privateAddresses": addresses,
            "principalId": self.principal(machine),
            "clientId": "",
            "key": "myrsakey",
            "lists": True,
            "publicWay": "closed",
            "patienceSeconds": 0,
        }
        command = ["env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-m", "workload.proof", json.dumps(promise)]
        done = InMachine(self.azure.instance, machine).run(*command)
        steps: dict[str, Any] = json.loads(done.stdout)["steps"]
        return steps


@pytest.fixture
def site(azure: Azure) -> Site:
    """A pool without a public way, and the network ``west``."""
    made = Site(azure, ByHand(azure.instance))
    for group in (GROUP, OTHER_GROUP):
        made.hand.arm("PUT", group, GROUPS, {"location": "westus"})
    made.pool(**CLOSED)
    made.network("west", "10.0")
    return made


def name_at(machine: InMachine) -> str:
    return str(machine.python(_RESOLVE))


def connects(machine: InMachine, address: str) -> bool:
    return bool(machine.python(_CONNECT, address))


def is_private(address: str) -> bool:
    return address.startswith("10.")


def inner_code(answer: Answer) -> str:
    return str(answer.error.get("innererror", {}).get("code", ""))


def test_an_endpoint_that_stands_before_the_activation_carries_the_activation_and_all_that_follows(site: Site) -> None:
    site.endpoint("first", "west")
    site.zone_group("first", site.zone("west"))
    machine = site.machine("vm-west", "west")
    assert name_at(machine) == "10.0.1.4"
    site.activate(machine)
    assert site.roles(machine).status == 200


def test_an_endpoint_that_is_made_after_the_activation_leads_in_from_a_machine_that_runs_already(site: Site) -> None:
    site.pool(**OPEN)
    machine = site.machine("vm-west", "west")
    assert not is_private(name_at(machine))
    site.activate(machine)
    site.pool(**CLOSED)
    assert inner_code(site.roles(machine)) == "ForbiddenByFirewall"
    site.endpoint("first", "west")
    site.zone_group("first", site.zone("west"))
    assert is_private(name_at(machine))
    assert site.roles(machine).status == 200


def test_a_connection_leads_in_from_its_approval_until_it_is_rejected(site: Site) -> None:
    site.endpoint("first", "west", manual=True)
    site.zone_group("first", site.zone("west"))
    machine = site.machine("vm-west", "west")
    assert not is_private(name_at(machine))
    assert not connects(machine, "10.0.1.4")
    assert inner_code(site.roles(machine)) == "ForbiddenByFirewall"

    site.decide("first", "Approved")
    assert name_at(machine) == "10.0.1.4"
    site.activate(machine)
    assert site.roles(machine).status == 200

    site.decide("first", "Rejected")
    assert not connects(machine, "10.0.1.4")
    assert not is_private(name_at(machine))


def test_without_a_link_the_name_stays_public_and_the_proof_says_so(site: Site) -> None:
    site.endpoint("first", "west")
    site.zone_group("first", site.zone())
    machine = site.machine("vm-west", "west")
    public = name_at(machine)
    assert not is_private(public)
    assert connects(machine, "10.0.1.4")
    assert inner_code(site.roles(machine)) == "ForbiddenByFirewall"
    steps = site.proved("vm-west", "10.0.1.4")
    assert steps["name"] == {"passed": False, "found": f"{HOST} is {public} here, not 10.0.1.4"}
    assert not steps["list"]["passed"]
    assert "ForbiddenByFirewall" in steps["list"]["found"]


@pytest.mark.parametrize("name", ["privatelink.vaultcore.azure.net", "privatelink.hsm.azure.net"])
def test_a_zone_of_another_name_answers_for_nobody_and_the_proof_says_so(site: Site, name: str) -> None:
    site.endpoint("first", "west")
    site.zone_group("first", site.zone("west", name=name))
    machine = site.machine("vm-west", "west")
    assert not is_private(name_at(machine))
    assert not site.proved("vm-west", "10.0.1.4")["name"]["passed"]


def test_a_recovered_pool_is_reached_by_an_endpoint_that_is_made_anew_and_by_no_other(site: Site) -> None:
    site.endpoint("first", "west")
    zone = site.zone("west")
    site.zone_group("first", zone)
    machine = site.machine("vm-west", "west")
    site.activate(machine)
    site.hand.arm("DELETE", POOL, POOLS)
    site.hand.arm("PUT", POOL, POOLS, {"location": "eastus2", "properties": {"createMode": "recover"}})
    assert not connects(machine, "10.0.1.4")
    assert inner_code(site.roles(machine)) == "ForbiddenByFirewall"

    site.hand.arm("DELETE", in_group("privateEndpoints", "first"), NETWORKS)
    site.endpoint("first", "west")
    site.zone_group("first", zone)
    assert is_private(name_at(machine))
    assert site.roles(machine).status == 200


def test_two_networks_with_a_zone_each_both_get_in(site: Site) -> None:
    site.network("east", "10.1")
    for network, group in (("west", GROUP), ("east", OTHER_GROUP)):
        site.endpoint(f"endpoint-{network}", network)
        site.zone_group(f"endpoint-{network}", site.zone(network, group=group))
    west, east = site.machine("vm-west", "west"), site.machine("vm-east", "east")
    assert (name_at(west), name_at(east)) == ("10.0.1.4", "10.1.1.4")
    site.activate(west)
    assert (site.roles(west).status, site.roles(east).status) == (200, 200)
    assert not connects(west, "10.1.1.4")


def test_of_two_networks_with_one_zone_the_first_is_led_astray_and_the_proof_says_so(site: Site) -> None:
    site.network("east", "10.1")
    zone = site.zone("west", "east")
    for network in ("west", "east"):
        site.endpoint(f"endpoint-{network}", network)
        site.zone_group(f"endpoint-{network}", zone)
    west, east = site.machine("vm-west", "west"), site.machine("vm-east", "east")
    assert (name_at(west), name_at(east)) == ("10.1.1.4", "10.1.1.4")
    assert not connects(west, "10.1.1.4")
    site.activate(east)
    steps = site.proved("vm-west", "10.0.1.4")
    assert steps["name"]["found"] == f"{HOST} is 10.1.1.4 here, not 10.0.1.4"
    assert not steps["list"]["passed"]
