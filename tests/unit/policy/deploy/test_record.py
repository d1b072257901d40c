"""What a record holds a preview to, and what makes it die."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy.deploy import drift, outcome, record
from policy.deploy.engine import EVENTS, Engine, Shown
from policy.deploy.errors import DeployError, DidOtherwise, EngineFailed, Moved
from policy.deploy.record import Record
from policy.deploy.run import preview, same_again
from policy.gate.preview import Preview, read
from tests.unit.policy.gate.made import KEY, POOL, document, pool, step, urn

UPDATED = step("update", KEY, "one", {"tags": {}}, {"tags": {"a": "b"}})


def git(directory: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Kim", "-c", "user.email=kim@contoso.com")
    subprocess.run(["git", *who, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A committed project."""
    made = tmp_path / "program"
    made.mkdir()
    (made / "Pulumi.yaml").write_text("name: managed-hsm\n")
    (made / "Pulumi.prod.yaml").write_text("config: {}\n")
    git(made, "init", "--quiet")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message", "one")
    return made


class Fake(Engine):
    """An engine that says what it is told to."""

    shown: str
    log = '{"cancelEvent": {}}'
    failure = ""
    states: list[dict[str, Any]]

    def preview(self, out: Path, kind: Any, *, refresh: bool = False) -> Shown:
        assert not refresh
        assert kind in ("up", "destroy")
        out.mkdir(exist_ok=True)
        (out / EVENTS).write_text(self.log)
        return Shown(self.shown, self.failure)

    def state(self) -> dict[str, Any]:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


def engine(program: Path, shown: str = document(UPDATED), *states: dict[str, Any]) -> Fake:
    made = Fake(program, "prod")
    object.__setattr__(made, "shown", shown)
    object.__setattr__(made, "states", list(states) or [{"resources": [{"urn": "a"}]}])
    return made


def test_what_has_not_moved_still_holds(program: Path, tmp_path: Path) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    assert record.read(tmp_path / "out" / "record.json") == recorded
    assert same_again(engine(program), recorded, tmp_path / "again").record == recorded


def moved(tmp_path: Path, now: Fake, recorded: Record) -> str:
    with pytest.raises(Moved) as told:
        same_again(now, recorded, tmp_path / "again")
    return str(told.value)


def test_another_commit_kills_a_preview(program: Path, tmp_path: Path) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    git(program, "commit", "--quiet", "--allow-empty", "--message", "two")
    assert ": the commit —" in moved(tmp_path, engine(program), recorded)


def test_another_configuration_kills_a_preview(program: Path, tmp_path: Path) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    (program / "Pulumi.prod.yaml").write_text("config: {a: b}\n")
    git(program, "commit", "--quiet", "--all", "--message", "two")
    assert ": the commit; the configuration" in moved(tmp_path, engine(program), recorded)


def test_what_is_not_committed_is_not_deployed(program: Path, tmp_path: Path) -> None:
    (program / "Pulumi.prod.yaml").write_text("config: {a: b}\n")
    with pytest.raises(DeployError, match="tracked files differ"):
        preview(engine(program), "up", tmp_path / "out")


def test_another_state_kills_a_preview(program: Path, tmp_path: Path) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    now = engine(program, document(UPDATED), {"resources": [{"urn": "b"}]})
    assert ": the stack's state —" in moved(tmp_path, now, recorded)
    pending = engine(
        program, document(UPDATED), {"resources": [{"urn": "a"}], "pending_operations": [{"type": "creating"}]}
    )
    assert ": the stack's state —" in moved(tmp_path, pending, recorded)


def test_when_a_state_was_written_does_not_matter(program: Path, tmp_path: Path) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    later = engine(program, document(UPDATED), {"resources": [{"urn": "a"}], "manifest": {"time": "later"}})
    assert same_again(later, recorded, tmp_path / "again").record == recorded


@pytest.mark.parametrize(
    "shown",
    [
        document(),
        document(step("update", KEY, "one", {"tags": {}}, {"tags": {"a": "c"}})),
        document(step("update", KEY, "two", {"tags": {}}, {"tags": {"a": "b"}})),
        document(UPDATED, step("same", KEY, "three", {}, {})),
        document(UPDATED, config={"managed-hsm:keys": "{}"}),
        document(step("update", KEY, "one", {"tags": {}}, {"tags": {"a": "b"}}, new_state={"protect": True})),
    ],
)
def test_another_plan_kills_a_preview(program: Path, tmp_path: Path, shown: str) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    assert ": the plan: " in moved(tmp_path, engine(program, shown), recorded)


