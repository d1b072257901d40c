"""The provider's methods, with a local Azure where they ask it."""

from __future__ import annotations

from typing import Any

import pytest

from data_plane.endpoint_connections import EndpointConnectionError
from data_plane.pool import Pool
from dynamic.endpoint_connection import EndpointConnectionProvider
from tests.by_hand import ByHand
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, recover_pool
from tests.unit.data_plane.test_endpoint_connections import ENDPOINT, decide, make_endpoint

pytestmark = pytest.mark.daemon

PROVIDER = EndpointConnectionProvider()


def props(pool: Pool, **changes: Any) -> dict[str, Any]:
    return {
        "hsm_id": pool.id,
        "hsm_created_at": pool.created_at,
        "endpoint_id": ENDPOINT,
        "endpoint_urn": "urn:pulumi:dev::managed-hsm::main",
        "approval_minutes": 0.0,
        "needed": False,
        "__provider": "x",
        **changes,
    }


@pytest.fixture
def hand(signed_in: Azure) -> ByHand:
    return ByHand(signed_in.instance)


def test_what_is_approved_is_looked_at_once(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool)
    outs = PROVIDER.create(props(pool)).outs
    assert outs is not None
    assert outs["status"] == "Approved"
    assert not PROVIDER.diff("id", outs, props(pool, needed=True, approval_minutes=5.0)).changes
    read = PROVIDER.read("id", outs)
    assert read.outs is not None
    assert not PROVIDER.diff("id", read.outs, props(pool)).changes


def test_what_is_pending_is_said_and_looked_at_by_every_up(
    hand: ByHand, pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    make_endpoint(hand, pool, manual=True)
    outs = PROVIDER.create(props(pool)).outs
    assert outs is not None
    assert "waits for approval" in capsys.readouterr().out
    assert PROVIDER.diff("id", outs, props(pool)).changes
    again = PROVIDER.update("id", outs, props(pool)).outs
    assert again is not None
    assert again["status"] == "Pending"
    decide(hand, pool, "Approved")
    last = PROVIDER.update("id", again, props(pool)).outs
    assert last is not None
    assert not PROVIDER.diff("id", last, props(pool)).changes


def test_what_is_pending_and_needed_fails(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool, manual=True)
    with pytest.raises(EndpointConnectionError, match="approve --id"):
        PROVIDER.create(props(pool, needed=True))


def test_a_refresh_sees_a_connection_lost_and_the_next_up_names_the_way_out(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool)
    outs = PROVIDER.create(props(pool)).outs
    assert outs is not None
    decide(hand, pool, "Rejected")
    read = PROVIDER.read("id", outs)
    assert read.outs is not None
    assert read.outs["status"] == "Rejected"
    assert PROVIDER.diff("id", read.outs, props(pool)).changes
    with pytest.raises(EndpointConnectionError, match=r"pulumi up --replace 'urn:pulumi:dev::managed-hsm::main'$"):
        PROVIDER.update("id", read.outs, props(pool))


def test_a_recovered_pool_is_another_one_without_connections(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool)
    outs = PROVIDER.create(props(pool)).outs
    assert outs is not None
    recovered = recover_pool()
    assert PROVIDER.diff("id", outs, props(recovered)).changes
    read = PROVIDER.read("id", outs)
    assert read.outs is not None
    assert read.outs["status"] == "Disconnected"


def test_when_the_pool_is_gone_so_is_the_connection(hand: ByHand, pool: Pool) -> None:
    make_endpoint(hand, pool)
    outs = PROVIDER.create(props(pool)).outs
    assert outs is not None
    delete_pool()
    gone = PROVIDER.read("id", outs)
    assert (gone.id, gone.outs) == (None, {})
