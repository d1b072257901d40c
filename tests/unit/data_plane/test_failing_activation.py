"""Whatever goes wrong while a pool is activated, the next run ends well, with a file that its quorum opens.

The clients' own retries are switched off: every failure reaches the program.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from data_plane import pool as pools
from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.errors import DataPlaneError
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination, attempt_path, manifest_path
from tests.support import Azure
from tests.unit.ceremony.support import custodians_open
from tests.unit.data_plane.support import FakeClock, certificates

pytestmark = pytest.mark.daemon

REQUEST, POLL = "/securitydomain/download$", "/securitydomain/download/pending"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and how the run that meets it ends."""

    name: str
    rule: dict[str, Any]
    error: str = ""
    """A part of the line that the run ends with; empty where the run bears it."""
    pause: float = 0.0
    """The longest pause is at least this long."""


def status(code: int, path: str, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": code, "path": path, **more}


PENDING = {"status": "InProgress", "status_details": "The Security Domain is being confirmed."}
FAULTS = [
    Fault("the request is dropped", {"kind": "drop-before", "path": REQUEST, "method": "POST"}),
    Fault("the answer is dropped", {"kind": "drop-after", "path": REQUEST, "method": "POST"}),
    Fault(
        "every answer is dropped",
        {"kind": "drop-after", "path": REQUEST, "count": None},
        "download of the security domain: ",
    ),
    Fault("the request gets 401", status(401, REQUEST, count=None), "sign in again"),
    Fault("the request gets 403", status(403, REQUEST, count=None), "give this principal a local role"),
    Fault("the request gets 429", status(429, REQUEST, count=3, retry_after_seconds=17), pause=17),
    Fault("the request gets 429 for ever", status(429, REQUEST, count=None), "asks for fewer requests"),
    Fault("the request gets 500", status(500, REQUEST, count=3)),
    Fault("the request gets 500 for ever", status(500, REQUEST, count=None), "a failure of the service"),
    Fault("the request gets 503", status(503, REQUEST, count=3)),
    Fault("the poll is dropped", {"kind": "drop-before", "path": POLL, "count": 3}),
    Fault("the poll's answer is dropped", {"kind": "drop-after", "path": POLL, "count": 3}),
    *(Fault(f"the poll gets {code}", status(code, POLL, count=3)) for code in (401, 403, 500, 503)),
    Fault("the poll gets 429", status(429, POLL, count=1, retry_after_seconds=33)),
    Fault("the poll never ends", status(200, POLL, count=None, body=PENDING), "not done within 1800 seconds"),
    Fault(
        "the activation fails",
        status(200, POLL, count=None, body={"status": "Failed", "status_details": "There is an issue with the HSM."}),
        "the activation failed: There is an issue with the HSM. — run again; the file is kept meanwhile",
    ),
]


@pytest.fixture(autouse=True)
def _without_the_clients_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("retry_total", "retry_connect", "retry_read", "retry_status"):
        monkeypatch.setitem(session._PIPELINE, name, 0)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_the_next_run_ends_well_and_nobody_saw_the_content(
    pool: Pool, signed_in: Azure, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    caplog.set_level("DEBUG")
    path, clock, said = tmp_path / "sd.json", FakeClock(), list[str]()
    wanted = Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(path),))
    signed_in.control.add_fault(
        fault.rule["kind"], **{name: rule for name, rule in fault.rule.items() if name != "kind"}
    )
    shown = ""
    try:
        Activation(session.current(), wanted, say=said.append, clock=clock).run()
    except DataPlaneError as error:
        shown = str(error)
    assert fault.error in shown if fault.error else shown == ""
    assert "\n" not in shown
    assert max(clock.pauses, default=0.0) >= fault.pause
    signed_in.control.clear_faults()

    result = Activation(session.current(), wanted, say=said.append).run()
    again = pools.read(session.current(), pool.id)
    assert again is not None
    assert again.activation_status == pools.ACTIVE
    assert custodians_open(path, 1, 2, 3)
    assert not attempt_path(path).exists()
    kept = [each for each in tmp_path.iterdir() if each.name.startswith("sd.json.2") and "manifest" not in each.name]
    assert all(custodians_open(each, 1, 2, 3) for each in kept)
    everything = "\n".join([shown, *said, str(result), caplog.text, manifest_path(path).read_text()])
    for each in (path, *kept):
        assert not pieces_of(each) & pieces(everything)


def pieces_of(path: Path) -> set[str]:
    """Every part of every JWE in a security-domain file that is longer than a tag."""
    document = json.loads(path.read_text())
    jwes = [each["compact_jwe"] for each in document["EncData"]["data"]]
    jwes += [each["enc_key"] for each in document["SharedKeys"]["enc_shares"]]
    return {piece for jwe in jwes for part in jwe.split(".")[1:] for piece in pieces(part)}


def pieces(text: str) -> set[str]:
    """All runs of 24 characters."""
    return {text[start : start + 24] for start in range(len(text) - 23)}
