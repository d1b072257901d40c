"""Private endpoints as a network sees them: which address leads where."""

from __future__ import annotations

from dataclasses import dataclass

from local_azure.arm import ids
from local_azure.arm.providers.private_endpoints import ENDPOINT
from local_azure.arm.providers.private_link import APPROVED, HSM_CONNECTIONS, VAULT_CONNECTIONS
from local_azure.arm.resources import Resources, Stored
from local_azure.core.world import World
from local_azure.vm.place import network_of

_DOMAINS = {"microsoft.keyvault/managedhsms": "managedhsm.azure.net", "microsoft.keyvault/vaults": "vault.azure.net"}
"""Public domain of the data plane by the target's type in lower case."""


@dataclass(frozen=True)
class PrivateEndpoint:
    """An endpoint that traffic can go through."""

    id: str
    address: str
    host: str
    """The one host that it leads to."""


def in_network(world: World, network_id: str) -> list[PrivateEndpoint]:
    """The endpoints of a virtual network whose connections have been approved; nothing passes through any other."""
    resources = Resources(world)
    return [
        PrivateEndpoint(stored.id, address, host)
        for stored in resources.of_type(ENDPOINT)
        if ids.same(network_of(stored.properties["subnet"]["id"]), network_id)
        if (host := _host(resources, stored)) is not None
        for address in _addresses(resources, stored)
    ]


def leads_to(world: World, target_id: str) -> bool:
    """Whether any approved private endpoint leads to the resource: public DNS then takes the way by privatelink."""
    resources = Resources(world)
    return any(
        _is_approved(connection)
        for kind in (HSM_CONNECTIONS, VAULT_CONNECTIONS)
        for connection in resources.of_type(kind, target_id)
    )


def _host(resources: Resources, endpoint: Stored) -> str | None:
    connection = resources.find(endpoint.hidden["connection"])
    if connection is None or not _is_approved(connection):
        return None
    target = ids.parse(connection.id.rpartition("/privateEndpointConnections/")[0])
    domain = _DOMAINS.get(target.type.lower()) if target is not None else None
    return None if target is None or domain is None else f"{target.name.lower()}.{domain}"


def _is_approved(connection: Stored) -> bool:
    state = connection.properties["privateLinkServiceConnectionState"]
    return str(state["status"]) == APPROVED


def _addresses(resources: Resources, endpoint: Stored) -> list[str]:
    interfaces = [resources.find(each["id"]) for each in endpoint.properties.get("networkInterfaces", [])]
    return [
        str(configuration["properties"]["privateIPAddress"])
        for interface in interfaces
        if interface is not None
        for configuration in interface.properties["ipConfigurations"]
    ]
