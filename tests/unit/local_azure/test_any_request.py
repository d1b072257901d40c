"""Whatever a client sends, it is answered: refused where it is nonsense, and never by a failure of the local Azure.

Valid bodies with something wrong in them go into the services themselves, where an exception that is no ServiceError
(a 500 on the wire) fails the test.
"""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.entra.directory import DEPLOYER_CLIENT_ID, GROUP_OBJECT_ID, USER_OBJECT_ID
from local_azure.graph.service import GraphService
from local_azure.managed_hsm.built_in_roles import CRYPTO_OFFICER, CRYPTO_USER, ROLE_DEFINITION_PREFIX
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.arm.providers.test_compute import INTERFACE, MACHINE, machine_body
from tests.unit.local_azure.arm.providers.test_key_vaults import VAULT, policy, vault_body
from tests.unit.local_azure.arm.providers.test_monitor import ACCOUNT, AUDIT, SETTING, account_body
from tests.unit.local_azure.arm.support import (
    COMPUTE,
    DNS,
    ENDPOINT,
    GROUP,
    KEY_VAULT,
    NETWORK,
    POOL,
    SUBNET,
    VNET,
    ZONE,
    ArmClient,
    endpoint_body,
    network_body,
    pool_body,
    subnet_body,
)
from tests.unit.local_azure.managed_hsm.support import Client, download_body, make_pool

NAME = "11111111-2222-4333-8444-555555555555"
AUTHORIZATION = "providers/Microsoft.Authorization"
NIC = {"name": "one", "properties": {"subnet": {"id": SUBNET}, "privateIPAllocationMethod": "Dynamic"}}
READER = f"{GROUP}/{AUTHORIZATION}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"

RESOURCES: list[tuple[str, str, dict[str, Any]]] = [
    (GROUP, "2024-03-01", {"location": "eastus2", "tags": {"a": "b"}}),
    (POOL, KEY_VAULT, pool_body(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]})),
    (VNET, NETWORK, network_body(subnets=[{"name": "one", "properties": {"addressPrefix": "10.0.9.0/24"}}])),
    (SUBNET, NETWORK, subnet_body("10.0.1.0/24")),
    (INTERFACE, NETWORK, {"location": "westus", "properties": {"ipConfigurations": [NIC]}}),
    (MACHINE, COMPUTE, machine_body(identity={"type": "SystemAssigned"})),
    (ENDPOINT, NETWORK, endpoint_body()),
    (ZONE, DNS, {"location": "global"}),
    (f"{ZONE}/virtualNetworkLinks/one", DNS, {"location": "global", "properties": {"virtualNetwork": {"id": VNET}}}),
    (f"{ZONE}/A/one", DNS, {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.0.1.4"}]}}),
    (VAULT, KEY_VAULT, vault_body(accessPolicies=[policy(USER_OBJECT_ID, "get")])),
    (f"{VAULT}/accessPolicies/add", KEY_VAULT, {"properties": {"accessPolicies": [policy(USER_OBJECT_ID, "set")]}}),
    (ACCOUNT, "2024-01-01", account_body()),
    (SETTING, "2021-05-01-preview", {"properties": {"storageAccountId": ACCOUNT, "logs": AUDIT}}),
    (
        f"{GROUP}/{AUTHORIZATION}/roleAssignments/{NAME}",
        "2022-04-01",
        {"properties": {"roleDefinitionId": READER, "principalId": USER_OBJECT_ID}},
    ),
    (f"{POOL}/{AUTHORIZATION}/locks/one", "2020-05-01", {"properties": {"level": "CanNotDelete"}}),
]
"""Path, api-version and body of what can be put, in an order in which all of it can be."""

OPERATIONS: list[tuple[str, str, Any]] = [
    ("POST", "/keys/new/create", {"kty": "RSA-HSM", "key_size": 2048, "key_ops": ["sign"], "attributes": {"exp": 9e8}}),
    ("PUT", "/keys/imported", {"key": {"kty": "oct-HSM", "k": "AAAAAAAAAAAAAAAAAAAAAA"}, "tags": {"a": "b"}}),
    ("PATCH", "/keys/aes", {"key_ops": ["encrypt"], "attributes": {"enabled": True, "nbf": 1}, "tags": {}}),
    ("POST", "/keys/aes/encrypt", {"alg": "A256GCM", "value": "AAAA", "aad": "AA"}),
    ("POST", "/keys/aes/decrypt", {"alg": "A256GCM", "value": "AAAA", "iv": "AAAAAAAAAAAAAAAA", "tag": "AAAA"}),
    ("POST", "/keys/aes/wrapkey", {"alg": "A256KW", "value": "AAAAAAAAAAAAAAAAAAAAAA"}),
    ("POST", "/keys/ec/sign", {"alg": "ES256", "value": "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"}),
    ("POST", "/keys/ec/verify", {"alg": "ES256", "digest": "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQ", "value": "AAAA"}),
    (
        "PUT",
        "/keys/aes/rotationpolicy",
        {
            "lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}],
            "attributes": {"expiryTime": "P90D"},
        },
    ),
    ("POST", "/keys/restore", {"value": "ZXlK"}),
    ("POST", "/rng", {"count": 4}),
    ("PATCH", "/settings/AllowKeyManagementOperationsThroughARM", {"value": "true"}),
    ("POST", "/securitydomain/download", download_body()),
    ("POST", "/securitydomain/upload", {"value": json.dumps({"EncData": {"data": []}, "WrappedKey": {}})}),
    (
        "PUT",
        f"/{AUTHORIZATION}/roleAssignments/{NAME}",
        {"properties": {"roleDefinitionId": ROLE_DEFINITION_PREFIX + CRYPTO_USER, "principalId": USER_OBJECT_ID}},
    ),
    (
        "PUT",
        f"/{AUTHORIZATION}/roleDefinitions/{NAME}",
        {"properties": {"roleName": "Signer", "permissions": [{"dataActions": [], "notDataActions": []}]}},
    ),
]
"""Of a pool."""

LOOK_UPS: list[tuple[str, str, Any]] = [
    ("POST", "/v1.0/directoryObjects/getByIds", {"ids": [USER_OBJECT_ID], "types": ["user"]}),
    ("POST", f"/v1.0/directoryObjects/{USER_OBJECT_ID}/checkMemberGroups", {"groupIds": [GROUP_OBJECT_ID]}),
    ("POST", "/v1.0/users", {"displayName": "Ann", "userPrincipalName": "ann@contoso.com"}),
    ("POST", f"/v1.0/groups/{GROUP_OBJECT_ID}/members/$ref", {"@odata.id": f"https://x/{USER_OBJECT_ID}"}),
    ("PATCH", f"/v1.0/applications(appId='{DEPLOYER_CLIENT_ID}')", {"keyCredentials": [{"key": "AAAA"}]}),
    (
        "POST",
        f"/v1.0/applications(appId='{DEPLOYER_CLIENT_ID}')/federatedIdentityCredentials",
        {"name": "ci", "issuer": "https://x", "subject": "y", "audiences": ["z"]},
    ),
]
"""Of Microsoft Graph."""

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["/", "/subscriptions/x/resourceGroups/y/providers/z", "a" * 300, "..", "\ud800"]),
)
_junk = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner),
    max_leaves=3,
)
_many = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def spoilt(draw: st.DrawFn, body: Any) -> Any:
    """The body with one thing in it taken out, replaced or added."""
    result = copy.deepcopy(body)
    node, places = result, []
    while isinstance(node, dict | list) and node:
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        places.append((node, key))
        node = node[key]
    place, key = draw(st.sampled_from(places))
    change = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"]))
    if change == "remove":
        del place[key]
    elif change == "add" and isinstance(place, dict):
        place[draw(st.sampled_from(["id", "name", "properties", "x", ""]))] = draw(_junk)
    else:
        place[key] = draw(_junk)
    return result


