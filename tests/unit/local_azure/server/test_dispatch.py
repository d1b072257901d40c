from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from local_azure.core.errors import ServiceError
from local_azure.core.faults import ConnectionDropped, FaultKind, FaultRule
from local_azure.core.http import Request, Response, json_response
from local_azure.core.world import World
from local_azure.server.dispatch import Dispatcher

HOST = "counter.example.net"
GET, POST = Request("GET", HOST, "/"), Request("POST", HOST, "/")


class Counter:
    """Counts POSTs; GET tells how many."""

    name = "Counter"

    def __init__(self, world: World) -> None:
        self._world = world

    def plays(self, host: str) -> bool:
        return host.endswith(".example.net")

    def handle(self, request: Request) -> Response:
        if request.path == "/broken":
            raise LookupError("secret-detail")
        if request.path == "/refused":
            raise ServiceError(409, "Conflict", "No.", headers={"Retry-After": "7"}, target="name")
        count = (self._world.store.get("counter", request.host) or {"count": 0})["count"]
        if request.method == "POST" and request.path == "/":
            count += 1
            self._world.store.put("counter", request.host, {"count": count})
        return json_response({"count": count}, headers={"Date": "then"} if request.path == "/dated" else None)


@pytest.fixture
def dispatcher(world: World) -> Dispatcher:
    return Dispatcher(world, [Counter(world)])


def count(dispatcher: Dispatcher, request: Request = GET) -> int:
    value: int = json.loads(dispatcher.handle(request).body)["count"]
    return value


def test_a_service_error_becomes_its_status_headers_and_envelope(dispatcher: Dispatcher) -> None:
    answer = dispatcher.handle(Request("GET", HOST, "/refused"))
    assert (answer.status, answer.headers["Retry-After"]) == (409, "7")
    assert json.loads(answer.body) == {"error": {"code": "Conflict", "message": "No.", "target": "name"}}


def test_a_fault_of_ours_is_a_500_whose_details_stay_in_the_log(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    answer = dispatcher.handle(Request("GET", HOST, "/broken"))
    assert answer.status == 500
    assert b"secret-detail" not in answer.body
    assert "secret-detail" in caplog.text


def test_a_host_that_nobody_plays_is_named(dispatcher: Dispatcher) -> None:
    answer = dispatcher.handle(Request("GET", "unknown.azure.net", "/"))
    assert answer.status == 501
    assert b"unknown.azure.net" in answer.body


def test_every_answer_has_an_id_and_a_date_of_this_world(dispatcher: Dispatcher) -> None:
    answer = dispatcher.handle(GET)
    assert len(answer.headers["x-ms-request-id"]) == 36
    assert answer.headers["Date"].endswith("GMT")
    assert dispatcher.handle(Request("GET", HOST, "/dated")).headers["Date"] == "then"


def test_the_clients_own_request_id_comes_back_where_it_asks_for_it(dispatcher: Dispatcher) -> None:
    headers = {"x-ms-client-request-id": "abc"}
    assert "x-ms-client-request-id" not in dispatcher.handle(Request("GET", HOST, "/", headers=headers)).headers
    headers["x-ms-return-client-request-id"] = "true"
    assert dispatcher.handle(Request("GET", HOST, "/", headers=headers)).headers["x-ms-client-request-id"] == "abc"


def test_throttling_says_when_to_come_again(dispatcher: Dispatcher) -> None:
    rule = FaultRule(FaultKind.STATUS, status=429, code="TooManyRequests", retry_after_seconds=2)
    dispatcher.faults.add(rule)
    answer = dispatcher.handle(POST)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
    assert json.loads(answer.body)["error"]["code"] == "TooManyRequests"
    assert count(dispatcher) == 0


@pytest.mark.parametrize(("kind", "effect"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1)])
def test_a_dropped_request_takes_effect_or_not(dispatcher: Dispatcher, kind: FaultKind, effect: int) -> None:
    dispatcher.faults.add(FaultRule(kind))
    with pytest.raises(ConnectionDropped):
        dispatcher.handle(POST)
    assert count(dispatcher) == effect


def test_a_stale_read_shows_what_was_before_the_last_write(dispatcher: Dispatcher) -> None:
    count(dispatcher, POST)
    dispatcher.faults.add(FaultRule(FaultKind.STALE_READ, host=HOST))
    count(dispatcher, POST)
    count(dispatcher, Request("POST", HOST, "/changes-nothing"))
    count(dispatcher, Request("POST", "another.example.net", "/"))
    assert [count(dispatcher), count(dispatcher)] == [1, 2]


def test_a_stale_read_before_any_write_is_a_read(dispatcher: Dispatcher) -> None:
    dispatcher.faults.add(FaultRule(FaultKind.STALE_READ))
    assert count(dispatcher) == 0


@pytest.mark.parametrize("wait", ["latency", "fault"])
def test_latency_and_delays_hold_the_answer_back(
    dispatcher: Dispatcher, wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep: Callable[[float], None] = slept.append
    monkeypatch.setattr("time.sleep", sleep)
    if wait == "latency":
        dispatcher.world.latency.set_scale(2.0)
    else:
        dispatcher.faults.add(FaultRule(FaultKind.DELAY, delay_seconds=0.3))
    assert count(dispatcher) == 0
    assert slept == [pytest.approx(0.3)]


def test_a_late_answer_is_to_a_request_that_has_taken_effect(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def sleep(seconds: float) -> None:
        if seconds:
            seen.append(count(dispatcher))

    monkeypatch.setattr("time.sleep", sleep)
    dispatcher.faults.add(FaultRule(FaultKind.LATE_ANSWER, delay_seconds=0.3))
    count(dispatcher, POST)
    assert seen == [1]


def test_forgetting_clears_the_faults_and_what_stale_reads_would_show(dispatcher: Dispatcher) -> None:
    dispatcher.faults.add(FaultRule(FaultKind.STALE_READ, count=None))
    count(dispatcher, POST)
    dispatcher.forget()
    assert dispatcher.faults.rules() == []
    assert count(dispatcher) == 1
