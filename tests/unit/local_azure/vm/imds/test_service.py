"""Who may ask the metadata service, and for what."""

from __future__ import annotations

import pytest

from local_azure.core.world import World
from local_azure.vm.imds.service import MetadataService
from tests.unit.local_azure.vm.imds.support import Metadata


@pytest.mark.parametrize("origin", ["outside", "internet", "/subscriptions/1/resourceGroups/g/providers/x/y/gone"])
def test_nobody_but_a_machine_is_answered(world: World, origin: str) -> None:
    assert Metadata(world, origin).ask("/metadata/versions").status == 501


@pytest.mark.parametrize(
    "path", ["/", "/metadata", "/metadata/identity", "/metadata/attested/document", "/metadata/scheduledevents"]
)
def test_what_is_not_played_says_so(metadata: Metadata, path: str) -> None:
    answer = metadata.ask(f"{path}?api-version=2021-02-01")
    assert answer.status == 501
    assert path in answer.text


def test_paths_are_read_without_regard_to_case(metadata: Metadata) -> None:
    assert metadata.ask("/Metadata/Versions").status == 200


def test_the_service_is_at_its_own_address_only(world: World) -> None:
    service = MetadataService(world)
    assert service.plays("169.254.169.254")
    assert not service.plays("management.azure.com")
