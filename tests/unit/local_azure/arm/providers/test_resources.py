"""Resource groups, lists of resources, locks, role assignments, registration."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from local_azure.entra.directory import GROUP_OBJECT_ID, USER_OBJECT_ID
from tests.unit.local_azure.arm.support import (
    GROUP,
    KEY_VAULT,
    POOL,
    SUBSCRIPTION,
    VNET,
    ArmClient,
    network_body,
)

GROUPS, AUTHORIZATION, LOCKS = "2024-03-01", "2022-04-01", "2020-05-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def role(guid: str = READER) -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def assignment(scope: str = GROUP, name: str | None = None) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name or uuid.uuid4()}"


def test_a_group_is_made_once_and_changed_afterwards(arm: ArmClient) -> None:
    assert arm.put(GROUP, GROUPS, {"location": "eastus2"}).status == 201
    assert arm.put(GROUP, GROUPS, {"location": "eastus2", "tags": {"a": "b"}}).status == 200
    assert arm.put(GROUP, GROUPS, {"location": "westus"}).code == "InvalidResourceGroupLocation"
    assert arm.patch(GROUP, GROUPS, {"tags": {"c": "d"}}).body["tags"] == {"c": "d"}
    assert arm.call("HEAD", GROUP, GROUPS).status == 204


def test_a_group_that_is_not_there_is_known_not_to_be(arm: ArmClient) -> None:
    assert arm.call("HEAD", GROUP, GROUPS).status == 404
    assert arm.delete(GROUP, GROUPS).code == "ResourceGroupNotFound"
    assert arm.put(GROUP, GROUPS, {}).code == "LocationRequired"
    assert arm.put(f"{SUBSCRIPTION}/resourceGroups/a<b", GROUPS, {"location": "westus"}).status == 400
    assert arm.put(f"{SUBSCRIPTION}/resourceGroups/dot.", GROUPS, {"location": "westus"}).status == 400


def test_groups_are_found_by_their_tags(arm: ArmClient, group: str) -> None:
    arm.patch(group, GROUPS, {"tags": {"environment": "dev", "owner": "hsm"}})
    arm.put(f"{SUBSCRIPTION}/resourceGroups/Other", GROUPS, {"location": "westus"})
    path = f"{SUBSCRIPTION}/resourceGroups?$filter=tagName eq 'environment' and tagValue eq 'dev'"
    assert [each["name"] for each in arm.get(path, GROUPS).body["value"]] == ["ContosoResourceGroup"]


def test_resources_are_listed_by_type(arm: ArmClient, pool: Any, subnet: Any) -> None:
    assert pool
    assert subnet
    for scope in (SUBSCRIPTION, GROUP):
        path = f"{scope}/resources?$filter=resourceType eq 'Microsoft.KeyVault/managedHSMs'"
        assert [each["id"] for each in arm.get(path, "2021-04-01").body["value"]] == [POOL]
    everything = arm.get(f"{GROUP}/resources", "2021-04-01").body["value"]
    assert [each["name"] for each in everything] == ["az400popMHSM", "vnetwest"]


def test_a_lock_keeps_what_it_lies_on_and_what_that_lies_in(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    lock = f"{VNET}/providers/Microsoft.Authorization/locks/keep"
    assert arm.put(lock, LOCKS, {"properties": {"level": "CanNotDelete"}}).status == 201
    for resource, version in ((f"{VNET}/subnets/mainsubnet", "2024-05-01"), (VNET, "2024-05-01"), (GROUP, GROUPS)):
        answer = arm.delete(resource, version)
        assert (answer.status, answer.code) == (409, "ScopeLocked")
    assert arm.put(VNET, "2024-05-01", network_body()).status == 200
    assert arm.delete(lock, LOCKS).status == 200
    arm.finish(arm.delete(GROUP, GROUPS))


def test_a_read_only_lock_forbids_writing_too(arm: ArmClient, subnet: Any) -> None:
    assert subnet
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/frozen"
    arm.put(lock, LOCKS, {"properties": {"level": "ReadOnly"}})
    assert arm.put(VNET, "2024-05-01", network_body()).code == "ScopeLocked"
    assert arm.patch(GROUP, GROUPS, {"tags": {}}).code == "ScopeLocked"


@pytest.mark.parametrize("level", ["NotSpecified", "Never", None])
def test_a_lock_has_a_level(arm: ArmClient, group: str, level: str | None) -> None:
    lock = f"{group}/providers/Microsoft.Authorization/locks/keep"
    assert arm.put(lock, LOCKS, {"properties": {"level": level}}).status == 400


def test_a_role_is_assigned_once(arm: ArmClient, group: str) -> None:
    body = {"properties": {"roleDefinitionId": role(), "principalId": USER_OBJECT_ID}}
    path = assignment()
    made = arm.put(path, AUTHORIZATION, body)
    assert made.body["properties"]["principalType"] == "User"
    assert made.body["properties"]["scope"] == group
    assert arm.put(path, AUTHORIZATION, body).status == 200
    again = arm.put(assignment(), AUTHORIZATION, body)
    assert (again.status, again.code) == (409, "RoleAssignmentExists")
    other = {"properties": {**body["properties"], "principalId": GROUP_OBJECT_ID}}
    assert arm.put(path, AUTHORIZATION, other).code == "RoleAssignmentUpdateNotPermitted"


def test_a_role_and_a_principal_must_exist(arm: ArmClient, group: str) -> None:
    assert group
    nobody = str(uuid.uuid4())
    body = {"roleDefinitionId": role(str(uuid.uuid4())), "principalId": USER_OBJECT_ID}
    assert arm.put(assignment(), AUTHORIZATION, {"properties": body}).code == "RoleDefinitionDoesNotExist"
    body = {"roleDefinitionId": role(), "principalId": nobody}
    assert arm.put(assignment(), AUTHORIZATION, {"properties": body}).code == "PrincipalNotFound"
    body["principalType"] = "ServicePrincipal"
    assert arm.put(assignment(), AUTHORIZATION, {"properties": body}).status == 201
    body = {"roleDefinitionId": role(), "principalId": USER_OBJECT_ID, "principalType": "Group"}
    assert arm.put(assignment(), AUTHORIZATION, {"properties": body}).code == "UnmatchedPrincipalType"
    assert arm.put(assignment(name="reader"), AUTHORIZATION, {"properties": body}).code == "InvalidRoleAssignmentId"


def test_assignments_are_listed_at_above_and_below_a_scope(arm: ArmClient, pool: Any) -> None:
    assert pool
    for scope in (GROUP, POOL):
        body = {"properties": {"roleDefinitionId": role(), "principalId": USER_OBJECT_ID}}
        arm.put(assignment(scope), AUTHORIZATION, body)

    def scopes(expression: str = "") -> list[str]:
        path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
        path += f"?$filter={expression}" if expression else ""
        return [each["properties"]["scope"] for each in arm.get(path, AUTHORIZATION).body["value"]]

    assert sorted(scopes()) == sorted([SUBSCRIPTION, GROUP, POOL])
    assert sorted(scopes("atScope()")) == sorted([SUBSCRIPTION, GROUP])
    assert sorted(scopes(f"principalId eq '{USER_OBJECT_ID}'")) == sorted([GROUP, POOL])
    assert scopes(f"atScope() and assignedTo('{USER_OBJECT_ID}')") == [GROUP]


def test_roles_are_found_by_name_and_by_id(arm: ArmClient) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    [found] = arm.get(f"{path}?$filter=roleName eq 'Reader'", AUTHORIZATION).body["value"]
    assert found["name"] == READER
    assert arm.get(role(), AUTHORIZATION).body["properties"]["roleName"] == "Reader"
    assert arm.get(role(str(uuid.uuid4())), AUTHORIZATION).code == "RoleDefinitionDoesNotExist"


def test_a_custom_role_gives_just_what_it_says(arm: ArmClient, pool: Any) -> None:
    assert pool
    guid = str(uuid.uuid4())
    properties = {
        "roleName": "Pool watcher",
        "assignableScopes": [SUBSCRIPTION],
        "permissions": [{"actions": ["Microsoft.KeyVault/managedHSMs/read"]}],
    }
    assert arm.put(role(guid), AUTHORIZATION, {"properties": properties}).status == 201
    body = {"properties": {"roleDefinitionId": role(guid), "principalId": USER_OBJECT_ID}}
    path = assignment()
    arm.put(path, AUTHORIZATION, body)
    user = ArmClient(arm.world, USER_OBJECT_ID)
    assert user.get(POOL, KEY_VAULT).status == 200
    assert user.get(GROUP, GROUPS).status == 403
    assert arm.delete(role(guid), AUTHORIZATION).code == "RoleDefinitionHasAssignments"
    arm.delete(path, AUTHORIZATION)
    assert arm.delete(role(guid), AUTHORIZATION).status == 200


def test_providers_tell_their_types_and_whether_they_are_registered(arm: ArmClient) -> None:
    answer = arm.get(f"{SUBSCRIPTION}/providers/microsoft.keyvault", "2022-09-01").body
    assert answer["registrationState"] == "Registered"
    kinds = {each["resourceType"]: each["apiVersions"] for each in answer["resourceTypes"]}
    assert "2024-11-01" in kinds["managedHSMs"]
    assert arm.get(f"{SUBSCRIPTION}/providers/Contoso.Nothing", "2022-09-01").code == "InvalidResourceNamespace"
    states = {
        each["namespace"]: each["registrationState"]
        for each in arm.get(f"{SUBSCRIPTION}/providers", "2022-09-01").body["value"]
    }
    assert states["Microsoft.Sql"] == "NotRegistered"


def test_the_subscription_its_tenant_and_its_regions_are_there(arm: ArmClient) -> None:
    [subscription] = arm.get("/subscriptions", "2022-12-01").body["value"]
    assert arm.get(subscription["id"], "2022-12-01").body == subscription
    assert arm.get("/tenants", "2022-12-01").body["value"][0]["tenantId"] == subscription["tenantId"]
    regions = arm.get(f"{SUBSCRIPTION}/locations", "2022-12-01").body["value"]
    assert {"eastus2", "westus"} <= {each["name"] for each in regions}
