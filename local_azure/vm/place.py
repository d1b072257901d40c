"""What a machine is, read from what ARM knows: where it stands, which addresses it has, whether it has a way out."""

from __future__ import annotations

from dataclasses import dataclass

from local_azure.arm import ids
from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import JsonObject, Origin
from local_azure.core.world import World
from local_azure.vm import addresses

MACHINE = "Microsoft.Compute/virtualMachines"
INTERNET = "internet"
_ON = "running"


class NoSuchMachine(Exception):
    """There is no such machine, or it is off; one line."""


@dataclass(frozen=True)
class Place:
    """Somewhere in the network that commands can run: a virtual machine, or the internet."""

    id: str
    """ARM id of the machine, or ``internet``."""
    vm_id: str
    """What tells it from an earlier machine of the same name; empty for ``internet``."""
    hostname: str
    network_id: str | None
    """ARM id of its virtual network; None on the internet."""
    private_addresses: tuple[str, ...]
    public_address: str | None
    """Where its connections to public endpoints come from; None where it has no way out."""
    resolver: str
    """Address of its DNS server."""

    @property
    def is_machine(self) -> bool:
        """Whether it is a virtual machine."""
        return self.network_id is not None

    def origin(self, private_endpoint_id: str | None = None) -> Origin:
        """As firewalls see its connections: through a private endpoint, or by its way out."""
        if private_endpoint_id is None:
            return Origin(self.id, self.public_address)
        return Origin(self.id, None, private_endpoint_id, self.private_addresses[0])


def find(world: World, name: str) -> Place:
    """The place of that name: ``internet``, a machine's name, ``group/name``, or its ARM id. Raises NoSuchMachine."""
    if name.lower() == INTERNET:
        return Place(INTERNET, "", INTERNET, None, (), addresses.STRANGER, addresses.INTERNET_RESOLVER)
    machines = Resources(world).of_type(MACHINE)
    found = [each for each in machines if name.lower() in _names(each)]
    if not found:
        known = ", ".join([each.name for each in machines] + [INTERNET])
        raise NoSuchMachine(f"There is no virtual machine {name!r} in the local Azure; there is {known}.")
    if len(found) > 1:
        choices = ", ".join(f"{ids.group_of(each.id)}/{each.name}" for each in found)
        raise NoSuchMachine(f"There are several virtual machines {name!r}: say {choices}.")
    return _place(world, found[0])


def of_machine(world: World, machine_id: str) -> Place:
    """The place of a machine by its ARM id. Raises NoSuchMachine."""
    stored = Resources(world).find(machine_id)
    if stored is None:
        raise NoSuchMachine(f"There is no virtual machine {machine_id}.")
    return _place(world, stored)


def all_vm_ids(world: World) -> set[str]:
    """``vmId`` of every machine that exists, switched on or not."""
    return {str(each.properties["vmId"]) for each in Resources(world).of_type(MACHINE)}


def configurations(world: World, machine: Stored) -> list[JsonObject]:
    """``properties`` of the IP configurations of its network interfaces, the primary interface first."""
    resources = Resources(world)
    references = machine.properties["networkProfile"].get("networkInterfaces", [])
    ordered = sorted(references, key=lambda each: not each.get("properties", {}).get("primary", False))
    interfaces = [found for each in ordered if (found := resources.find(each["id"])) is not None]
    return [each["properties"] for interface in interfaces for each in interface.properties["ipConfigurations"]]


def network_of(subnet_id: str) -> str:
    """The ARM id of the virtual network that a subnet is in."""
    return subnet_id.rpartition("/subnets/")[0]


def _names(machine: Stored) -> tuple[str, ...]:
    name = machine.name.lower()
    return (name, f"{ids.group_of(machine.id)}/{name}".lower(), machine.id.lower())


def _place(world: World, machine: Stored) -> Place:
    power = machine.hidden.get("power", _ON)
    if power != _ON:
        raise NoSuchMachine(f"The virtual machine {machine.name} is {power}; start it first.")
    found = configurations(world, machine)
    if not found:
        raise NoSuchMachine(f"The virtual machine {machine.name} has no network interface.")
    subnet_id = found[0]["subnet"]["id"]
    return Place(
        id=machine.id,
        vm_id=machine.properties["vmId"],
        hostname=machine.properties.get("osProfile", {}).get("computerName", machine.name),
        network_id=network_of(subnet_id),
        private_addresses=tuple(each["privateIPAddress"] for each in found),
        public_address=_way_out(world, machine, subnet_id),
        resolver=addresses.RESOLVER,
    )


def _way_out(world: World, machine: Stored, subnet_id: str) -> str | None:
    """Default outbound access, which a private subnet does not give ("Default outbound access in Azure")."""
    resources = Resources(world)
    subnet = resources.find(subnet_id)
    if subnet is None or subnet.properties.get("defaultOutboundAccess") is False:
        return None
    return addresses.of_machine(world, machine.id, {each.id.lower() for each in resources.of_type(MACHINE)})
