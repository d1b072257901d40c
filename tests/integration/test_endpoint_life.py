"""What happens to a private endpoint while a stack lives: asked for, approved, lost with its pool, made anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.by_hand import NETWORKS, POOLS, SUBSCRIPTION, ByHand
from tests.integration.project import Project

pytestmark = pytest.mark.engine

GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/privateendpointmainsubnet"
CONNECTION = f"{POOL}/privateEndpointConnections/privatelinkmain"


def state_of(hand: ByHand, kind: str) -> str:
    """What the endpoint says of its connection."""
    (connection,) = hand.arm("GET", ENDPOINT, NETWORKS)["properties"][kind]
    return str(connection["properties"]["privateLinkServiceConnectionState"]["status"])


def with_endpoint(project: Project, **changes: Any) -> None:
    network = project.configured("network")
    network["privateEndpoints"] = [{**network["privateEndpoints"][0], **changes}]
    project.configure(network=network)


def test_an_endpoint_is_approved_by_somebody_else_and_made_anew_after_its_pool_was_recovered(project: Project) -> None:
    project.configure(
        keys={"myrsakey": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]}},
        roleAssignments=[{"role": "Managed HSM Crypto User", "principal": "deployer", "scope": "/keys"}],
        identities=None,
        vault=None,
    )
    with_endpoint(project, approval="manual", requestMessage="Payments asks")
    hand = ByHand(project.instance)

    # Nobody approves yet: all else is set up, and the line says what is missing and how it is given.
    first = project.up()
    asked = "private endpoint privateendpointmainsubnet: its connection to az400popMHSM waits for approval"
    assert (
        f"{asked} — the pool's owner gives it by: az keyvault private-endpoint-connection approve --id {CONNECTION}"
        in (first.output)
    )
    key = project.outputs()["keys"]["myrsakey"]["id"]
    assert state_of(hand, "manualPrivateLinkServiceConnections") == "Pending"

    approved = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    hand.arm("PUT", CONNECTION, POOLS, approved)
    # The approval is no drift of the endpoint, and nothing has to be done about it.
    approval = project.pulumi("up", "--yes", "--refresh", "--skip-preview")
    assert "unchanged" in approval.changes().splitlines()[1], approval.output

    hand.arm("DELETE", POOL, POOLS)
    hand.arm("PUT", POOL, POOLS, {"location": "eastus2", "properties": {"createMode": "recover"}})
    assert state_of(hand, "manualPrivateLinkServiceConnections") == "Disconnected"
    network = project.configured("network")
    del network["privateEndpoints"][0]["approval"]
    del network["privateEndpoints"][0]["requestMessage"]
    domain = {**project.configured("securityDomain"), "reissue": "az400popMHSM"}
    project.configure(network=network, securityDomain=domain)
    recovered = project.pulumi("up", "--yes", "--refresh", "--skip-preview")
    assert state_of(hand, "privateLinkServiceConnections") == "Approved", recovered.output
    records = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net/A/az400popmhsm"
    assert hand.arm("GET", records, "2024-06-01")["properties"]["aRecords"] == [{"ipv4Address": "10.0.1.4"}]
    assert project.outputs()["keys"]["myrsakey"]["id"] == key

    # Somebody ends the connection by hand: a refresh sees it, the line names the command, and the command helps.
    hand.arm("PUT", CONNECTION, POOLS, {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected"}}})
    lost = project.pulumi("up", "--yes", "--refresh", "--skip-preview", check=False)
    assert lost.status != 0
    assert "its connection was rejected by the owner of az400popMHSM, for good — make the endpoint anew: pulumi up" in (
        lost.output
    )
    command = lost.output.partition("make the endpoint anew: pulumi up --replace '")[2].partition("'")[0]
    project.up("--replace", command)
    assert state_of(hand, "privateLinkServiceConnections") == "Approved"
    project.pulumi("preview", "--expect-no-changes")
