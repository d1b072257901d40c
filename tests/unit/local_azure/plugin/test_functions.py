from __future__ import annotations

import grpc
import pytest

from local_azure.plugin.protocol import empty_pb2, provider_pb2
from tests.unit.local_azure.plugin.fake_arm import (
    ENVIRONMENT,
    HSM_ID,
    OBJECT,
    SUBSCRIPTION,
    TENANT,
    Engine,
    FakeArm,
    refused,
)


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
    assert "does not play the function azure-native:web:getWebApp" in refused(caught.value)
    with pytest.raises(grpc.RpcError) as caught:
        pulumi.check("web:WebApp", "x", {})
    assert "does not play the type azure-native:web:WebApp" in refused(caught.value)


def test_the_handshake_names_the_version_of_the_sdk_and_leaves_secrets_to_the_engine(pulumi: Engine) -> None:
    assert pulumi.stub.GetPluginInfo(empty_pb2.Empty()).version == "3.29.0"
    handshake = pulumi.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    assert not handshake.accept_secrets
    assert not handshake.accept_outputs
    assert not pulumi.stub.Configure(provider_pb2.ConfigureRequest()).acceptSecrets
