from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import requests

from local_azure.server.control import ControlClient, ControlError
from tests.support import Azure

pytestmark = pytest.mark.daemon

URL = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1"


def status_of_a_request() -> int:
    with requests.get(URL, timeout=10) as answer:
        return answer.status_code


def test_without_the_header_nothing_is_told_or_done(azure: Azure) -> None:
    with requests.post(f"http://127.0.0.1:{azure.instance.port}/_local_azure/reset", timeout=10) as answer:
        assert answer.status_code == 403
    with requests.get(f"http://127.0.0.1:{azure.instance.port}/", timeout=10) as answer:
        assert answer.status_code == 403


def test_the_clock_moves_and_a_reset_brings_it_back(azure: Azure) -> None:
    before = datetime.fromisoformat(azure.control.now())
    azure.control.move_clock(86400)
    assert datetime.fromisoformat(azure.control.now()) - before >= timedelta(days=1)
    with requests.get(URL, timeout=10) as answer:
        assert answer.headers["Date"].startswith((before + timedelta(days=1)).strftime("%a, %d %b %Y"))
    azure.control.reset()
    assert datetime.fromisoformat(azure.control.now()) - before < timedelta(minutes=1)


def test_a_fault_strikes_once_and_is_logged(azure: Azure) -> None:
    azure.control.add_fault("status", status=503, host="login.*", retry_after_seconds=1)
    assert [status_of_a_request(), status_of_a_request()] == [503, 200]
    assert [entry.get("note") for entry in azure.control.log()] == ["fault: status", None]


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_a_dropped_connection_is_seen_as_such(azure: Azure, kind: str) -> None:
    azure.control.add_fault(kind)
    with pytest.raises(requests.exceptions.ConnectionError, match=r"Remote end closed connection|reset by peer"):
        status_of_a_request()
    assert [entry["status"] for entry in azure.control.log()] == [None]
    assert status_of_a_request() == 200


@pytest.mark.parametrize("kind", ["delay", "late-answer"])
def test_a_delay_holds_one_request_back_and_no_other(azure: Azure, kind: str) -> None:
    azure.control.add_fault(kind, delay_seconds=0.3)
    assert [status_of_a_request(), status_of_a_request()] == [200, 200]
    first, second = (entry["milliseconds"] for entry in azure.control.log())
    assert first >= 300 > second


def test_latency_is_felt_by_every_request_until_the_reset(azure: Azure) -> None:
    azure.control.set_latency(0.5)
    status_of_a_request()
    assert azure.control.log()[-1]["milliseconds"] >= 75
    azure.control.reset()
    assert azure.control.status()["latency_scale"] == 0


def test_faults_can_be_listed_and_cleared(azure: Azure) -> None:
    identifier = azure.control.add_fault("status", count=None)
    assert [rule["id"] for rule in azure.control.faults()] == [identifier]
    azure.control.clear_faults()
    assert status_of_a_request() == 200


@pytest.mark.parametrize(
    ("method", "arguments", "reason"),
    [
        ("add_fault", ["explode"], "kind: 'explode' is none of"),
        ("move_clock", ["soon"], "seconds must be a number"),
        ("set_latency", [-1], "scale must not be negative"),
        ("require_attestation", ["perhaps"], "required must be true or false"),
        ("revoke_certificates", [7], "clientId must be that of an identity"),
    ],
)
def test_what_cannot_be_meant_is_refused(azure: Azure, method: str, arguments: list[object], reason: str) -> None:
    with pytest.raises(ControlError, match=reason):
        getattr(azure.control, method)(*arguments)


def test_nobody_at_home_is_said_in_one_line(unused_port: int) -> None:
    with pytest.raises(ControlError, match=f"No local Azure answers on 127.0.0.1:{unused_port}"):
        ControlClient(unused_port).status()


def test_the_log_holds_no_secret(azure: Azure) -> None:
    form = {"client_secret": "topsecret", "grant_type": "client_credentials"}
    with requests.post(
        "https://login.microsoftonline.com/common/oauth2/v2.0/token?client_secret=topsecret",
        data=form,
        headers={"Authorization": "Basic topsecret"},
        timeout=10,
    ):
        pass
    assert "topsecret" not in azure.instance.request_log.read_text()
    assert len(azure.control.log()) == 1
