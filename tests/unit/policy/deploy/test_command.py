"""``python -m policy.deploy`` as a script calls it, with an engine that only says what it is told to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy.deploy.__main__ import main
from policy.deploy.engine import EVENTS, RECORD, Engine, Shown
from policy.deploy.record import Record
from tests.unit.policy.deploy.test_record import git
from tests.unit.policy.gate.made import KEY, POOL, document, pool, step, urn

FINE = step("update", KEY, "one", {"tags": {}}, {"tags": {"a": "b"}})
DELETED = step("delete", KEY, "one", {"on_remove": "softDelete"})
END = '{"cancelEvent": {}}'


class Played:
    """What the engine shows, and what it was asked to carry out."""

    def __init__(self) -> None:
        self.shown = document(FINE)
        self.state: dict[str, Any] = {"resources": []}
        self.does = [("update", "one")]
        self.done: list[str] = []

    def preview(self, out: Path) -> Shown:
        out.mkdir(parents=True, exist_ok=True)
        (out / EVENTS).write_text(END)
        return Shown(self.shown)

    def carry_out(self, kind: str, events: Path) -> None:
        self.done.append(kind)
        steps = [{"resourcePreEvent": {"metadata": {"op": each, "urn": urn(KEY, name)}}} for each, name in self.does]
        events.write_text("\n".join([*(json.dumps(each) for each in steps), END]))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played()
    monkeypatch.setattr(Engine, "preview", lambda _engine, out, _kind, **_: made.preview(out))
    monkeypatch.setattr(Engine, "carry_out", lambda _engine, kind, events: made.carry_out(kind, events))
    monkeypatch.setattr(Engine, "state", lambda _engine: made.state)
    return made


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "program"
    made.mkdir()
    (made / "Pulumi.yaml").write_text("name: managed-hsm\n")
    (made / "Pulumi.prod.yaml").write_text("config: {}\n")
    git(made, "init", "--quiet")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message", "one")
    return made


def deploy(program: Path, *arguments: str) -> int:
    return main(["--stack", "prod", "--directory", str(program), "--out", str(program.parent / "out"), *arguments])


def recorded(program: Path, *arguments: str) -> str:
    """Previews, and moves the record out of the next preview's way."""
    assert deploy(program, "preview", *arguments) == 0
    kept = program.parent / "record.json"
    (program.parent / "out" / RECORD).replace(kept)
    return str(kept)


def test_what_was_recorded_is_carried_out(program: Path, played: Played) -> None:
    assert deploy(program, "run", "--record", recorded(program)) == 0
    assert played.done == ["up"]


def test_the_gate_judges_once_more_before_anything_is_done(
    program: Path, played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    played.shown, played.does = document(DELETED), [("delete", "one")]
    record = recorded(program)
    assert deploy(program, "run", "--record", record) == 3
    assert played.done == []
    token = capsys.readouterr().err.split()[-1]
    assert deploy(program, "run", "--record", record, "--approve", token) == 0
    played.shown = document(step("replace", POOL, "it", pool(), pool()))
    assert deploy(program, "run", "--record", recorded(program), "--approve", token) == 4
    assert played.done == ["up"]


def test_what_has_moved_has_a_status_of_its_own(program: Path, played: Played) -> None:
    record = recorded(program)
    played.state = {"resources": [{"urn": "new"}]}
    assert deploy(program, "run", "--record", record) == 6
    assert played.done == []


def test_an_engine_that_does_otherwise_has_one_too(program: Path, played: Played) -> None:
    played.does = [("delete", "one")]
    assert deploy(program, "run", "--record", recorded(program)) == 8


@pytest.mark.usefixtures("played")
def test_a_record_of_another_stack_is_none(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = Path(recorded(program))
    found = json.loads(record.read_text())
    other = Record(**{**{name: found[name] for name in found if name != "digest"}, "stack": "dev"})
    record.write_text(other.text())
    assert deploy(program, "run", "--record", str(record)) == 5
    assert "is of stack dev, not of prod" in capsys.readouterr().err


def test_the_end_is_confirmed_by_the_pool_s_name(program: Path, played: Played) -> None:
    played.shown, played.does = document(step("delete", POOL, "it", pool())), []
    record = recorded(program, "--destroy")
    assert deploy(program, "run", "--record", record) == 4
    assert deploy(program, "run", "--record", record, "--destroying", "another") == 5
    assert played.done == []
    assert deploy(program, "run", "--record", record, "--destroying", "contoso") == 0
    assert played.done == ["destroy"]


def test_drift_has_a_status_and_a_page(program: Path, played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(program, "drift") == 6
    page = (program.parent / "out" / "drift.md").read_text()
    assert page == capsys.readouterr().out
    assert "shall be b" in page
    played.shown = document()
    assert deploy(program, "drift") == 0


def test_a_failed_preview_is_one_line(program: Path, played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    played.shown = document(diagnostics=[{"severity": "error", "message": "error: two\nlines"}])
    assert deploy(program, "preview") == 5
    assert capsys.readouterr().err == "policy.deploy: the preview failed: two lines\n"
