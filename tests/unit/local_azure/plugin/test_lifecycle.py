from __future__ import annotations

from typing import Any

import grpc
import pytest

from local_azure.plugin.values import from_struct
from tests.unit.local_azure.plugin.fake_arm import (
    GROUP,
    HSM,
    HSM_ID,
    VNET,
    VNET_ID,
    Engine,
    FakeArm,
    refused,
)


def test_create_looks_first_puts_the_flat_inputs_nested_and_reads_the_outputs_back(
    pulumi: Engine, arm: FakeArm
) -> None:
    arm.computed = {"provisioningState": "Succeeded", "subnets": []}
    made = pulumi.create("network:VirtualNetwork", {**VNET, "subnets": [{"name": "s", "addressPrefix": "10.0.1.0/24"}]})
    calls = [(each.method, each.path) for each in arm.asked if each.path == VNET_ID]
    assert calls == [("GET", VNET_ID), ("PUT", VNET_ID), ("GET", VNET_ID)]
    assert arm.bodies("PUT") == [
        {
            "location": "westus",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.1.0/24"}}],
                "virtualNetworkPeerings": [],
            },
        }
    ]
    assert all(each.query == {"api-version": "2024-05-01"} for each in arm.asked if each.path == VNET_ID)
    assert made.id == VNET_ID
    assert from_struct(made.properties) == {
        "name": "vnetwest",
        "location": "westus",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [],
        "virtualNetworkPeerings": [],
        "provisioningState": "Succeeded",
        "azureApiVersion": "2024-05-01",
    }


