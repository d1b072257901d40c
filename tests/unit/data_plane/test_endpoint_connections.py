"""What is done about a connection that carries no traffic, judged by a local Azure."""

from __future__ import annotations

from typing import Any

import pytest

from data_plane import endpoint_connections, session
from data_plane.endpoint_connections import Awaited, EndpointConnectionError, settled
from data_plane.pool import Pool
from tests.by_hand import NETWORKS, POOLS, ByHand
from tests.support import Azure
from tests.unit.data_plane.support import GROUP, HSM_ID, FakeClock, make_pool, recover_pool

pytestmark = pytest.mark.daemon

ANEW = "pulumi up --replace 'urn'"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnetwest"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/main"


@pytest.fixture
def hand(azure: Azure) -> ByHand:
    """ARM by hand; nothing is remembered of an earlier local Azure."""
    session.forget()
    return ByHand(azure.instance)


@pytest.fixture
def pool(hand: ByHand) -> Pool:
    assert hand
    return make_pool()


def make_endpoint(hand: ByHand, pool: Pool, *, manual: bool = False) -> None:
    subnets = [{"name": "main", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    hand.arm("PUT", NETWORK, NETWORKS, {"location": "westus", "properties": space})
    connection = {"name": "main", "properties": {"privateLinkServiceId": pool.id, "groupIds": ["managedhsm"]}}
    kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    properties = {"subnet": {"id": f"{NETWORK}/subnets/main"}, kind: [connection]}
    hand.arm("PUT", ENDPOINT, NETWORKS, {"location": "westus", "properties": properties})


def decide(hand: ByHand, pool: Pool, status: str) -> None:
    state = {"privateLinkServiceConnectionState": {"status": status}}
    hand.arm("PUT", f"{pool.id}/privateEndpointConnections/main", POOLS, {"properties": state})


def awaited(pool: Pool, **changes: Any) -> Awaited:
    given = {"approval_seconds": 0.0, "needed": False, "anew": ANEW, **changes}
    return Awaited(pool.id, ENDPOINT, **given)


def status(pool: Pool) -> str | None:
    return endpoint_connections.status(session.current(), pool.id, ENDPOINT)


def test_an_endpoint_of_whoever_may_approve_is_approved_at_once(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool)
    said: list[str] = []
    assert settled(session.current(), awaited(pool), say=said.append) == "Approved"
    assert said == []
    assert status(pool) == "Approved"


def test_a_pending_connection_is_said_with_the_command_that_approves_it(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool, manual=True)
    said: list[str] = []
    assert settled(session.current(), awaited(pool), say=said.append, clock=FakeClock()) == "Pending"
    assert said == [
        "private endpoint main: its connection to az400popMHSM waits for approval — the pool's owner gives it by:"
        f" az keyvault private-endpoint-connection approve --id {pool.id}/privateEndpointConnections/main"
    ]


def test_a_pending_connection_that_is_needed_is_an_error_of_one_line(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool, manual=True)
    with pytest.raises(EndpointConnectionError) as error:
        settled(session.current(), awaited(pool, needed=True), clock=FakeClock())
    line = str(error.value)
    assert line.startswith("private endpoint main: its connection to az400popMHSM waits for approval — ")
    assert line.endswith(f"approve --id {pool.id}/privateEndpointConnections/main; then run again")


def test_an_approval_is_waited_for_as_long_as_configured_and_told_every_minute(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool, manual=True)
    clock, said = FakeClock(), list[str]()
    assert settled(session.current(), awaited(pool, approval_seconds=300.0), say=said.append, clock=clock) == "Pending"
    assert 300.0 <= clock.monotonic() < 301.0
    assert len(said) == 5
    assert "waits for approval for 4 minutes — " in said[-1]


def test_an_approval_that_comes_in_time_ends_the_wait(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool, manual=True)
    clock = FakeClock()
    said: list[str] = []

    def approve_now(line: str) -> None:
        said.append(line)
        decide(hand, pool, "Approved")

    assert settled(session.current(), awaited(pool, approval_seconds=300.0), say=approve_now, clock=clock) == "Approved"
    assert len(said) == 1
    assert clock.monotonic() < 10.0


def test_a_rejected_connection_has_to_be_made_anew(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool, manual=True)
    decide(hand, pool, "Rejected")
    with pytest.raises(EndpointConnectionError) as error:
        settled(session.current(), awaited(pool, approval_seconds=300.0), clock=FakeClock())
    assert str(error.value) == (
        "private endpoint main: its connection was rejected by the owner of az400popMHSM, for good — make the endpoint"
        f" anew: {ANEW}"
    )
    assert status(pool) == "Rejected"


def test_a_recovered_pool_has_lost_its_endpoints(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool)
    recovered = recover_pool()
    assert status(recovered) == "Disconnected"
    clock = FakeClock()
    with pytest.raises(EndpointConnectionError) as error:
        settled(session.current(), awaited(recovered), clock=clock)
    assert str(error.value) == (
        "private endpoint main: its connection is lost: az400popMHSM, or the connection itself, was deleted since it"
        f" was made — make the endpoint anew: {ANEW}"
    )
    # The pool could as well not know yet of an endpoint that has just been made.
    assert clock.monotonic() >= endpoint_connections.APPEARING_SECONDS


@pytest.mark.usefixtures("hand")
def test_of_a_pool_that_is_gone_there_is_no_status() -> None:
    assert endpoint_connections.status(session.current(), HSM_ID, ENDPOINT) is None
