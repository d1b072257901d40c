"""Certificates and tokens over time: cached, renewed before they end, by one thread whatever the load."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.workload.managed_identity_v2.clients import MovableClock, Sleeps, vault_client
from tests.unit.workload.managed_identity_v2.serving import ISSUE, SCOPE, TOKENS, Serving
from workload.managed_identity_v2 import (
    Binding,
    InMemoryKey,
    ManagedIdentityV2Credential,
    MetadataServiceError,
)
from workload.managed_identity_v2.binding_cache import BindingCache
from workload.managed_identity_v2.metadata_service import MetadataService
from workload.managed_identity_v2.service_clock import ServiceClock
from workload.managed_identity_v2.single_flight import SingleFlight

DAY = 86400.0
CALLS = 100


def move(azure: Serving, clock: MovableClock, seconds: float) -> None:
    azure.world.clock.move(timedelta(seconds=seconds))
    clock.moved += seconds


def test_a_hundred_parallel_calls_mint_one_certificate_and_again_one_at_half_life(azure: Serving) -> None:
    clock = MovableClock()
    with (
        ManagedIdentityV2Credential(clock=clock) as credential,
        vault_client(credential) as client,
        ThreadPoolExecutor(CALLS) as threads,
    ):

        def read(_: int) -> str | None:
            return client.get_secret("contososecret").value

        assert set(threads.map(read, range(CALLS))) == {"from the vault"}
        assert (len(azure.asked(ISSUE)), len(azure.asked(TOKENS))) == (1, 1)
        first = credential.bound_token(SCOPE)
        move(azure, clock, 3.6 * DAY)
        assert set(threads.map(read, range(CALLS))) == {"from the vault"}
        second = credential.bound_token(SCOPE)
    assert (len(azure.asked(ISSUE)), len(azure.asked(TOKENS))) == (2, 2)
    assert first.binding is not None
    assert second.binding is not None
    assert first.binding.thumbprint != second.binding.thumbprint
    assert first.binding.key.signer.public_key() != second.binding.key.signer.public_key()


def test_before_half_life_the_certificate_serves_every_token(azure: Serving) -> None:
    clock = MovableClock()
    with ManagedIdentityV2Credential(clock=clock) as credential:
        first = credential.bound_token(SCOPE)
        assert credential.bound_token(SCOPE) is first
        move(azure, clock, 3.4 * DAY)
        second = credential.bound_token(SCOPE)
        third = credential.bound_token("https://storage.azure.com/.default")
    assert first.token != second.token
    assert first.binding is second.binding is third.binding
    assert (len(azure.asked(ISSUE)), len(azure.asked(TOKENS))) == (1, 3)


def test_a_token_is_renewed_five_minutes_before_its_end(azure: Serving) -> None:
    clock = MovableClock()
    with ManagedIdentityV2Credential(clock=clock) as credential:
        first = credential.bound_token(SCOPE)
        assert 3500 < first.expires_on - time.time() <= 3600
        move(azure, clock, 3599 - 310)
        assert credential.bound_token(SCOPE) is first
        move(azure, clock, 20)
        assert credential.bound_token(SCOPE) is not first


def test_a_renewal_that_fails_leaves_what_is_still_good(azure: Serving) -> None:
    clock = MovableClock()
    service = MetadataService(clock, sleep=Sleeps())
    with ManagedIdentityV2Credential(clock=clock, metadata_service=service) as credential:
        first = credential.bound_token(SCOPE)
        move(azure, clock, 3.6 * DAY)
        azure.fail("status", "/metadata/", status=500, count=None)
        second = credential.bound_token(SCOPE)
        assert second.binding is first.binding
        failures = len(azure.asked("/getplatformmetadata"))
        # It is not tried again at every call.
        credential.bound_token("https://storage.azure.com/.default")
        assert len(azure.asked("/getplatformmetadata")) == failures
        azure.dispatcher.faults.clear()
        move(azure, clock, 3000)
        credential.bound_token("https://storage.azure.com/.default")
        assert len(azure.asked(ISSUE)) == 1
        move(azure, clock, 3000)
        assert credential.bound_token(SCOPE).binding is not first.binding


def test_a_token_that_cannot_be_refreshed_is_used_until_its_end(azure: Serving) -> None:
    clock = MovableClock()
    with ManagedIdentityV2Credential(clock=clock, retry_total=0) as credential:
        first = credential.bound_token(SCOPE)
        move(azure, clock, 3400)
        azure.fail("status", TOKENS, status=500, count=None)
        assert credential.bound_token(SCOPE) is first
        move(azure, clock, 300)
        with pytest.raises(Exception, match="answered 500"):
            credential.bound_token(SCOPE)


def test_an_expired_certificate_is_never_shown(azure: Serving) -> None:
    clock = MovableClock()
    with ManagedIdentityV2Credential(clock=clock) as credential:
        first = credential.bound_token(SCOPE)
        move(azure, clock, 8 * DAY)
        second = credential.bound_token(SCOPE)
    assert second.binding is not first.binding
    assert len(azure.asked(TOKENS)) == 2


def test_a_token_ends_with_the_certificate_that_it_is_bound_to(azure: Serving) -> None:
    clock = MovableClock()
    service = MetadataService(clock, sleep=Sleeps())
    with ManagedIdentityV2Credential(clock=clock, metadata_service=service) as credential:
        first = credential.bound_token(SCOPE)
        assert first.binding is not None
        azure.fail("status", "/getplatformmetadata", status=500, count=None)
        move(azure, clock, first.binding.valid_until - clock.now() - 600)
        last = credential.bound_token("https://storage.azure.com/.default")
        assert last.binding is first.binding
        assert last.expires_on - time.time() <= 600
        azure.dispatcher.faults.clear()
        move(azure, clock, 700)
        assert credential.bound_token("https://storage.azure.com/.default").binding is not first.binding


@pytest.mark.parametrize("days", [-400, -8, 8, 400])
def test_a_wrong_clock_on_the_machine_costs_nothing(azure: Serving, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    real = time.time
    monkeypatch.setattr("workload.managed_identity_v2.service_clock.time.time", lambda: real() + days * DAY)
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client:
        for _ in range(3):
            assert client.get_secret("contososecret").value == "from the vault"
    assert (len(azure.asked(ISSUE)), len(azure.asked(TOKENS))) == (1, 1)


def test_a_clock_that_is_set_while_the_program_runs_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ServiceClock()
    clock.learn("Sat, 21 Nov 2026 18:00:00 GMT")
    before = clock.now()
    monkeypatch.setattr("workload.managed_identity_v2.service_clock.time.time", lambda: 0.0)
    assert 0 <= clock.now() - before < 60
    for nonsense in (None, "", "yesterday", "Sat, 99 Nov 2026 18:00:00 GMT"):
        clock.learn(nonsense)
        assert 0 <= clock.now() - before < 60


def test_a_certificate_that_comes_expired_is_an_error_and_no_loop(azure: Serving) -> None:
    clock = MovableClock()
    clock.moved = 30 * DAY
    with ManagedIdentityV2Credential(clock=clock) as credential, pytest.raises(MetadataServiceError, match="already"):
        credential.bound_token(SCOPE)
    assert len(azure.asked(ISSUE)) == 1


class CountingMint:
    """Mints at once, or when it is let, or not at all."""

    def __init__(self, clock: ServiceClock) -> None:
        self.clock = clock
        self.count = 0
        self.failing = False
        self.gate = threading.Event()
        self.gate.set()
        self.key = InMemoryKey()

    def mint(self, *, bypass_cache: bool = False) -> Binding:
        del bypass_cache
        self.count += 1
        self.gate.wait(10)
        if self.failing:
            raise MetadataServiceError("The metadata service is away")
        now = self.clock.now()
        return Binding(str(self.count).encode(), self.key, "client", "tenant", "endpoint", now, now + 7 * DAY)


def test_nobody_waits_for_a_renewal_while_the_certificate_is_good() -> None:
    clock = MovableClock()
    mint: Any = CountingMint(clock)
    cache = BindingCache(mint, clock)
    first = cache.get()
    clock.moved += 4 * DAY
    mint.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        renewing = threads.submit(cache.get)
        while mint.count < 2:
            time.sleep(0.001)
        assert threads.submit(cache.get).result(1) is first
        mint.gate.set()
        assert renewing.result(5) is not first


def test_all_who_wait_for_the_first_certificate_share_its_failure() -> None:
    clock = MovableClock()
    mint: Any = CountingMint(clock)
    mint.failing = True
    mint.gate.clear()
    cache = BindingCache(mint, clock)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(cache.get) for _ in range(20)]
        time.sleep(0.1)
        mint.gate.set()
        errors = [each.exception(5) for each in waiting]
    assert all(isinstance(error, MetadataServiceError) for error in errors)
    assert mint.count == 1


def test_who_finds_a_certificate_refused_that_is_replaced_already_takes_the_new_one() -> None:
    clock = MovableClock()
    mint: Any = CountingMint(clock)
    cache = BindingCache(mint, clock)
    first = cache.get()
    second = cache.replace(first)
    assert cache.replace(first) is second
    assert mint.count == 2
    assert cache.replace(replace(second)) is second


def test_a_flight_that_has_landed_is_flown_anew() -> None:
    flights: SingleFlight[int] = SingleFlight()
    assert [flights.run("one", lambda: 1), flights.run("one", lambda: 2)] == [1, 2]
    with pytest.raises(ZeroDivisionError):
        flights.run("one", lambda: 1 // 0)
    assert flights.run("one", lambda: 3) == 3
