"""Which addresses of a network lead to what."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import World
from local_azure.vm import endpoints
from local_azure.vm.endpoints import PrivateEndpoint
from tests.unit.local_azure.arm.support import (
    ENDPOINT,
    GROUP,
    KEY_VAULT,
    NETWORK,
    POOL,
    VNET,
    ArmClient,
    endpoint_body,
)
from tests.unit.local_azure.vm.support import HOST

OTHER_NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vneteast"


def decide(arm: ArmClient, status: str) -> None:
    (connection,) = arm.get(POOL, KEY_VAULT).body["properties"]["privateEndpointConnections"]
    body = {"properties": {"privateLinkServiceConnectionState": {"status": status, "description": "by hand"}}}
    arm.finish(arm.put(connection["id"], KEY_VAULT, body))


@pytest.mark.usefixtures("endpoint")
def test_an_approved_endpoint_leads_to_the_host_of_its_pool_in_its_network_only(world: World) -> None:
    assert endpoints.in_network(world, VNET.upper()) == [PrivateEndpoint(ENDPOINT, "10.0.1.4", HOST)]
    assert endpoints.in_network(world, OTHER_NETWORK) == []
    assert endpoints.leads_to(world, POOL)


def test_one_that_waits_leads_nowhere_until_it_is_approved(
    world: World, arm: ArmClient, pool: Any, subnet: Any
) -> None:
    del pool, subnet
    arm.made(ENDPOINT, NETWORK, endpoint_body(manual=True))
    assert (endpoints.in_network(world, VNET), endpoints.leads_to(world, POOL)) == ([], False)
    decide(arm, "Approved")
    assert [each.host for each in endpoints.in_network(world, VNET)] == [HOST]
    decide(arm, "Rejected")
    assert (endpoints.in_network(world, VNET), endpoints.leads_to(world, POOL)) == ([], False)


@pytest.mark.usefixtures("endpoint")
def test_an_endpoint_whose_pool_was_deleted_leads_nowhere(world: World, arm: ArmClient) -> None:
    arm.gone(POOL, KEY_VAULT)
    assert endpoints.in_network(world, VNET) == []
