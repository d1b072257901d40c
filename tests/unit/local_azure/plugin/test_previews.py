from __future__ import annotations

from local_azure.plugin.values import UNKNOWN, from_struct
from tests.unit.local_azure.plugin.fake_arm import (
    HSM,
    HSM_ID,
    VNET,
    VNET_ID,
    Engine,
)


def test_a_preview_of_a_creation_knows_the_inputs_and_nothing_that_the_service_computes(pulumi: Engine) -> None:
    shown = from_struct(pulumi.create("keyvault:ManagedHsm", HSM, preview=True).properties)
    assert shown["location"] == "eastus2"
    assert shown["type"] is UNKNOWN
    assert shown["systemData"] is UNKNOWN
    assert shown["properties"]["softDeleteRetentionInDays"] == 28
    assert shown["properties"]["hsmUri"] is UNKNOWN
    assert shown["properties"]["networkAcls"]["defaultAction"] == "Allow"
    assert shown["properties"]["networkAcls"]["ipRules"] is UNKNOWN
    subnets = {**VNET, "subnets": [{"name": "s"}]}
    shown = from_struct(pulumi.create("network:VirtualNetwork", subnets, preview=True).properties)
    assert shown["subnets"][0]["name"] == "s"
    assert shown["subnets"][0]["id"] is UNKNOWN
    assert shown["azureApiVersion"] == "2024-05-01"


def test_a_preview_of_an_update_keeps_what_is_known(pulumi: Engine) -> None:
    old = {**HSM, "properties": {**HSM["properties"], "hsmUri": "https://contosohsm.managedhsm.azure.net/"}}
    del old["resourceGroupName"]
    new = {**HSM, "properties": {"softDeleteRetentionInDays": 28, "networkAcls": {"defaultAction": "Deny"}}}
    shown = pulumi.update("keyvault:ManagedHsm", HSM_ID, new, {**old, "systemData": {"createdAt": "t"}}, preview=True)
    assert shown["properties"]["hsmUri"] == "https://contosohsm.managedhsm.azure.net/"
    assert shown["properties"]["networkAcls"]["defaultAction"] == "Deny"
    assert shown["systemData"] == {"createdAt": "t"}
    assert "statusMessage" not in shown["properties"]


def test_an_identity_that_is_switched_on_has_no_principal_yet(pulumi: Engine) -> None:
    machine = {"resourceGroupName": "Contoso", "vmName": "vm", "location": "westus"}
    new = {**machine, "identity": {"type": "SystemAssigned"}}
    shown = pulumi.update("compute:VirtualMachine", "/vm", new, {"vmId": "1", "location": "westus"}, preview=True)
    assert shown["identity"]["principalId"] is UNKNOWN
    assert shown["vmId"] == "1"
    both = {**machine, "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": ["/i/1"]}}
    old = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i/1": {"principalId": "p"}}}}
    shown = pulumi.update("compute:VirtualMachine", "/vm", both, old, preview=True)
    assert shown["identity"]["principalId"] is UNKNOWN
    assert shown["identity"]["userAssignedIdentities"] == {"/i/1": {"principalId": "p"}}


def test_an_element_of_another_name_is_not_known_yet(pulumi: Engine) -> None:
    subnets = [{"name": "s", "addressPrefix": "10.0.1.0/24"}, {"name": "u", "addressPrefix": "10.0.3.0/24"}]
    old = [{"name": "s", "id": "/s", "addressPrefix": "10.0.1.0/24"}, {"name": "t", "id": "/t"}]
    shown = pulumi.update(
        "network:VirtualNetwork", VNET_ID, {**VNET, "subnets": subnets}, {"subnets": old}, preview=True
    )
    assert shown["subnets"][0] == old[0]
    assert shown["subnets"][1]["id"] is UNKNOWN
