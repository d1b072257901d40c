from __future__ import annotations

import uuid

import pytest

from local_azure.plugin.protocol import provider_pb2
from local_azure.plugin.values import UNKNOWN
from tests.unit.local_azure.plugin.fake_arm import GROUP, Engine, FakeArm, engine

VNET = {"resourceGroupName": "Contoso", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "location": "westus"}


def _kinds(answer: provider_pb2.DiffResponse) -> dict[str, str]:
    names = provider_pb2.PropertyDiff.Kind
    return {path: names.Name(each.kind) for path, each in answer.detailedDiff.items()}


def test_a_name_that_is_left_out_is_the_same_for_the_same_seed_and_lets_a_replacement_come_first(
    pulumi: Engine,
) -> None:
    first, second = (pulumi.checked("network:VirtualNetwork", "vnet", VNET) for _ in range(2))
    assert first == second
    assert first["virtualNetworkName"].startswith("vnet")
    assert len(first["virtualNetworkName"]) == len("vnet") + 8
    assert first["__createBeforeDelete"] is True
    assert first["azureApiVersion"] == "2024-05-01"


def test_a_name_that_was_made_up_before_stays(pulumi: Engine) -> None:
    old = {**VNET, "virtualNetworkName": "vnet12345678", "__createBeforeDelete": True}
    assert pulumi.checked("network:VirtualNetwork", "vnet", VNET, old)["virtualNetworkName"] == "vnet12345678"
    assert pulumi.checked("network:VirtualNetwork", "vnet", VNET, old)["__createBeforeDelete"] is True


def test_a_child_is_named_like_its_resource_and_a_role_assignment_by_a_guid(pulumi: Engine) -> None:
    subnet = {"resourceGroupName": "Contoso", "virtualNetworkName": "vnet"}
    checked = pulumi.checked("network:Subnet", "main", subnet)
    assert checked["subnetName"] == "main"
    assert "__createBeforeDelete" not in checked
    assignment = {"scope": GROUP, "principalId": "p", "roleDefinitionId": "r"}
    name = pulumi.checked("authorization:RoleAssignment", "a", assignment)["roleAssignmentName"]
    assert str(uuid.UUID(name)) == name


def test_the_engine_may_propose_enforce_or_forbid_names(pulumi: Engine) -> None:
    options = provider_pb2.CheckRequest.AutonamingOptions
    proposal = options(proposed_name="contoso-vnet", mode=options.PROPOSE)
    checked = pulumi.checked("network:VirtualNetwork", "vnet", VNET, autonaming=proposal)
    assert checked["virtualNetworkName"] == "contoso-vnet"
    refused = pulumi.check("network:VirtualNetwork", "vnet", VNET, autonaming=options(mode=options.DISABLE))
    assert [each.reason for each in refused.failures] == ["missing required property 'virtualNetworkName'"]


def test_a_location_comes_from_before_then_the_configuration_then_the_group(arm: FakeArm) -> None:
    arm.resources[GROUP.lower()] = {"id": GROUP, "location": "northeurope"}
    vnet = {"resourceGroupName": "Contoso"}
    with engine(arm) as plain:
        assert plain.checked("network:VirtualNetwork", "v", vnet)["location"] == "northeurope"
        unknown_group = {"resourceGroupName": UNKNOWN}
        assert plain.checked("network:VirtualNetwork", "v", unknown_group)["location"] is UNKNOWN
    with engine(arm, config={"location": "eastus2"}) as configured:
        assert configured.checked("network:VirtualNetwork", "v", vnet)["location"] == "eastus2"
        assert configured.checked("network:VirtualNetwork", "v", vnet, {"location": "westus"})["location"] == "westus"
        assert "location" not in configured.checked("network:Subnet", "s", {**vnet, "virtualNetworkName": "v"})


