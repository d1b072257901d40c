"""ARM without a network, and the walkthrough's virtual machine in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Azure
from tests.unit.local_azure.arm.conftest import arm, endpoint, group, pool, subnet
from tests.unit.local_azure.arm.support import COMPUTE, DNS, ZONE, ArmClient
from tests.unit.local_azure.vm.network import Network
from tests.unit.local_azure.vm.support import LINK, MACHINE, RECORD, link_body, make_machine

__all__ = ["arm", "endpoint", "group", "linked", "machine", "pool", "subnet"]


@pytest.fixture
def machine(arm: ArmClient, subnet: Any) -> Any:
    """``testvmmhsm`` with a system-assigned identity."""
    del subnet
    make_machine(arm, "testvmmhsm", {"type": "SystemAssigned"})
    return arm.get(MACHINE, COMPUTE).body


@pytest.fixture
def linked(arm: ArmClient, endpoint: Any, machine: Any) -> Any:
    """The private zone, linked to the network, with the pool's record."""
    del endpoint, machine
    arm.made(ZONE, DNS, {"location": "global"})
    arm.made(LINK, DNS, link_body(registrationEnabled=True))
    return arm.made(RECORD, DNS, {"properties": {"ttl": 3600, "aRecords": [{"ipv4Address": "10.0.1.4"}]}})


@pytest.fixture
def network(azure: Azure) -> Network:
    """The walkthrough's network with its machine, in a daemon."""
    made = Network(azure.instance)
    made.make_network()
    made.make_machine()
    return made