def test_the_order_of_steps_and_the_time_of_a_resource_do_not_matter(program: Path, tmp_path: Path) -> None:
    other = step("same", KEY, "two", {}, {})
    recorded = preview(engine(program, document(UPDATED, other)), "up", tmp_path / "out").record
    later = step("same", KEY, "two", {}, {}, old_state={"modified": "2026-11-21T12:00:00Z"})
    assert same_again(engine(program, document(later, UPDATED)), recorded, tmp_path / "again").record == recorded


def test_a_state_that_changes_during_the_preview_is_no_ground(program: Path, tmp_path: Path) -> None:
    busy = engine(program, document(UPDATED), {"resources": []}, {"resources": [{"urn": "a"}]})
    with pytest.raises(Moved, match="somebody else is deploying"):
        preview(busy, "up", tmp_path / "out")


def test_an_engine_that_fails_without_a_word_is_believed(program: Path, tmp_path: Path) -> None:
    failing = engine(program)
    object.__setattr__(failing, "failure", "exit status 255: no more memory")
    with pytest.raises(EngineFailed, match="without saying why, exit status 255: no more memory"):
        preview(failing, "up", tmp_path / "out")
    policy = {"policyEvent": {"policyName": "default-deny", "enforcementLevel": "mandatory"}}
    object.__setattr__(failing, "log", f'{json.dumps(policy)}\n{{"cancelEvent": {{}}}}')
    found = preview(failing, "up", tmp_path / "out").decide([], "")
    assert [each.rule_id for each in found.judgement.findings if each.verdict] == ["policy-violated"]


def test_the_end_of_a_stack_is_another_preview_than_its_update(program: Path, tmp_path: Path) -> None:
    recorded = preview(engine(program), "up", tmp_path / "out").record
    assert "what is previewed" in replace(recorded, kind="destroy").moved_to(recorded)


@pytest.mark.parametrize("change", [{"commit": "0" * 40}, {"digest": "0"}, {"version": 2}, {"more": 1}])
def test_a_record_that_was_altered_is_none(program: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    preview(engine(program), "up", tmp_path / "out")
    file = tmp_path / "out" / "record.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(DeployError, match=r"was altered|no record of a preview"):
        record.read(file)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_what_is_no_record_is_told_in_a_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "record.json"
    with pytest.raises(DeployError, match="No such file"):
        record.read(file)
    file.write_text(text)
    with pytest.raises(DeployError, match="no record of a preview"):
        record.read(file)


def shown() -> Preview:
    return read(document(UPDATED, step("delete", KEY, "gone", {"on_remove": "softDelete"})))


def did(tmp_path: Path, *steps: tuple[str, str], kind: str = KEY) -> Path:
    events = [{"resourcePreEvent": {"metadata": {"op": each, "urn": urn(kind, name)}}} for each, name in steps]
    file = tmp_path / "outcome.jsonl"
    file.write_text("\n".join(json.dumps(event) for event in [*events, {"cancelEvent": {}}]))
    return file


def test_what_was_done_is_held_against_what_was_shown(tmp_path: Path) -> None:
    outcome.check(did(tmp_path, ("update", "one"), ("delete", "gone"), ("same", "two")), shown())
    outcome.check(did(tmp_path, ("same", "one")), shown())
    outcome.check(did(tmp_path, ("update", "default"), kind="pulumi:providers:pulumi-python"), shown())
    outcome.check(did(tmp_path, ("create", "default_3_29_0"), kind="pulumi:providers:azure-native"), shown())
    with pytest.raises(DidOtherwise, match="update other"):
        outcome.check(did(tmp_path, ("update", "other"), kind="pulumi:providers:azure-native"), shown())
    with pytest.raises(DidOtherwise, match="no preview had shown: delete one, update two;"):
        outcome.check(did(tmp_path, ("update", "one"), ("delete", "one"), ("update", "two")), shown())


def test_drift_says_what_is_and_what_shall_be() -> None:
    preview_ = read(
        document(
            step("refresh", KEY, "one", {}, {}),
            step("update", KEY, "one", {"enabled": False}, {"enabled": True}),
            step("create", KEY, "two", new={}),
            step("replace", POOL, "pool", pool(), pool()),
            step("same", KEY, "three", {}, {}),
        )
    )
    found = drift.drifts(preview_)
    assert [(each.subject, each.what) for each in found] == [
        ("key one", ("enabled: is false, shall be true",)),
        ("key two", ("is gone",)),
        ("pool pool", ("is another one",)),
    ]
    text = drift.markdown("prod", found)
    assert text.startswith("Of stack `prod`, 3 resources")
    assert "- **key one** enabled: is false, shall be true" in text


def test_nothing_that_moved_is_no_drift() -> None:
    assert drift.drifts(read(document(step("refresh", KEY, "one", {}, {}), step("same", KEY, "one", {}, {})))) == []
