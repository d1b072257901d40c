from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from local_azure.server import request_log
from local_azure.server.request_log import RequestLog, entries, follow, readable, redacted

ENTRY: dict[str, Any] = {
    "time": "2026-11-21T12:00:00.000Z",
    "origin": "outside",
    "method": "GET",
    "host": "management.azure.com",
    "path": "/subscriptions",
    "query": "api-version=2022-12-01",
    "status": 200,
    "milliseconds": 3,
    "principal": None,
}


def test_secrets_in_a_query_are_not_written() -> None:
    assert redacted({"api-version": "7.4", "Sig": "abc"}) == "api-version=7.4&Sig=%2A%2A%2A"


def test_a_full_file_is_put_aside_and_one_earlier_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "_LARGEST", 1000)
    path = tmp_path / "requests.jsonl"
    log = RequestLog(path)
    for number in range(20):
        log.write({**ENTRY, "milliseconds": number})
    log.close()
    kept = [entry["milliseconds"] for entry in entries(path)]
    assert kept == list(range(20 - len(kept), 20))
    assert path.stat().st_size <= 1000
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "requests.jsonl.1"]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    RequestLog(tmp_path / "requests.jsonl").close()
    assert (tmp_path / "requests.jsonl").stat().st_mode & 0o077 == 0


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text('{"a":1}\n{"b":')
    assert list(entries(path)) == [{"a": 1}]


def test_following_goes_on_over_a_reset(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    log = RequestLog(path)
    log.write({"n": 1})
    lines = follow(path, poll_seconds=0.01)
    assert next(lines) == {"n": 1}
    seen: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: seen.extend(next(lines) for _ in range(2)))
    reader.start()
    threading.Event().wait(0.1)
    log.write({"n": 2})
    threading.Event().wait(0.1)
    log.clear()
    threading.Event().wait(0.1)
    log.write({"n": 3})
    reader.join(5)
    log.close()
    assert seen == [{"n": 2}, {"n": 3}]


def test_following_loses_nothing_to_a_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "_LARGEST", 300)
    path = tmp_path / "requests.jsonl"
    log = RequestLog(path)
    lines = follow(path, poll_seconds=0.01)
    seen = []
    for number in range(100):
        log.write({"number": number})
        seen.append(next(lines)["number"])
        if number % 3 == 0:
            log.write({"number": -number})
            seen.append(-next(lines)["number"])
    log.close()
    assert sorted(set(seen)) == list(range(100))


def test_a_line_for_people_cannot_steer_their_terminal() -> None:
    line = readable({**ENTRY, "path": "/\x1b[2J", "status": None, "note": "fault: drop-after", "origin": "vm"})
    assert "\x1b" not in line
    assert line.endswith("?api-version=2022-12-01  from vm  (fault: drop-after)")