def test_everything_that_is_missing_is_said_at_once_at_any_depth(pulumi: Engine) -> None:
    answer = pulumi.check("keyvault:Vault", "v", {"properties": {"sku": {"family": "A"}, "accessPolicies": [{}, 3]}})
    assert [each.reason for each in answer.failures] == [
        "missing required property 'resourceGroupName'",
        "missing required property 'properties.sku.name'",
        "missing required property 'properties.tenantId'",
        "missing required property 'properties.accessPolicies[0].objectId'",
        "missing required property 'properties.accessPolicies[0].permissions'",
        "missing required property 'properties.accessPolicies[0].tenantId'",
        "'properties.accessPolicies[1]' should be of type 'object'",
        "missing required property 'location'. Either set it explicitly or configure it with"
        " 'pulumi config set azure-native:location <value>'.",
    ]


def test_values_that_are_not_known_yet_pass(pulumi: Engine) -> None:
    vault = {"resourceGroupName": UNKNOWN, "properties": UNKNOWN}
    assert pulumi.checked("keyvault:Vault", "v", vault)["properties"] is UNKNOWN


def test_equal_inputs_are_no_difference_however_a_location_or_a_group_is_spelt(pulumi: Engine) -> None:
    old = {**VNET, "location": "eastus2", "flowTimeoutInMinutes": 4}
    new = {**VNET, "location": "East US 2", "resourceGroupName": "contoso", "flowTimeoutInMinutes": 4.0}
    answer = pulumi.diff("network:VirtualNetwork", old, {**new, "__createBeforeDelete": True})
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_difference_says_what_happens_at_which_path(pulumi: Engine) -> None:
    old = {**VNET, "tags": {"a": "1", "b": "2"}, "subnets": [{"name": "s", "addressPrefix": "10.0.1.0/24"}]}
    new = {
        **VNET,
        "tags": {"a": "3", "c": "4"},
        "subnets": [{"name": "s", "addressPrefix": "10.0.2.0/24"}, {"name": "t"}],
    }
    answer = pulumi.diff("network:VirtualNetwork", old, new)
    assert _kinds(answer) == {
        "subnets[0].addressPrefix": "UPDATE",
        "subnets[1]": "ADD",
        "tags.a": "UPDATE",
        "tags.b": "DELETE",
        "tags.c": "ADD",
    }
    assert list(answer.diffs) == ["subnets", "tags"]
    assert list(answer.replaces) == []
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert answer.hasDetailedDiff
    assert all(each.inputDiff for each in answer.detailedDiff.values())


@pytest.mark.parametrize(("made_up", "delete_first"), [(True, False), (False, True)])
def test_a_new_name_replaces_and_a_name_that_was_made_up_lets_the_new_one_come_first(
    pulumi: Engine, made_up: bool, delete_first: bool
) -> None:
    old = {**VNET, "virtualNetworkName": "a", **({"__createBeforeDelete": True} if made_up else {})}
    answer = pulumi.diff("network:VirtualNetwork", old, {**VNET, "virtualNetworkName": "b"})
    assert _kinds(answer) == {"virtualNetworkName": "UPDATE_REPLACE"}
    assert list(answer.replaces) == ["virtualNetworkName"]
    assert answer.deleteBeforeReplace is delete_first


def test_a_private_endpoint_in_another_subnet_is_another_one(pulumi: Engine) -> None:
    old, new = ({"privateEndpointName": "p", "subnet": {"id": each}} for each in "ab")
    assert _kinds(pulumi.diff("network:PrivateEndpoint", old, new)) == {"subnet.id": "UPDATE_REPLACE"}


def test_to_set_what_the_service_had_chosen_itself_replaces_nothing(pulumi: Engine) -> None:
    old, new = {"resourceGroupName": "Contoso"}, {"resourceGroupName": "Contoso", "location": "westus"}
    answer = pulumi.diff("network:VirtualNetwork", old, new, {"location": "westus"})
    assert _kinds(answer) == {"location": "ADD"}
    assert not answer.replaces
    assert list(pulumi.diff("network:VirtualNetwork", old, new, {"location": "eastus"}).replaces) == ["location"]


def test_a_value_that_is_not_known_yet_is_a_difference(pulumi: Engine) -> None:
    answer = pulumi.diff("network:VirtualNetwork", VNET, {**VNET, "addressSpace": UNKNOWN})
    assert _kinds(answer) == {"addressSpace": "UPDATE"}
