from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local_azure.stack.journal import met, unfinished_creates


def begun(urn: str, op: str = "create") -> dict[str, Any]:
    new = {"parent": "urn:parent", "inputs": {"name": urn}}
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, "type": "t", "new": new}}}


def ended(urn: str) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": {"op": "create", "urn": urn, "type": "t"}}}


def failed(urn: str, message: str) -> dict[str, Any]:
    return {"diagnosticEvent": {"urn": urn, "message": message, "severity": "error"}}


def unfinished(path: Path, *events: dict[str, Any], rest: str = "") -> list[str]:
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events) + rest)
    return [resource["urn"] for resource in unfinished_creates(path)]


def test_a_creation_without_an_end_is_unfinished(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    assert unfinished(journal, begun("urn:a"), begun("urn:b"), ended("urn:a")) == ["urn:b"]
    assert unfinished_creates(journal) == [
        {"type": "t", "urn": "urn:b", "parent": "urn:parent", "inputs": {"name": "urn:b"}}
    ]


def test_one_whose_provider_broke_off_is_unfinished_too(tmp_path: Path) -> None:
    events = [begun("urn:a"), failed("urn:a", "error reading from server: EOF")]
    assert unfinished(tmp_path / "journal", *events) == ["urn:a"]


def test_what_existed_before_the_run_is_somebody_elses(tmp_path: Path) -> None:
    events = [begun("urn:a"), failed("urn:a", "cannot create already existing resource '/subscriptions/…'")]
    assert unfinished(tmp_path / "journal", *events) == []
    assert met(tmp_path / "journal") == ["urn:a"]


def test_updates_are_no_creations(tmp_path: Path) -> None:
    assert unfinished(tmp_path / "journal", begun("urn:a", "update"), begun("urn:b", "same")) == []


def test_a_journal_that_breaks_off_in_the_middle_of_a_line_tells_what_stands_before(tmp_path: Path) -> None:
    assert unfinished(tmp_path / "journal", begun("urn:a"), rest='{"resOutputsEv') == ["urn:a"]


def test_without_a_journal_nothing_was_begun(tmp_path: Path) -> None:
    assert unfinished_creates(tmp_path / "journal") == []