def test_whole_numbers_stay_whole_and_user_assigned_identities_become_keys(pulumi: Engine, arm: FakeArm) -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/i/1"]}
    made = pulumi.create("keyvault:ManagedHsm", {**HSM, "identity": identity})
    sent = arm.bodies("PUT")[0]
    assert sent["properties"]["softDeleteRetentionInDays"] == 28
    assert isinstance(sent["properties"]["softDeleteRetentionInDays"], int)
    assert sent["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {"/i/1": {}}}
    assert from_struct(made.properties)["properties"]["softDeleteRetentionInDays"] == 28


def test_what_exists_is_not_taken_over(pulumi: Engine, arm: FakeArm) -> None:
    arm.resources[VNET_ID.lower()] = {"id": VNET_ID}
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("network:VirtualNetwork", VNET)
    assert refused(caught.value) == f"cannot create already existing resource '{VNET_ID}'"
    assert arm.bodies("PUT") == []


def test_arm_s_refusal_is_one_line_with_code_message_and_id(pulumi: Engine, arm: FakeArm) -> None:
    error = {"code": "InvalidX", "message": "First\nsecond.", "details": [{"code": "Y", "message": "why"}]}
    arm.then("PUT", "vnetwest", 400, {"error": error})
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("network:VirtualNetwork", VNET)
    expected = f'Status=400 Code="InvalidX" Message="First second.; Y: why" Resource="{VNET_ID}"'
    assert refused(caught.value) == expected
    assert not caught.value.trailing_metadata()


def test_an_update_keeps_subresources_that_the_program_does_not_set(pulumi: Engine, arm: FakeArm) -> None:
    subnet = {"name": "s", "properties": {"addressPrefix": "10.0.1.0/24"}}
    arm.resources[VNET_ID.lower()] = {"id": VNET_ID, "properties": {"subnets": [subnet]}}
    pulumi.update("network:VirtualNetwork", VNET_ID, {**VNET, "tags": {"a": "b"}}, {})
    assert arm.bodies("PUT")[0]["properties"]["subnets"] == [subnet]
    pulumi.update("network:VirtualNetwork", VNET_ID, {**VNET, "subnets": []}, {})
    assert arm.bodies("PUT")[1]["properties"]["subnets"] == []


def test_a_firewall_that_the_program_drops_goes_back_to_the_default(pulumi: Engine, arm: FakeArm) -> None:
    account = {"resourceGroupName": "Contoso", "accountName": "contoso", "kind": "StorageV2", "sku": {"name": "S"}}
    old = {"networkRuleSet": {"defaultAction": "Deny"}}
    pulumi.update("storage:StorageAccount", f"{GROUP}/x", {**account, "enableHttpsTrafficOnly": True}, old)
    properties = arm.bodies("PUT")[0]["properties"]
    assert properties["networkAcls"]["defaultAction"] == "Allow"
    assert properties["supportsHttpsTrafficOnly"] is True


def test_a_refresh_puts_into_the_inputs_what_has_changed_in_azure_and_nothing_else(
    pulumi: Engine, arm: FakeArm
) -> None:
    outputs = {
        "location": "eastus2",
        "tags": {"a": "1"},
        "properties": {
            "softDeleteRetentionInDays": 28,
            "enableSoftDelete": True,
            "networkAcls": {"defaultAction": "Allow"},
        },
    }
    live: dict[str, Any] = {
        "id": HSM_ID,
        "location": "eastus2",
        "tags": {"a": "2", "b": "3"},
        "properties": {
            "softDeleteRetentionInDays": 28,
            "enableSoftDelete": True,
            "hsmUri": "https://x",
            "networkAcls": {"defaultAction": "Deny", "bypass": "None"},
        },
    }
    arm.resources[HSM_ID.lower()] = live
    inputs = {**HSM, "location": "East US 2", "tags": {"a": "1"}}
    read = pulumi.read("keyvault:ManagedHsm", HSM_ID, inputs, outputs)
    assert from_struct(read.inputs) == {
        **inputs,
        "tags": {"a": "2", "b": "3"},
        "properties": {"softDeleteRetentionInDays": 28, "networkAcls": {"defaultAction": "Deny", "bypass": "None"}},
    }
    again = pulumi.read("keyvault:ManagedHsm", HSM_ID, from_struct(read.inputs), from_struct(read.properties))
    assert from_struct(again.inputs) == from_struct(read.inputs)
    assert from_struct(again.properties) == from_struct(read.properties)


def test_a_refresh_leaves_subnets_alone_that_are_resources_of_their_own(pulumi: Engine, arm: FakeArm) -> None:
    subnets = [{"name": "s", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    arm.resources[VNET_ID.lower()] = {
        "id": VNET_ID,
        "location": "westus",
        "properties": {"addressSpace": space, "subnets": subnets},
    }
    read = pulumi.read(
        "network:VirtualNetwork", VNET_ID, VNET, {"location": "westus", "addressSpace": space, "subnets": []}
    )
    assert from_struct(read.inputs) == VNET
    assert from_struct(read.properties)["subnets"] == [{"name": "s", "addressPrefix": "10.0.1.0/24"}]


def test_what_is_gone_reads_as_gone_and_deletes_without_a_word(pulumi: Engine) -> None:
    assert pulumi.read("network:VirtualNetwork", VNET_ID, VNET, {}).id == ""
    pulumi.delete("network:VirtualNetwork", VNET_ID)


def test_an_import_makes_up_the_inputs_from_the_id_and_what_can_be_set(pulumi: Engine, arm: FakeArm) -> None:
    subnet = f"{VNET_ID}/subnets/Main"
    arm.resources[subnet.lower()] = {
        "id": subnet,
        "name": "Main",
        "etag": 'W/"1"',
        "properties": {"addressPrefix": "10.0.1.0/24", "delegations": [], "provisioningState": "Succeeded"},
    }
    read = pulumi.read("network:Subnet", subnet)
    assert from_struct(read.inputs) == {
        "resourceGroupName": "Contoso",
        "virtualNetworkName": "vnetwest",
        "subnetName": "Main",
        "name": "Main",
        "addressPrefix": "10.0.1.0/24",
    }
    assert from_struct(read.properties)["provisioningState"] == "Succeeded"


def test_an_id_of_another_type_is_refused_before_any_call(pulumi: Engine, arm: FakeArm) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.read("network:Subnet", VNET_ID)
    assert f"'{VNET_ID}' is no id of azure-native:network:Subnet" in refused(caught.value)
    assert arm.asked == []


def test_a_scope_may_be_any_id_in_front_of_the_type(pulumi: Engine) -> None:
    lock = {"scope": VNET_ID, "lockName": "keep", "level": "CanNotDelete"}
    made = pulumi.create("authorization:ManagementLockByScope", lock)
    assert made.id == f"{VNET_ID}/providers/Microsoft.Authorization/locks/keep"
    read = pulumi.read("authorization:ManagementLockByScope", made.id)
    assert from_struct(read.inputs) == {**lock, "scope": VNET_ID.strip("/")} or from_struct(read.inputs) == lock


def test_a_secret_is_deleted_by_its_vault(pulumi: Engine, arm: FakeArm) -> None:
    arm.then("DELETE", "/secrets/db", 200, {})
    pulumi.delete("keyvault:Secret", f"{GROUP}/providers/Microsoft.KeyVault/vaults/contosovault/secrets/db")
    asked = arm.asked[-1]
    assert asked.url == "https://contosovault.vault.azure.net/secrets/db?api-version=7.4"
    assert arm.asked[0].body["scope"] == "https://vault.azure.net/.default"
