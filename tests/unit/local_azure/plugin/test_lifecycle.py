from __future__ import annotations

import threading
import time
from typing import Any

import grpc
import pytest

from local_azure.plugin.protocol import empty_pb2, provider_pb2, status_pb2
from local_azure.plugin.values import UNKNOWN, Values, from_struct
from tests.unit.local_azure.plugin.fake_arm import (
    ENVIRONMENT,
    GROUP,
    OBJECT,
    SUBSCRIPTION,
    TENANT,
    Engine,
    FakeArm,
    engine,
)

NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET_ID = f"{NETWORK}/virtualNetworks/vnetwest"
VNET: Values = {
    "resourceGroupName": "Contoso",
    "virtualNetworkName": "vnetwest",
    "location": "westus",
    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    "azureApiVersion": "2024-05-01",
    "__createBeforeDelete": True,
}
HSM_ID = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/contosohsm"
HSM: Values = {
    "resourceGroupName": "Contoso",
    "name": "contosohsm",
    "location": "eastus2",
    "sku": {"family": "B", "name": "Standard_B1"},
    "properties": {"softDeleteRetentionInDays": 28, "networkAcls": {"defaultAction": "Allow"}},
}


def _refused(error: grpc.RpcError) -> str:
    message = error.details()
    assert "\n" not in message
    assert "Traceback" not in message
    return str(message)