@pytest.fixture
def everything(world: World) -> ArmClient:
    """ARM with all of it in place."""
    arm = ArmClient(world)
    for path, version, body in RESOURCES:
        answer = arm.put(path, version, body)
        assert answer.status in (200, 201, 202), answer
        arm.finish(answer)
    return arm


@_many
@given(data=st.data())
def test_arm_answers_any_body(everything: ArmClient, data: st.DataObject) -> None:
    path, version, body = data.draw(st.sampled_from(RESOURCES))
    answer = everything.call(data.draw(st.sampled_from(["PUT", "PATCH"])), path, version, data.draw(spoilt(body)))
    assert answer.status < 500 or answer.code == "NotImplementedLocally"


@pytest.fixture
def pool(world: World) -> Client:
    """An active pool with a key of two kinds, whose administrator may do everything."""
    make_pool(world, activation_status=ACTIVE)
    client = Client(world)
    for role in (CRYPTO_USER, CRYPTO_OFFICER):
        assert client.assign(role, directory.DEPLOYER_OBJECT_ID).status == 201
    assert client.send("POST", "/keys/aes/create", {"kty": "oct-HSM"}).status == 200
    assert client.send("POST", "/keys/ec/create", {"kty": "EC-HSM", "crv": "P-256"}).status == 200
    return client


@_many
@given(data=st.data())
def test_a_pool_answers_any_body(pool: Client, data: st.DataObject) -> None:
    method, path, body = data.draw(st.sampled_from(OPERATIONS))
    answer = pool.send(method, path, data.draw(spoilt(body)))
    assert answer.status < 500 or answer.code == "NotImplementedLocally"


@settings(_many, max_examples=100)
@given(data=st.data())
def test_graph_answers_any_body(world: World, data: st.DataObject) -> None:
    deployer = directory.principal(world, directory.DEPLOYER_OBJECT_ID)
    assert deployer is not None
    bearer = "Bearer " + tokens.issue(world, deployer, "https://graph.microsoft.com")
    method, path, body = data.draw(st.sampled_from(LOOK_UPS))
    content = json.dumps(data.draw(spoilt(body))).encode()
    request = Request(method, "graph.microsoft.com", path, {}, {"authorization": bearer}, content)
    # Nothing but a ServiceError may come out of it.
    with contextlib.suppress(ServiceError):
        assert GraphService(world).handle(request).status < 500


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'"text"', b"[]", b"null", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 100_000]
)
def test_what_is_no_json_object_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(ServiceError) as refused:
        Request("PUT", "management.azure.com", "/", body=body).json()
    assert (refused.value.status, refused.value.code) == (400, "BadRequest")
