"""ARM without a network, with more and more of the walkthrough standing in it."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import World
from tests.unit.local_azure.arm.support import (
    ENDPOINT,
    GROUP,
    KEY_VAULT,
    NETWORK,
    POOL,
    SUBNET,
    VNET,
    ArmClient,
    endpoint_body,
    network_body,
    pool_body,
    subnet_body,
)


@pytest.fixture
def arm(world: World) -> ArmClient:
    """ARM as the deployer calls it."""
    return ArmClient(world)


@pytest.fixture
def group(arm: ArmClient) -> str:
    """The walkthrough's resource group."""
    answer = arm.put(GROUP, "2024-03-01", {"location": "eastus2"})
    assert answer.status == 201, answer
    return GROUP


@pytest.fixture
def pool(arm: ArmClient, group: str) -> Any:
    """The walkthrough's managed HSM."""
    del group
    return arm.made(POOL, KEY_VAULT, pool_body())


@pytest.fixture
def subnet(arm: ArmClient, group: str) -> Any:
    """The walkthrough's virtual network and subnet."""
    del group
    arm.made(VNET, NETWORK, network_body())
    return arm.made(SUBNET, NETWORK, subnet_body("10.0.1.0/24"))


@pytest.fixture
def endpoint(arm: ArmClient, pool: Any, subnet: Any) -> Any:
    """The walkthrough's private endpoint to the pool."""
    del pool, subnet
    return arm.made(ENDPOINT, NETWORK, endpoint_body())
