"""Virtual machines and the identities that they have."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.entra import directory
from tests.unit.local_azure.arm.support import COMPUTE, GROUP, NETWORK, SUBNET, ArmClient

MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/testvmmhsm"
INTERFACE = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/testvmmhsm"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/batch"
IDENTITIES = "2023-01-31"


def machine_body(**more: Any) -> dict[str, Any]:
    return {
        "location": "westus",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {"imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts"}},
            "osProfile": {"computerName": "testvmmhsm", "adminUsername": "azureuser", "adminPassword": "secret"},
            "networkProfile": {"networkInterfaces": [{"id": INTERFACE}]},
        },
        **more,
    }


@pytest.fixture
def machine(arm: ArmClient, subnet: Any) -> Any:
    """The walkthrough's machine, without an identity yet."""
    del subnet
    configuration = {"name": "one", "properties": {"subnet": {"id": SUBNET}}}
    arm.made(INTERFACE, NETWORK, {"location": "westus", "properties": {"ipConfigurations": [configuration]}})
    return arm.made(MACHINE, COMPUTE, machine_body())


def test_a_machine_knows_its_interface_and_the_interface_its_machine(arm: ArmClient, machine: Any) -> None:
    assert machine["properties"]["provisioningState"] == "Succeeded"
    assert arm.get(INTERFACE, NETWORK).body["properties"]["virtualMachine"]["id"] == MACHINE
    assert arm.delete(INTERFACE, NETWORK).code == "NicInUse"


def test_a_password_is_nowhere(arm: ArmClient, machine: Any) -> None:
    assert "adminPassword" not in machine["properties"]["osProfile"]
    stored = str([document for _, document in arm.world.store.scan("arm.microsoft.compute/virtualmachines")])
    assert "'secret'" not in stored


def test_a_machine_keeps_its_image_and_may_have_another_size(arm: ArmClient, machine: Any) -> None:
    del machine
    body = machine_body()
    body["properties"]["hardwareProfile"]["vmSize"] = "Standard_D2s_v5"
    assert arm.made(MACHINE, COMPUTE, body)["properties"]["hardwareProfile"]["vmSize"] == "Standard_D2s_v5"
    body["properties"]["storageProfile"]["imageReference"] = {"publisher": "Debian", "offer": "debian-12"}
    answer = arm.put(MACHINE, COMPUTE, body)
    assert (answer.status, answer.code) == (409, "PropertyChangeNotAllowed")
    assert answer.message == "Changing property 'imageReference' is not allowed."


def test_a_system_assigned_identity_is_switched_on_later_and_goes_with_the_machine(
    arm: ArmClient, machine: Any
) -> None:
    assert "identity" not in machine
    arm.finish(arm.patch(MACHINE, COMPUTE, {"identity": {"type": "SystemAssigned"}}))
    identity = arm.get(MACHINE, COMPUTE).body["identity"]
    principal = directory.principal(arm.world, identity["principalId"])
    assert principal is not None
    assert principal.managed_identity_resource_id == MACHINE
    arm.finish(arm.patch(MACHINE, COMPUTE, {"tags": {"a": "b"}}))
    assert arm.get(MACHINE, COMPUTE).body["identity"] == identity
    arm.gone(MACHINE, COMPUTE)
    assert directory.principal(arm.world, identity["principalId"]) is None


def test_a_system_assigned_identity_can_be_switched_off(arm: ArmClient, machine: Any) -> None:
    assert machine
    arm.finish(arm.patch(MACHINE, COMPUTE, {"identity": {"type": "SystemAssigned"}}))
    principal = arm.get(MACHINE, COMPUTE).body["identity"]["principalId"]
    arm.finish(arm.patch(MACHINE, COMPUTE, {"identity": {"type": "None"}}))
    assert "identity" not in arm.get(MACHINE, COMPUTE).body
    assert directory.principal(arm.world, principal) is None


def test_a_user_assigned_identity_is_made_apart_and_survives_the_machine(arm: ArmClient, machine: Any) -> None:
    assert machine
    made = arm.put(IDENTITY, IDENTITIES, {"location": "westus"}).body
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}
    arm.finish(arm.patch(MACHINE, COMPUTE, body))
    shown = arm.get(MACHINE, COMPUTE).body["identity"]["userAssignedIdentities"][IDENTITY]
    assert shown == {name: made["properties"][name] for name in ("principalId", "clientId")}
    arm.gone(MACHINE, COMPUTE)
    assert directory.principal(arm.world, made["properties"]["principalId"]) is not None
    assert arm.delete(IDENTITY, IDENTITIES).status == 200
    assert directory.principal(arm.world, made["properties"]["principalId"]) is None


def test_an_identity_is_the_same_after_an_update(arm: ArmClient, group: str) -> None:
    assert group
    first = arm.put(IDENTITY, IDENTITIES, {"location": "westus"}).body
    second = arm.put(IDENTITY, IDENTITIES, {"location": "westus", "tags": {"a": "b"}}).body
    assert second["properties"] == first["properties"]


@pytest.mark.parametrize(
    "identity",
    [
        {"type": "UserAssigned"},
        {"type": "SystemAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        {"type": "Borrowed"},
    ],
)
def test_an_identity_that_makes_no_sense_is_refused(arm: ArmClient, machine: Any, identity: dict[str, Any]) -> None:
    assert machine
    assert arm.patch(MACHINE, COMPUTE, {"identity": identity}).status == 400


def test_a_machine_needs_an_interface_that_is_free_and_near(arm: ArmClient, machine: Any) -> None:
    assert machine
    other = MACHINE.replace("testvmmhsm", "other")
    assert arm.put(other, COMPUTE, machine_body()).code == "NicInUse"
    assert arm.put(MACHINE, COMPUTE, {**machine_body(), "location": "eastus"}).status == 409
    body = machine_body()
    body["properties"]["networkProfile"]["networkInterfaces"] = []
    assert arm.put(other, COMPUTE, body).status == 400
    body["properties"]["networkProfile"]["networkInterfaces"] = [{"id": INTERFACE + "x"}]
    assert arm.put(other, COMPUTE, body).status == 404


def test_the_instance_view_tells_the_power_state(arm: ArmClient, machine: Any) -> None:
    assert machine

    def power() -> str:
        view = arm.get(f"{MACHINE}?$expand=instanceView", COMPUTE).body["properties"]["instanceView"]
        return str(view["statuses"][-1]["code"])

    assert power() == "PowerState/running"
    assert arm.finish(arm.post(f"{MACHINE}/deallocate", COMPUTE)).body == {"status": "Succeeded"}
    assert power() == "PowerState/deallocated"
    statuses = arm.get(f"{MACHINE}/instanceView", COMPUTE).body["statuses"]
    assert statuses[-1]["code"] == "PowerState/deallocated"
    assert "instanceView" not in arm.get(MACHINE, COMPUTE).body["properties"]


@pytest.mark.parametrize("name", ["", "a/b", "../../up", "under_score", "two\nlines", "-first", "a" * 65])
def test_a_host_name_that_linux_would_not_take_is_refused(arm: ArmClient, machine: Any, name: str) -> None:
    assert machine
    body = machine_body()
    body["properties"]["osProfile"]["computerName"] = name
    answer = arm.put(MACHINE, COMPUTE, body)
    assert (answer.status, answer.code) == (400, "InvalidParameter")
    assert "Linux host name cannot exceed 64 characters" in answer.message
