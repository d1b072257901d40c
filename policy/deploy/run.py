"""Recording a preview, and carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from policy.deploy import outcome, record
from policy.deploy.engine import EVENTS, RECORD, Engine, Kind, Shown
from policy.deploy.errors import EngineFailed, Moved
from policy.deploy.record import VERSION, Record
from policy.gate.approvals import Decision, decide
from policy.gate.events import read_log
from policy.gate.judging import judge
from policy.gate.preview import Preview, read

OUTCOME = "outcome.jsonl"
"""The event log of what was carried out."""


@dataclass(frozen=True)
class Previewed:
    """A preview, and what it was of."""

    preview: Preview
    record: Record
    out: Path

    def decide(self, approvals: Sequence[str], destroying: str) -> Decision:
        """What the gate says of it. Raises GateError."""
        log = read_log((self.out / EVENTS).read_text())
        return decide(judge(self.preview, log), self.record.commit, approvals, destroying=destroying)


def preview(engine: Engine, kind: Kind, out: Path) -> Previewed:
    """Previews, and writes preview, events and record into ``out``.

    Raises Moved where the state changed meanwhile, DeployError and GateError where there is no whole preview.
    """
    return _preview(engine, _ground(engine, kind), out)


def _ground(engine: Engine, kind: Kind) -> Record:
    """What a preview would be of; its steps are not known yet."""
    return Record(
        VERSION,
        kind,
        engine.stack,
        record.commit_of(engine.directory),
        record.configuration_of(engine.directory, engine.stack),
        record.state_of(engine.state()),
        steps="",
    )


def _preview(engine: Engine, ground: Record, out: Path) -> Previewed:
    shown = read_whole(engine.preview(out, ground.kind), out)
    if record.state_of(engine.state()) != ground.state:
        raise Moved("the stack's state changed during the preview: somebody else is deploying; preview again")
    made = replace(ground, steps=record.steps_of(shown))
    (out / RECORD).write_text(f"{made.text()}\n")
    return Previewed(shown, made, out)


def read_whole(shown: Shown, out: Path) -> Preview:
    """The preview. Raises EngineFailed where the engine failed and neither preview nor policies say why."""
    log = read_log((out / EVENTS).read_text())
    found = read(shown.text, log)
    if shown.failure and not log.is_violated:
        raise EngineFailed(f"the preview failed without saying why, {shown.failure}")
    return found


def same_again(engine: Engine, recorded: Record, out: Path) -> Previewed:
    """Previews again. Raises Moved where anything is another one than was recorded."""
    ground = _ground(engine, recorded.kind)
    _refuse_moved(recorded, replace(ground, steps=recorded.steps))
    now = _preview(engine, ground, out)
    _refuse_moved(recorded, now.record)
    return now


def _refuse_moved(recorded: Record, now: Record) -> None:
    if moved := recorded.moved_to(now):
        raise Moved(
            f"the preview that was recorded ({recorded.digest[:12]}) no longer holds, as it is another one now:"
            f" {'; '.join(moved)} — preview again, and have that approved"
        )


def carry_out(engine: Engine, previewed: Previewed) -> None:
    """Does what was previewed. Raises EngineFailed, DidOtherwise."""
    events = previewed.out / OUTCOME
    engine.carry_out(previewed.record.kind, events)
    outcome.check(events, previewed.preview)
