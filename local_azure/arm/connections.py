"""What data planes ask of ARM's state: whether a private endpoint may lead traffic to a resource."""

from __future__ import annotations

from typing import Any

from local_azure.arm import ids
from local_azure.arm.resources import Resources
from local_azure.core.world import World

APPROVED = "Approved"


def connection_status(world: World, target_id: str, endpoint_id: str) -> str | None:
    """``Approved``, ``Pending``, ``Rejected`` or ``Disconnected``; None where the endpoint does not lead there."""
    kind = f"{ids.type_of(target_id)}/privateEndpointConnections"
    for connection in Resources(world).of_type(kind, target_id):
        properties: dict[str, Any] = connection.properties
        if ids.same(properties["privateEndpoint"]["id"], endpoint_id):
            return str(properties["privateLinkServiceConnectionState"]["status"])
    return None
