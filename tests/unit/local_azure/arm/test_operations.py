"""Long-running operations: accepted, polled, done when their time has come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local_azure.arm import operations
from local_azure.core.latency import AZURE_SECONDS
from tests.unit.local_azure.arm.support import (
    DNS,
    GROUP,
    KEY_VAULT,
    NETWORK,
    POOL,
    SUBSCRIPTION,
    VNET,
    ZONE,
    ArmClient,
    network_body,
    pool_body,
)


@pytest.fixture
def slow(arm: ArmClient) -> ArmClient:
    """ARM at Azure's own pace."""
    arm.world.latency.set_scale(1.0)
    return arm


def pass_time(arm: ArmClient, seconds: float) -> None:
    arm.world.clock.move(timedelta(seconds=seconds))
    arm.token = ArmClient(arm.world).token


def test_a_pool_takes_its_time_and_says_so(slow: ArmClient, group: str) -> None:
    answer = slow.put(POOL, KEY_VAULT, pool_body())
    assert (answer.status, answer.body) == (202, None)
    assert "managedHsmOperationResults" in answer.headers["Location"]
    assert "Azure-AsyncOperation" not in answer.headers
    assert int(answer.headers["Retry-After"]) > 0
    assert slow.finish(answer).status == 202
    meanwhile = slow.get(POOL, KEY_VAULT).body["properties"]
    assert meanwhile["provisioningState"] == "Provisioning"
    pass_time(slow, AZURE_SECONDS["managed_hsm.create"] + 1)
    done = slow.finish(answer)
    assert done.status == 200
    assert done.body["properties"]["provisioningState"] == "Succeeded"
    assert group


def test_a_network_answers_at_once_and_is_polled_by_its_operation(slow: ArmClient, group: str) -> None:
    answer = slow.put(VNET, NETWORK, network_body())
    assert (answer.status, answer.body["properties"]["provisioningState"]) == (201, "Updating")
    assert slow.finish(answer).body == {"status": "InProgress"}
    pass_time(slow, 60)
    assert slow.finish(answer).body == {"status": "Succeeded"}
    assert slow.get(VNET, NETWORK).body["properties"]["provisioningState"] == "Succeeded"
    assert group


def test_a_zone_is_accepted_with_an_empty_object_and_both_ways_to_poll(slow: ArmClient, group: str) -> None:
    answer = slow.put(ZONE, DNS, {"location": "global"})
    assert (answer.status, answer.body) == (202, {})
    assert "privateDnsOperationStatuses" in answer.headers["Azure-AsyncOperation"]
    assert "privateDnsOperationResults" in answer.headers["Location"]
    assert group


def test_without_latency_the_first_poll_finds_it_done(arm: ArmClient, group: str) -> None:
    answer = arm.put(VNET, NETWORK, network_body())
    assert answer.headers["Retry-After"] == "0"
    assert arm.finish(answer).body == {"status": "Succeeded"}
    assert group


def test_a_resource_that_is_being_written_takes_no_other_write(slow: ArmClient, group: str) -> None:
    slow.put(POOL, KEY_VAULT, pool_body())
    answer = slow.put(POOL, KEY_VAULT, pool_body())
    assert (answer.status, answer.code) == (409, "AnotherOperationInProgress")
    assert slow.delete(POOL, KEY_VAULT).status == 409
    assert group


def test_a_second_delete_joins_the_first(slow: ArmClient, group: str) -> None:
    slow.put(VNET, NETWORK, network_body())
    pass_time(slow, 60)
    first, second = slow.delete(VNET, NETWORK), slow.delete(VNET, NETWORK)
    assert (first.status, second.status) == (202, 202)
    assert first.headers["Location"] == second.headers["Location"]
    assert group


def test_operations_outlive_the_service(slow: ArmClient, group: str) -> None:
    answer = slow.put(POOL, KEY_VAULT, pool_body())
    again = ArmClient(slow.world)
    pass_time(again, AZURE_SECONDS["managed_hsm.create"] + 1)
    assert again.finish(answer).status == 200
    assert group


def test_a_purge_can_be_done_without_ever_saying_so(arm: ArmClient, pool: object) -> None:
    assert pool
    operations.never_report_done(arm.world, "managedHSMs.purge")
    arm.gone(POOL, KEY_VAULT)
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedManagedHSMs/az400popMHSM"
    answer = arm.post(f"{deleted}/purge", KEY_VAULT)
    assert arm.finish(answer).status == 202
    assert arm.get(deleted, KEY_VAULT).status == 404
    operations.never_report_done(arm.world, "managedHSMs.purge", on=False)
    assert arm.finish(answer).status == 200


def test_an_operation_that_nobody_began_is_not_found(arm: ArmClient) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Network/locations/westus/operations/none"
    assert arm.get(path, NETWORK).status == 404


def test_a_group_goes_by_an_operation_of_the_subscription(slow: ArmClient, group: str) -> None:
    answer = slow.delete(group, "2024-03-01")
    assert answer.status == 202
    assert "/operationresults/" in answer.headers["Location"]
    assert slow.get(group, "2024-03-01").body["properties"]["provisioningState"] == "Deleting"
    pass_time(slow, AZURE_SECONDS["resource_group.delete"] + 1)
    assert slow.finish(answer).status == 200
    assert slow.get(group, "2024-03-01").code == "ResourceGroupNotFound"
    assert group == GROUP


def test_a_group_that_goes_takes_nothing_new(slow: ArmClient, group: str) -> None:
    slow.delete(group, "2024-03-01")
    answer = slow.put(VNET, NETWORK, network_body())
    assert (answer.status, answer.code) == (409, "ResourceGroupBeingDeleted")
