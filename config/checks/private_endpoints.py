"""Private endpoints that would take the pool's name from one another, or that nobody would be asked to approve.

A private zone has one record for the pool's name, so of two endpoints in it the later takes the record of the earlier
("Azure Private Endpoint private DNS zone values"); and a virtual network is linked to one zone of a name at most. So
each network has an endpoint and a zone of its own, and zones of one name lie in different resource groups.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.checks.network import SUBNET, ZONE_ACCEPTED, is_type, is_zone
from config.network import DnsZone, ExistingResource, PoolEndpoint, PrivateNetwork, network_of
from config.problems import Problem, not_accepted
from config.settings import Settings

_NETWORK = "managed-hsm:network"


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of the pool's endpoints, apart from their names."""
    network = settings.network
    if network is None:
        return
    for index, endpoint in enumerate(network.private_endpoints):
        path = f"{_NETWORK}.privateEndpoints[{index}]"
        yield from _approval_problems(path, endpoint)
        yield from _place_problems(path, endpoint)
    yield from _records_taken(network)
    yield from _zones_shared(network)


def _approval_problems(path: str, endpoint: PoolEndpoint) -> Iterator[Problem]:
    if endpoint.approval == "manual":
        return
    involved = (f"{path}.approval",)
    if endpoint.request_message is not None:
        yield not_accepted(
            f"{path}.requestMessage", endpoint.request_message, "nothing unless approval is manual", involved
        )
    if endpoint.approval_minutes:
        yield not_accepted(
            f"{path}.approvalMinutes", endpoint.approval_minutes, "0 unless approval is manual", involved
        )


def _place_problems(path: str, endpoint: PoolEndpoint) -> Iterator[Problem]:
    involved = (f"{path}.subnet",)
    if endpoint.subnet is None:
        if endpoint.location is not None:
            yield not_accepted(f"{path}.location", endpoint.location, "nothing without subnet", involved)
        if endpoint.dns is not None:
            shown = endpoint.dns.zone_id if isinstance(endpoint.dns, DnsZone) else endpoint.dns
            yield not_accepted(f"{path}.dns", shown, f"nothing without subnet ({_NETWORK}.dns says it)", involved)
        return
    if not is_type(endpoint.subnet, SUBNET):
        yield not_accepted(f"{path}.subnet", endpoint.subnet, "the ARM id of a subnet")
    if endpoint.dns is None:
        yield Problem(
            f"{path}.dns", "is missing; zoneId of that network's own zone, or external, as subnet is said", involved
        )
    elif isinstance(endpoint.dns, DnsZone) and not is_zone(endpoint.dns.zone_id):
        yield not_accepted(f"{path}.dns.zoneId", endpoint.dns.zone_id, ZONE_ACCEPTED)


def _records_taken(network: PrivateNetwork) -> Iterator[Problem]:
    """A second endpoint with a record in one network: one name cannot be two addresses there."""
    taken: dict[str, int] = {}
    for index, endpoint in enumerate(network.private_endpoints):
        where = _network_id(network, endpoint)
        if (network.dns if endpoint.subnet is None else endpoint.dns) == "external" or where is None:
            continue
        earlier = taken.setdefault(where, index)
        if earlier != index:
            yield Problem(
                f"{_NETWORK}.privateEndpoints[{index}]",
                f"the record of privateEndpoints[{earlier}] would be taken over, as both are in one network, where the"
                " pool's name has one record; one endpoint a network, or dns: external",
                (f"{_NETWORK}.privateEndpoints[{earlier}]",),
            )


def _zones_shared(network: PrivateNetwork) -> Iterator[Problem]:
    """Two networks with one zone: its record leads one of them to an address that it does not reach."""
    zones: dict[str, str] = {}
    if isinstance(network.dns, DnsZone):
        zones[network.dns.zone_id.lower()] = f"{_NETWORK}.dns.zoneId"
    for index, endpoint in enumerate(network.private_endpoints):
        path = f"{_NETWORK}.privateEndpoints[{index}].dns.zoneId"
        if endpoint.subnet is None or not isinstance(endpoint.dns, DnsZone):
            continue
        earlier = zones.setdefault(endpoint.dns.zone_id.lower(), path)
        if earlier != path:
            accepted = f"a zone that {earlier.removeprefix('managed-hsm:')} does not name: one zone a network"
            yield not_accepted(path, endpoint.dns.zone_id, accepted, (earlier,))


def _network_id(network: PrivateNetwork, endpoint: PoolEndpoint) -> str | None:
    """Which network, in lower case; None where the id of a subnet is none."""
    if endpoint.subnet is None:
        return network.vnet.id.lower() if isinstance(network.vnet, ExistingResource) else ""
    return network_of(endpoint.subnet).lower() if is_type(endpoint.subnet, SUBNET) else None
