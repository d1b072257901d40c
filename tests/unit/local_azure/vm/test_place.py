"""What a machine is, by what ARM knows of it."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import World
from local_azure.vm import place
from local_azure.vm.place import NoSuchMachine
from tests.unit.local_azure.arm.support import COMPUTE, GROUP, NETWORK, SUBNET, SUBSCRIPTION, VNET, ArmClient
from tests.unit.local_azure.vm.support import INTERFACES, MACHINE, MACHINES, interface_body, machine_body, make_machine


def test_a_machine_is_found_by_name_by_group_and_name_and_by_id(world: World, machine: Any) -> None:
    found = place.find(world, "testvmmhsm")
    assert (found.id, found.vm_id, found.hostname) == (MACHINE, machine["properties"]["vmId"], "testvmmhsm")
    assert (found.network_id, found.private_addresses) == (VNET, ("10.0.1.4",))
    assert found == place.find(world, "TestVmMhsm") == place.find(world, "contosoresourcegroup/testvmmhsm")
    assert found == place.find(world, MACHINE.upper()) == place.of_machine(world, MACHINE)


def test_an_unknown_machine_is_refused_with_those_that_there_are(world: World, arm: ArmClient, machine: Any) -> None:
    del machine
    make_machine(arm, "batch-1")
    with pytest.raises(NoSuchMachine, match=r"no virtual machine 'nobody'.*there is batch-1, testvmmhsm, internet"):
        place.find(world, "nobody")


def test_without_machines_there_is_the_internet(world: World) -> None:
    with pytest.raises(NoSuchMachine, match="there is internet"):
        place.find(world, "testvmmhsm")
    outside = place.find(world, "internet")
    assert (outside.is_machine, outside.public_address) == (False, "198.51.100.10")


def test_a_name_in_two_groups_must_say_which(world: World, arm: ArmClient, machine: Any) -> None:
    del machine
    other = f"{SUBSCRIPTION}/resourceGroups/Other"
    arm.put(other, "2024-03-01", {"location": "westus"})
    interface = INTERFACES.replace(GROUP, other) + "/testvmmhsm"
    arm.made(interface, NETWORK, interface_body())
    body = machine_body("testvmmhsm")
    body["properties"]["networkProfile"]["networkInterfaces"] = [{"id": interface}]
    arm.made(f"{MACHINES.replace(GROUP, other)}/testvmmhsm", COMPUTE, body)
    with pytest.raises(NoSuchMachine, match="say ContosoResourceGroup/testvmmhsm, Other/testvmmhsm"):
        place.find(world, "testvmmhsm")
    assert place.find(world, "other/testvmmhsm").id.startswith(other)


@pytest.mark.parametrize(("action", "power"), [("deallocate", "deallocated"), ("powerOff", "stopped")])
def test_a_machine_that_is_off_says_so(world: World, arm: ArmClient, machine: Any, action: str, power: str) -> None:
    del machine
    arm.finish(arm.post(f"{MACHINE}/{action}", COMPUTE))
    with pytest.raises(NoSuchMachine, match=f"testvmmhsm is {power}; start it first"):
        place.find(world, "testvmmhsm")
    arm.finish(arm.post(f"{MACHINE}/start", COMPUTE))
    assert place.find(world, "testvmmhsm").is_machine


def test_every_machine_has_a_way_out_of_its_own_and_keeps_it(world: World, arm: ArmClient, machine: Any) -> None:
    del machine
    make_machine(arm, "batch-1")
    first, second = place.find(world, "testvmmhsm"), place.find(world, "batch-1")
    assert {first.public_address, second.public_address} == {"192.0.2.4", "192.0.2.5"}
    arm.gone(f"{MACHINES}/batch-1", COMPUTE)
    assert place.find(world, "testvmmhsm") == first


def test_a_private_subnet_gives_no_way_out(world: World, arm: ArmClient, machine: Any) -> None:
    del machine
    body = {"properties": {"addressPrefix": "10.0.1.0/24", "defaultOutboundAccess": False}}
    arm.made(SUBNET, NETWORK, body)
    assert place.find(world, "testvmmhsm").public_address is None


def test_a_machine_that_is_made_again_is_another_one(world: World, arm: ArmClient, machine: Any) -> None:
    del machine
    before = place.find(world, "testvmmhsm")
    arm.gone(MACHINE, COMPUTE)
    arm.made(MACHINE, COMPUTE, machine_body("testvmmhsm"))
    assert place.find(world, "testvmmhsm").vm_id != before.vm_id
    assert place.all_vm_ids(world) == {place.find(world, "testvmmhsm").vm_id}
