"""Virtual machines and what leads to them, made through ARM."""

from __future__ import annotations

from typing import Any

from tests.unit.local_azure.arm.support import COMPUTE, GROUP, NETWORK, SUBNET, VNET, ZONE, ArmClient

HOST = "az400popmhsm.managedhsm.azure.net"
LINK_HOST = "az400popmhsm.privatelink.managedhsm.azure.net"
FRONT_END = "eastus2.prod.managedhsm.azure.net"
LINK, RECORD = f"{ZONE}/virtualNetworkLinks/managedhsmzone", f"{ZONE}/A/az400popmhsm"
MACHINES = f"{GROUP}/providers/Microsoft.Compute/virtualMachines"
MACHINE = f"{MACHINES}/testvmmhsm"
INTERFACES = f"{GROUP}/providers/Microsoft.Network/networkInterfaces"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
IDENTITY = "2023-01-31"


def interface_body(subnet: str = SUBNET) -> dict[str, Any]:
    """A network interface with one address."""
    configuration = {"name": "one", "properties": {"subnet": {"id": subnet}}}
    return {"location": "westus", "properties": {"ipConfigurations": [configuration]}}


def machine_body(name: str, **more: Any) -> dict[str, Any]:
    """An Ubuntu machine on the interface of its own name."""
    return {
        "location": "westus",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {
                "imageReference": {
                    "publisher": "Canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "latest",
                }
            },
            "osProfile": {"computerName": name, "adminUsername": "azureuser", "adminPassword": "Contoso-123456"},
            "networkProfile": {"networkInterfaces": [{"id": f"{INTERFACES}/{name}"}]},
        },
        **more,
    }


def make_machine(arm: ArmClient, name: str, identity: dict[str, Any] | None = None, subnet: str = SUBNET) -> Any:
    """A machine with its interface, as ARM shows it."""
    arm.made(f"{INTERFACES}/{name}", NETWORK, interface_body(subnet))
    body = machine_body(name, **({} if identity is None else {"identity": identity}))
    return arm.made(f"{MACHINES}/{name}", COMPUTE, body)


def make_identity(arm: ArmClient, name: str) -> Any:
    """A user-assigned identity."""
    return arm.made(f"{IDENTITIES}/{name}", IDENTITY, {"location": "westus"})


def user_assigned(*names: str, system: bool = False) -> dict[str, Any]:
    """The ``identity`` of a machine that has these."""
    kind = "SystemAssigned, UserAssigned" if system else "UserAssigned"
    return {"type": kind, "userAssignedIdentities": {f"{IDENTITIES}/{name}": {} for name in names}}


def link_body(network: str = VNET, **properties: Any) -> dict[str, Any]:
    """A link of a private zone to a network."""
    wanted = {"virtualNetwork": {"id": network}, "registrationEnabled": False, **properties}
    return {"location": "global", "properties": wanted}
