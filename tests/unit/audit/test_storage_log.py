"""The blobs of a storage account, whatever somebody else has put among and into them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from audit import storage_log
from audit.places import Place
from audit.question import Question
from data_plane.session import Session
from tests.unit.audit.test_events import VAULT_RECORD
from tests.unit.local_azure.monitor.support import VAULT

PLACE = Place("storage", "https://contosologs.blob.core.windows.net", "storage account contosologs")
WHOLE_TIME = Question(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
HOUR = f"resourceId={VAULT.upper()}/y=2026/m=11/d=21/h=12/m=00/PT1H.json"


def record(minute: int, operation: str) -> str:
    line = {**VAULT_RECORD, "time": f"2026-11-21T12:{minute:02}:00Z", "operationName": operation}
    return json.dumps(line, ensure_ascii=False)


def operations(monkeypatch: pytest.MonkeyPatch, blobs: dict[str, str]) -> list[str]:
    """What is read of an account that has these blobs."""
    listed = "".join(f"<Blob><Name>{name}</Name></Blob>" for name in blobs)

    def get(_session: Session, _place: Place, path: str) -> Any:
        if "comp=list" in path:
            return SimpleNamespace(content=f"<Results><Blobs>{listed}</Blobs><NextMarker/></Results>".encode())
        name = path.partition("/")[2].replace("%3D", "=")
        return SimpleNamespace(content=blobs[name].encode())

    monkeypatch.setattr(storage_log, "_get", get)
    session: Any = None
    return [event.operation for event in storage_log.events(session, PLACE, VAULT, WHOLE_TIME)]


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_what_a_caller_sent_ends_no_line(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    sent = f"Secret{end}Get"
    assert operations(monkeypatch, {HOUR: f"{record(1, sent)}\r\n{record(2, 'SecretSet')}\n"}) == [sent, "SecretSet"]


def test_events_of_an_hour_are_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = "\n".join(record(minute, f"Number{minute}") for minute in (3, 1, 2))
    assert operations(monkeypatch, {HOUR: blob}) == ["Number1", "Number2", "Number3"]


@pytest.mark.parametrize("hour", ["y=2026/m=13/d=01/h=00/m=00", "y=9999/m=12/d=31/h=24/m=00", "notes"])
def test_a_blob_of_no_hour_is_no_part_of_the_log(monkeypatch: pytest.MonkeyPatch, hour: str) -> None:
    stray = f"resourceId={VAULT.upper()}/{hour}/PT1H.json"
    assert operations(monkeypatch, {stray: "x", HOUR: record(1, "SecretGet")}) == ["SecretGet"]


def test_the_last_hour_of_the_calendar_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    last = f"resourceId={VAULT.upper()}/y=9999/m=12/d=31/h=23/m=00/PT1H.json"
    assert operations(monkeypatch, {last: record(1, "SecretGet")}) == ["SecretGet"]
