"""What is on its way to the places for logs arrives when somebody looks there."""

from __future__ import annotations

from local_azure.core.world import World
from local_azure.monitor import destinations, metrics


def settle(world: World) -> None:
    """Before anybody reads a storage account, a workspace or an event hub."""
    metrics.settle(world)
    destinations.settle(world)
