"""The way to a pool's data plane, where it is shut: by which rule, for which address, and what leads on.

The service tells the caller's address and little else. The rules themselves are asked of ARM, which is not behind the
pool's firewall.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from data_plane import pool as pools
from data_plane.endpoint_connections import APPROVED, PENDING, how_to_approve
from data_plane.errors import WAY_OUT, DataPlaneError, DeadlineError, ForbiddenError, UnreachableError
from data_plane.pool import Network, Pool, PrivateEndpoint
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, silent

T = TypeVar("T")

SPREADING_SECONDS: Final = 180.0
"""For how long a firewall may go on refusing an address that its rules let in: a change takes a while to spread."""

_FIREWALL: Final = "managed-hsm:hsm.firewall"
_ZONE: Final = "privatelink.managedhsm.azure.net"


def kept_trying(
    operation: Callable[[], T], session: Session, hsm_id: str, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK
) -> T:
    """The operation's result; repeated while the firewall refuses whom its own rules let in.

    An error of a way that is shut is raised as the same kind of error with the rule and the ways on in its line.
    ``operation`` has to bear being begun again. Raises DataPlaneError.
    """
    patience = Patience(SPREADING_SECONDS, hsm_id, first=1.0, clock=clock)
    said = False
    while True:
        try:
            return operation()
        except (ForbiddenError, UnreachableError) as error:
            failure = error
        pool = _shut_pool(session, hsm_id, failure)
        if pool is None:
            raise failure
        if not _is_spreading(pool.network, failure):
            raise explained(pool, failure) from None
        if not said:
            say(f"{pool.name}: the firewall refuses {_caller(failure)}, which its rules let in: waiting for the change")
            said = True
        try:
            patience.pause()
        except DeadlineError:
            raise explained(pool, failure) from None


def explained(pool: Pool, error: ForbiddenError | UnreachableError) -> DataPlaneError:
    """The same error with the rule that shuts the way, and the ways on."""
    if isinstance(error, UnreachableError):
        return UnreachableError(f"{error}; {_rule(pool.network, None)}{_private_ways(pool)}")
    line = f"{error.refusal}{WAY_OUT}{_rule(pool.network, error.client_address)}; {_ways_on(pool, error)}"
    return ForbiddenError(line, status=error.status, code=error.code, retry_after=error.retry_after)


def _shut_pool(session: Session, hsm_id: str, error: ForbiddenError | UnreachableError) -> Pool | None:
    """The pool that the error is about; None where it is about something else than the way to it."""
    if isinstance(error, ForbiddenError) and not error.by_firewall:
        return None
    try:
        pool = pools.read(session, hsm_id)
    except DataPlaneError:
        return None
    if pool is None or isinstance(error, ForbiddenError):
        return pool
    return None if pool.network.is_public or _host(pool) not in str(error).lower() else pool


def _is_spreading(network: Network, error: DataPlaneError) -> bool:
    if not isinstance(error, ForbiddenError):
        return False
    address = error.client_address
    return network.is_public if address is None else network.lets_in(address)


def _caller(error: DataPlaneError) -> str:
    return (error.client_address if isinstance(error, ForbiddenError) else None) or "this machine"


def _rule(network: Network, address: str | None) -> str:
    if network.public_network_access == "Disabled":
        return "publicNetworkAccess is Disabled"
    if network.is_public or (address is not None and network.lets_in(address)):
        return "the rules let this caller in: a change of them is still spreading, run again later"
    rules = f"ipRules ({', '.join(network.ip_rules)})" if network.ip_rules else "ipRules (none)"
    return f"defaultAction is Deny and {rules} do not name {address or 'this address'}"


def _ways_on(pool: Pool, error: ForbiddenError) -> str:
    """What a person can change; the last two need a run of their own before this one."""
    address = error.client_address or "this machine's public address"
    opened = " with publicNetworkAccess: Enabled and defaultAction: Deny"
    only = opened if pool.network.public_network_access == "Disabled" else ""
    return (
        f"ways on: declare {address} in {_FIREWALL}.ipRules{only}; or run inside the virtual network"
        f"{_private_ways(pool)}; or set up openly first (defaultAction: Allow) and Deny with a second up"
    )


def _private_ways(pool: Pool) -> str:
    """The private endpoints with what is wrong about them, in brackets."""
    endpoints = pool.network.private_endpoints
    told = [f"{each.name}: {each.status}{_advice(each)}" for each in endpoints]
    if not told:
        return " (the pool has no private endpoint yet: managed-hsm:network.privateEndpoints)"
    if any(each.status == APPROVED for each in endpoints):
        told += _wrong_name(pool)
    return f" (private endpoints: {'; '.join(told)})"


def _advice(endpoint: PrivateEndpoint) -> str:
    if endpoint.status == APPROVED:
        return ""
    approve = f", approve it ({how_to_approve(endpoint.connection_id)})"
    return approve if endpoint.status == PENDING else ", make it anew"


def _wrong_name(pool: Pool) -> list[str]:
    """What the name resolves to here, where that is no private address and no proxy resolves it instead."""
    host = _host(pool)
    if getproxies().get("https") and not proxy_bypass(host):
        return []
    try:
        found = socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return [f"here {host} does not resolve"]
    addresses = sorted({str(each[4][0]) for each in found})
    if any(ipaddress.ip_address(each).is_private for each in addresses):
        return []
    return [
        f"here {host} resolves to {', '.join(addresses)}, no private address: inside the virtual network, link the zone"
        f" {_ZONE} to it, with an A record {pool.name.lower()}"
    ]


def _host(pool: Pool) -> str:
    return (urlsplit(pool.uri).hostname or pool.uri).lower()
