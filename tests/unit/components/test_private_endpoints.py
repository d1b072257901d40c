"""Private endpoints as the program declares them: where, with whose approval, who waits for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Program, declare, dev

CLOSED = {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}
BRANCH = f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/Branch/providers/Microsoft.Network"
SUBNET = f"{BRANCH}/virtualNetworks/branch/subnets/hsm"
ZONE = f"{BRANCH}/privateDnsZones/privatelink.managedhsm.azure.net"
BRANCH_ENDPOINT = {"name": "branch", "subnet": SUBNET, "location": "eastus", "dns": {"zoneId": ZONE}}
CONNECTION = "mhsm:EndpointConnection privateendpointmainsubnet-connection"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def declared(directory: Path, *more: dict[str, Any], firewall: Any = None, proof: bool = True, **main: Any) -> Program:
    values = dev()
    network = values["managed-hsm:network"]
    network["privateEndpoints"] = [{**network["privateEndpoints"][0], **main}, *more]
    if firewall is not None:
        values["managed-hsm:hsm"]["firewall"] = firewall
    values["managed-hsm:proof"] = {"run": proof}
    return declare(parse(values, directory))


def test_an_endpoint_that_the_deployer_approves_is_looked_at_without_waiting_for_the_set_up(directory: Path) -> None:
    connection = declared(directory)[CONNECTION]
    assert "privateendpointmainsubnet" in connection.dependencies
    assert "security-domain" not in connection.dependencies
    assert connection.deleted_with == "managed-hsm"


def test_a_manual_connection_asks_the_pools_owner(directory: Path) -> None:
    program = declared(directory, approval="manual", requestMessage="Payments asks", approvalMinutes=30)
    endpoint = program["network:PrivateEndpoint privateendpointmainsubnet"].inputs
    assert endpoint["privateLinkServiceConnections"] == []
    (asked,) = endpoint["manualPrivateLinkServiceConnections"]
    assert (asked["name"], asked["requestMessage"]) == ("privatelinkmain", "Payments asks")
    assert program[CONNECTION].inputs["approval_minutes"] == 30


def test_an_approval_that_is_missing_keeps_nothing_from_being_set_up(directory: Path) -> None:
    program = declared(directory, approval="manual")
    assert {"security-domain", "myrsakey"} <= program[CONNECTION].dependencies
    assert program.of("mhsm:SecurityDomain")[0].dependencies.isdisjoint({"privateendpointmainsubnet-connection"})


@pytest.mark.parametrize(
    ("proof", "firewall", "needed"), [(True, None, True), (False, None, False), (False, CLOSED, True)]
)
def test_an_approval_is_needed_by_a_proof_or_where_there_is_no_other_way(
    directory: Path, proof: bool, firewall: Any, needed: bool
) -> None:
    program = declared(directory, approval="manual", proof=proof, firewall=firewall)
    assert program[CONNECTION].inputs["needed"] is needed


def test_a_closed_pool_is_activated_once_its_connection_is_approved(directory: Path) -> None:
    program = declared(directory, firewall=CLOSED, approval="manual")
    assert "privateendpointmainsubnet-connection" in program.of("mhsm:SecurityDomain")[0].dependencies
    assert "security-domain" not in program[CONNECTION].dependencies


def test_the_proof_waits_for_the_connection(directory: Path) -> None:
    (proof,) = declared(directory).of("mhsm:Proof")
    assert "privateendpointmainsubnet-connection" in proof.dependencies


def test_an_endpoint_in_another_network_keeps_its_record_in_that_networks_zone(directory: Path) -> None:
    program = declared(directory, BRANCH_ENDPOINT)
    endpoint = program["network:PrivateEndpoint branch"].inputs
    assert (endpoint["subnet"]["id"], endpoint["location"]) == (SUBNET, "eastus")
    zones = {
        name: program[f"network:PrivateDnsZoneGroup {name}-dns"].inputs["privateDnsZoneConfigs"][0]["privateDnsZoneId"]
        for name in ("privateendpointmainsubnet", "branch")
    }
    assert zones == {"privateendpointmainsubnet": "private-zone-id", "branch": ZONE}


def test_an_endpoint_in_another_network_may_leave_names_to_somebody_else(directory: Path) -> None:
    program = declared(directory, {**BRANCH_ENDPOINT, "dns": "external"})
    assert [each.name for each in program.of("network:PrivateDnsZoneGroup")] == ["privateendpointmainsubnet-dns"]


def test_the_machine_is_promised_the_endpoint_of_its_own_network(directory: Path) -> None:
    (proof,) = declared(directory, BRANCH_ENDPOINT).of("mhsm:Proof")
    assert len(proof.inputs["private_addresses"]) == 1
    assert proof.dependencies >= {"privateendpointmainsubnet"}


def test_an_endpoint_is_bound_to_the_pool_of_today_and_not_to_its_id_alone(directory: Path) -> None:
    instance = declared(directory)["mhsm:TargetInstance privateendpointmainsubnet-target"]
    assert instance.inputs["target_id"] == "managed-hsm-id"
    assert instance.inputs["created_at"] == "2026-11-01T10:00:00.0000000Z"
