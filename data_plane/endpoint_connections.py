"""The connection of a private endpoint to a pool: whether it carries traffic, and what to do where it does not.

A connection is approved at once for whoever may approve it, else the pool's owner is asked. Nothing passes before that,
and nothing after the pool was deleted, also where it was recovered ("What is a private endpoint?", "Integrate Managed
HSM with Azure Private Link"). ARM tells, which is not behind the pool's firewall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from data_plane import pool as pools
from data_plane.errors import WAY_OUT, DataPlaneError, DeadlineError
from data_plane.pool import PrivateEndpoint
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, silent

APPROVED: Final = "Approved"
PENDING: Final = "Pending"
REJECTED: Final = "Rejected"
DISCONNECTED: Final = "Disconnected"

APPEARING_SECONDS: Final = 60.0
"""For how long a pool may not know yet of an endpoint that has just been made."""


_WORD_SECONDS: Final = 60.0
"""How often it is said that an approval is waited for."""


class EndpointConnectionError(DataPlaneError):
    """The endpoint's connection carries no traffic."""


def status(session: Session, hsm_id: str, endpoint_id: str) -> str | None:
    """``Approved``, ``Pending``, ``Rejected`` or ``Disconnected``; None where there is no such pool.

    A pool that does not know the endpoint is one that was deleted and recovered, or made anew. Raises DataPlaneError.
    """
    found = pools.read(session, hsm_id)
    if found is None:
        return None
    connection = _of(found, endpoint_id)
    return DISCONNECTED if connection is None else connection.status


@dataclass(frozen=True)
class Awaited:
    """Which connection is looked at, and how."""

    hsm_id: str
    endpoint_id: str
    approval_seconds: float
    """For how long an approval is waited for."""
    needed: bool
    """Whether an approval that is still missing then is an error."""
    anew: str
    """The command that makes the endpoint anew."""


def settled(session: Session, awaited: Awaited, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> str:
    """``Approved``, or ``Pending`` where the owner has not answered in time, which is said, and nothing needs it.

    Raises EndpointConnectionError where the endpoint has to be made anew or a needed approval is missing, and other
    DataPlaneErrors.
    """
    appearing = Patience(APPEARING_SECONDS, awaited.endpoint_id, first=0.5, clock=clock)
    approval = Patience(awaited.approval_seconds, awaited.endpoint_id, first=1.0, clock=clock)
    next_word = 0.0
    while True:
        pool = pools.read(session, awaited.hsm_id)
        connection = None if pool is None else _of(pool, awaited.endpoint_id)
        if connection is not None and connection.status not in (PENDING, APPROVED):
            raise _lost(awaited, connection)
        if connection is not None and connection.status == APPROVED:
            return APPROVED
        if connection is not None and approval.elapsed >= next_word:
            next_word = approval.elapsed + _WORD_SECONDS
            say(f"private endpoint {_waiting(awaited, connection, approval.elapsed)}")
        try:
            (appearing if connection is None else approval).pause()
        except DeadlineError:
            if connection is None:
                raise _lost(awaited, None) from None
            if awaited.needed:
                raise EndpointConnectionError(
                    f"private endpoint {_waiting(awaited, connection, approval.elapsed)}; then run again"
                ) from None
            return PENDING


def how_to_approve(connection_id: str) -> str:
    """The command by which the pool's owner approves a connection."""
    return f"az keyvault private-endpoint-connection approve --id {connection_id}"


def _waiting(awaited: Awaited, connection: PrivateEndpoint, elapsed: float) -> str:
    minutes = f" for {elapsed / 60.0:.0f} minutes" if elapsed >= _WORD_SECONDS else ""
    return (
        f"{connection.name}: its connection to {pools.name_of(awaited.hsm_id)} waits for approval{minutes}{WAY_OUT}the"
        f" pool's owner gives it by: {how_to_approve(connection.connection_id)}"
    )


def _lost(awaited: Awaited, connection: PrivateEndpoint | None) -> EndpointConnectionError:
    pool = pools.name_of(awaited.hsm_id)
    cause = (
        f"its connection was rejected by the owner of {pool}, for good"
        if connection is not None and connection.status == REJECTED
        else f"its connection is lost: {pool}, or the connection itself, was deleted since it was made"
    )
    return EndpointConnectionError(
        f"private endpoint {pools.name_of(awaited.endpoint_id)}: {cause}{WAY_OUT}make the endpoint anew: {awaited.anew}"
    )


def _of(pool: pools.Pool, endpoint_id: str) -> PrivateEndpoint | None:
    known = pool.network.private_endpoints
    return next((each for each in known if each.id.lower() == endpoint_id.lower()), None)
