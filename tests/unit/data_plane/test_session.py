"""Clients and credentials that four worker threads share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from data_plane import pool as pools
from data_plane import session
from data_plane.errors import NotActivatedError, NotFoundError, UnreachableError, mapped
from data_plane.pool import Pool
from tests.support import Azure
from tests.unit.data_plane.support import HSM_ID

pytestmark = pytest.mark.daemon


def test_four_threads_sign_in_once_for_the_pool_and_have_clients_of_their_own(pool: Pool, signed_in: Azure) -> None:
    session.forget()
    before = len(signed_in.control.log())
    start = threading.Barrier(4)
    clients = set()

    def work(number: int) -> None:
        start.wait()
        client = session.current().keys(pool.uri)
        clients.add(id(client))
        assert client is session.current().keys(pool.uri.upper().replace("HTTPS", "https").rstrip("/"))
        with pytest.raises(NotActivatedError), mapped(f"key {number}"):
            client.get_key(f"key-{number}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    tokens = [each for each in signed_in.control.log()[before:] if each["path"].endswith("/oauth2/v2.0/token")]
    assert len(tokens) == 1
    assert len(clients) == 4


def test_a_pool_is_read_from_resource_manager(pool: Pool) -> None:
    assert pool.activation_status == pools.NOT_ACTIVATED
    assert pool.created_at
    assert pool.uri == "https://az400popmhsm.managedhsm.azure.net/"
    assert pools.read(session.current(), HSM_ID.upper()) == pool
    assert pools.read(session.current(), f"{HSM_ID}x") is None


def test_what_is_missing_names_itself(signed_in: Azure) -> None:
    del signed_in
    with pytest.raises(NotFoundError, match=r"404 Resource(Group)?NotFound"):
        session.current().resource_manager_get(HSM_ID, pools.API_VERSION)


def test_a_local_azure_that_does_not_run_is_one_line(signed_in: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    del signed_in
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match="the proxy of HTTPS_PROXY refused or is not there"):
        pools.read(session.current(), HSM_ID)