def _partly_done(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed:
    metadata = {each.key: each.value for each in error.trailing_metadata()}
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    return detail


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
    assert _refused(caught.value) == f"cannot create already existing resource '{VNET_ID}'"
    assert arm.bodies("PUT") == []


def test_arm_s_refusal_is_one_line_with_code_message_and_id(pulumi: Engine, arm: FakeArm) -> None:
    error = {"code": "InvalidX", "message": "First\nsecond.", "details": [{"code": "Y", "message": "why"}]}
    arm.then("PUT", "vnetwest", 400, {"error": error})
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("network:VirtualNetwork", VNET)
    expected = f'Status=400 Code="InvalidX" Message="First second.; Y: why" Resource="{VNET_ID}"'
    assert _refused(caught.value) == expected
    assert not caught.value.trailing_metadata()


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
    assert f"'{VNET_ID}' is no id of azure-native:network:Subnet" in _refused(caught.value)
    assert arm.asked == []


def test_a_scope_may_be_any_id_in_front_of_the_type(pulumi: Engine) -> None:
    lock = {"scope": VNET_ID, "lockName": "keep", "level": "CanNotDelete"}
    made = pulumi.create("authorization:ManagementLockByScope", lock)
    assert made.id == f"{VNET_ID}/providers/Microsoft.Authorization/locks/keep"
    read = pulumi.read("authorization:ManagementLockByScope", made.id)
    assert from_struct(read.inputs) == {**lock, "scope": VNET_ID.strip("/")} or from_struct(read.inputs) == lock


@pytest.mark.parametrize("header", ["azure_asyncoperation", "location"])
def test_a_long_operation_is_followed_to_its_end(pulumi: Engine, arm: FakeArm, header: str) -> None:
    operation = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/operations/1"
    arm.then(
        "PUT",
        "vnetwest",
        202 if header == "location" else 201,
        {"properties": {}},
        retry_after="0",
        **{header: operation},
    )
    if header == "location":
        arm.then("GET", "operations/1", 202, None, retry_after="0")
        arm.then("GET", "operations/1", 200, {"id": VNET_ID})
    else:
        arm.then("GET", "operations/1", 200, {"status": "InProgress"}, retry_after="0")
        arm.then("GET", "operations/1", 200, {"status": "Succeeded"})
    arm.then("GET", "vnetwest", 404, {"error": {"code": "ResourceNotFound"}})
    arm.then("GET", "vnetwest", 200, {"id": VNET_ID, "properties": {"resourceGuid": "g"}})
    made = pulumi.create("network:VirtualNetwork", VNET)
    assert from_struct(made.properties)["resourceGuid"] == "g"


def test_a_resource_that_says_its_own_state_is_waited_for(pulumi: Engine, arm: FakeArm) -> None:
    arm.then("PUT", "vnetwest", 201, {"properties": {"provisioningState": "Updating"}}, retry_after="0")
    arm.then("GET", "vnetwest", 404)
    arm.then("GET", "vnetwest", 200, {"properties": {"provisioningState": "Updating"}}, retry_after="0")
    arm.then("GET", "vnetwest", 200, {"properties": {"provisioningState": "Succeeded"}})
    arm.then("GET", "vnetwest", 200, {"id": VNET_ID, "name": "vnetwest"})
    assert pulumi.create("network:VirtualNetwork", VNET).id == VNET_ID


def test_a_creation_that_fails_later_hands_over_what_there_is(pulumi: Engine, arm: FakeArm) -> None:
    operation = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/operations/1"
    arm.then("PUT", "contosohsm", 202, None, retry_after="0", azure_asyncoperation=operation)
    failed = {"status": "Failed", "error": {"code": "NoCapacity", "message": "None left."}}
    arm.then("GET", "operations/1", 200, failed)
    arm.then("GET", "contosohsm", 404)
    arm.then("GET", "contosohsm", 200, {"id": HSM_ID, "properties": {"provisioningState": "Failed"}})
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("keyvault:ManagedHsm", HSM)
    assert 'Code="NoCapacity" Message="None left."' in _refused(caught.value)
    detail = _partly_done(caught.value)
    assert detail.id == HSM_ID
    assert from_struct(detail.properties)["properties"] == {"provisioningState": "Failed"}
    assert from_struct(detail.inputs) == HSM
    assert len(detail.reasons) == 1


def test_a_creation_that_left_nothing_is_just_a_failure(pulumi: Engine, arm: FakeArm) -> None:
    operation = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/operations/1"
    arm.then("PUT", "contosohsm", 202, None, retry_after="0", azure_asyncoperation=operation)
    arm.then("GET", "operations/1", 200, {"status": "Canceled"})
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("keyvault:ManagedHsm", HSM)
    assert "the operation ended as Canceled" in _refused(caught.value)
    assert not caught.value.trailing_metadata()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_after_the_time_that_it_names(pulumi: Engine, arm: FakeArm, status: int) -> None:
    arm.then("PUT", "vnetwest", status, {"error": {"code": "Busy"}}, retry_after="0")
    arm.then("PUT", "vnetwest", 409, {"error": {"code": "AnotherOperationInProgress"}}, retry_after="0")
    assert pulumi.create("network:VirtualNetwork", VNET).id == VNET_ID


def test_a_connection_that_drops_is_no_failure(pulumi: Engine, arm: FakeArm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_azure.plugin.arm._FIRST_PAUSE_SECONDS", 0.0)
    arm.then_drop("GET", "vnetwest")
    arm.then_drop("PUT", "vnetwest")
    assert pulumi.create("network:VirtualNetwork", VNET).id == VNET_ID


def test_a_token_that_is_refused_is_replaced_once(pulumi: Engine, arm: FakeArm) -> None:
    arm.then("GET", "vnetwest", 401, {"error": {"code": "ExpiredAuthenticationToken", "message": "Too old."}})
    assert pulumi.read("network:VirtualNetwork", VNET_ID, VNET, {}).id == ""
    assert len([each for each in arm.asked if each.path.endswith("/token")]) == 2
    pulumi.read("network:VirtualNetwork", VNET_ID, VNET, {})
    assert len([each for each in arm.asked if each.path.endswith("/token")]) == 2


def test_cancel_ends_a_creation_that_waits_and_hands_over_its_id(pulumi: Engine, arm: FakeArm) -> None:
    operation = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/operations/1"
    arm.then("PUT", "contosohsm", 202, None, retry_after="60", azure_asyncoperation=operation)
    arm.then("GET", "contosohsm", 404)
    arm.then("GET", "contosohsm", 200, {"id": HSM_ID, "properties": {"provisioningState": "Provisioning"}})
    threading.Timer(0.2, lambda: pulumi.stub.Cancel(empty_pb2.Empty())).start()
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("keyvault:ManagedHsm", HSM)
    assert time.monotonic() - began < 5
    assert _refused(caught.value) == "the engine cancelled the operation"
    assert _partly_done(caught.value).id == HSM_ID


def test_a_custom_timeout_ends_a_creation(pulumi: Engine, arm: FakeArm) -> None:
    operation = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/operations/1"
    arm.then("PUT", "contosohsm", 202, None, retry_after="60", azure_asyncoperation=operation)
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("keyvault:ManagedHsm", HSM, timeout=0.2)
    assert _refused(caught.value) == "not done within 0.2 seconds"


def test_a_secret_is_deleted_by_its_vault(pulumi: Engine, arm: FakeArm) -> None:
    arm.then("DELETE", "/secrets/db", 200, {})
    pulumi.delete("keyvault:Secret", f"{GROUP}/providers/Microsoft.KeyVault/vaults/contosovault/secrets/db")
    asked = arm.asked[-1]
    assert asked.url == "https://contosovault.vault.azure.net/secrets/db?api-version=7.4"
    assert arm.asked[0].body["scope"] == "https://vault.azure.net/.default"


def test_functions_read_resources_keys_and_who_is_signed_in(pulumi: Engine, arm: FakeArm) -> None:
    arm.resources[HSM_ID.lower()] = {"id": HSM_ID, "name": "contosohsm", "properties": {"hsmUri": "https://x"}}
    found = pulumi.invoke("keyvault:getManagedHsm", {"resourceGroupName": "Contoso", "name": "contosohsm"})
    assert (found["id"], found["properties"]["hsmUri"]) == (HSM_ID, "https://x")
    arm.then("POST", "/storageAccounts/contoso/listKeys", 200, {"keys": [{"keyName": "key1", "value": "v"}]})
    arguments = {"resourceGroupName": "Contoso", "accountName": "contoso", "expand": "kerb"}
    assert pulumi.invoke("storage:listStorageAccountKeys", arguments) == {"keys": [{"keyName": "key1", "value": "v"}]}
    assert arm.asked[-1].query == {"$expand": "kerb", "api-version": "2024-01-01"}
    assert pulumi.invoke("authorization:getClientConfig", {}) == {
        "clientId": ENVIRONMENT["ARM_CLIENT_ID"],
        "objectId": OBJECT,
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
    }


def test_what_is_not_played_says_so(pulumi: Engine) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.invoke("web:getWebApp", {})
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "does not play the function azure-native:web:getWebApp" in _refused(caught.value)
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.check("web:WebApp", "x", {})
    assert "does not play the type azure-native:web:WebApp" in _refused(caught.value)


def test_many_creations_at_once_share_one_sign_in(arm: FakeArm) -> None:
    with engine(arm) as pulumi:
        names = [f"vnet{index}" for index in range(24)]
        made: list[str] = []

        def create(name: str) -> None:
            made.append(pulumi.create("network:VirtualNetwork", {**VNET, "virtualNetworkName": name}).id)

        threads = [threading.Thread(target=create, args=(name,)) for name in names]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(made) == sorted(f"{NETWORK}/virtualNetworks/{name}" for name in names)
    assert len([each for each in arm.asked if each.path.endswith("/token")]) == 1


def test_the_handshake_names_the_version_of_the_sdk_and_leaves_secrets_to_the_engine(pulumi: Engine) -> None:
    assert pulumi.stub.GetPluginInfo(empty_pb2.Empty()).version == "3.29.0"
    handshake = pulumi.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    assert not handshake.accept_secrets
    assert not handshake.accept_outputs
    assert not pulumi.stub.Configure(provider_pb2.ConfigureRequest()).acceptSecrets
