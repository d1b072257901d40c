from __future__ import annotations

import threading
import time

import grpc
import pytest

from local_azure.plugin.protocol import empty_pb2
from local_azure.plugin.values import from_struct
from tests.unit.local_azure.plugin.fake_arm import (
    HSM,
    HSM_ID,
    NETWORK,
    SUBSCRIPTION,
    VNET,
    VNET_ID,
    Engine,
    FakeArm,
    engine,
    partly_done,
    refused,
)


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
    assert 'Code="NoCapacity" Message="None left."' in refused(caught.value)
    detail = partly_done(caught.value)
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
    assert "the operation ended as Canceled" in refused(caught.value)
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
    cancelling = threading.Timer(0.2, lambda: pulumi.stub.Cancel(empty_pb2.Empty()))
    cancelling.start()
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("keyvault:ManagedHsm", HSM)
    assert time.monotonic() - began < 5
    assert refused(caught.value) == "the engine cancelled the operation"
    assert partly_done(caught.value).id == HSM_ID
    # Its own answer may come after the creation's.
    cancelling.join()


def test_a_custom_timeout_ends_a_creation(pulumi: Engine, arm: FakeArm) -> None:
    operation = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/operations/1"
    arm.then("PUT", "contosohsm", 202, None, retry_after="60", azure_asyncoperation=operation)
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.create("keyvault:ManagedHsm", HSM, timeout=0.2)
    assert refused(caught.value) == "not done within 0.2 seconds"


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
