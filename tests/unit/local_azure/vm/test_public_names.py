"""Public DNS."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import World
from local_azure.vm.public_names import PublicNames, Record, host_behind
from tests.unit.local_azure.arm.support import ENDPOINT, NETWORK, ArmClient, endpoint_body
from tests.unit.local_azure.vm.support import FRONT_END, HOST, LINK_HOST


@pytest.fixture
def names(world: World) -> PublicNames:
    return PublicNames(world, lambda _: False)


def test_a_pool_is_behind_the_front_end_of_its_region(names: PublicNames, pool: Any) -> None:
    del pool
    assert names.records(HOST) == [Record(HOST, "CNAME", FRONT_END, 60)]
    assert names.of_data_planes() == names.addresses(FRONT_END)


def test_an_endpoint_that_waits_for_approval_changes_no_name(
    names: PublicNames, arm: ArmClient, pool: Any, subnet: Any
) -> None:
    del pool, subnet
    arm.made(ENDPOINT, NETWORK, endpoint_body(manual=True))
    assert names.records(HOST)[0].value == FRONT_END


def test_an_approved_endpoint_puts_privatelink_in_between(names: PublicNames, endpoint: Any) -> None:
    del endpoint
    assert names.records(HOST)[0].value == LINK_HOST
    assert names.records(LINK_HOST)[0].value == FRONT_END
    assert names.addresses(HOST) == names.addresses(FRONT_END) == names.of_data_planes()


def test_without_pools_there_is_nothing(names: PublicNames) -> None:
    assert names.records(HOST) == []
    assert names.of_data_planes() == set()


@pytest.mark.parametrize(
    ("asked", "host"),
    [
        (HOST, HOST),
        (LINK_HOST, HOST),
        ("contosomivault.privatelink.vaultcore.azure.net", "contosomivault.vault.azure.net"),
        ("login.microsoftonline.com", "login.microsoftonline.com"),
    ],
)
def test_behind_a_privatelink_name_is_the_resource_itself(asked: str, host: str) -> None:
    assert host_behind(asked) == host
