"""Approvals: each names exactly one step at exactly one commit, so that it dies with either.

A token is the beginning of a hash over commit, stack and step: the operation, the resource, and all that it has before
and after. Who changes any of it, or commits anything else, needs another one. It is no secret and proves nothing by
itself: who may hand it over (a label, a file, an input) is the pipeline's to decide.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policy.gate.catalogue import Verdict
from policy.gate.errors import BadApproval
from policy.gate.finding import Finding
from policy.gate.judging import Judgement
from policy.gate.preview import Step
from policy.gate.rules.pool import POOL
from policy.gate.state import OPTIONS, State

LABEL: Final = "approve-hsm:"
"""What a label that approves begins with; with a token it has 28 of the 50 characters that GitHub allows."""
_LENGTH: Final = 16
"""Hexadecimal digits: 64 bits, as it has to hold against mistakes, and whoever may approve may approve anything."""
_TOKEN: Final = re.compile(rf"[0-9a-f]{{{_LENGTH}}}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Decision:
    """A judgement, and what of it is approved."""

    judgement: Judgement
    commit: str
    """Empty where the commit is not known; then nothing can be approved."""
    approved: frozenset[str]
    """Tokens that name a step of this preview."""
    stray: tuple[str, ...]
    """Tokens that name none: of another commit, or of a step that has changed."""
    torn_down: bool = False
    """Whether somebody confirmed, by the pool's name, that all of the stack is to be deleted."""

    @property
    def verdict(self) -> Verdict:
        """The gravest of what is not approved."""
        return max(
            (each.verdict for each in self.judgement.findings if not self.is_approved(each)), default=Verdict.FINE
        )

    def is_approved(self, finding: Finding) -> bool:
        """Whether somebody approved this very step, and approval suffices; or the end of all of it."""
        if self.torn_down and finding.step is not None and finding.step.operation == "delete":
            return True
        return finding.verdict is Verdict.APPROVAL and self.token(finding) in self.approved

    def token(self, finding: Finding) -> str:
        """What would approve it; empty where nothing can."""
        if finding.verdict is not Verdict.APPROVAL or not self.commit:
            return ""
        return token(self.commit, self.judgement.preview.stack, finding)


def decide(judgement: Judgement, commit: str, given: Iterable[str], *, destroying: str = "") -> Decision:
    """Holds the tokens against the steps. ``destroying`` confirms a teardown by the pool's name.

    Raises BadApproval for a commit, a token or a name that is none.
    """
    if commit and not _COMMIT.fullmatch(commit):
        raise BadApproval(f"{commit!r} is no commit: its whole hash is needed, as git rev-parse HEAD prints it")
    tokens = list(dict.fromkeys(given))
    if tokens and not commit:
        raise BadApproval("approvals hold for one commit: say for which (--commit)")
    for each in tokens:
        if not _TOKEN.fullmatch(each):
            raise BadApproval(f"{each[:80]!r} is no approval: {_LENGTH} digits 0-9 and a-f, as the gate prints them")
    approvable = judgement.of(Verdict.APPROVAL) if commit else ()
    valid = {token(commit, judgement.preview.stack, finding) for finding in approvable}
    stray = tuple(each for each in tokens if each not in valid)
    return Decision(judgement, commit, frozenset(valid & set(tokens)), stray, _is_confirmed(judgement, destroying))


def _is_confirmed(judgement: Judgement, destroying: str) -> bool:
    """Whether the name is that of the pool, and all of the stack goes with it."""
    if not destroying:
        return False
    steps = judgement.preview.steps
    if any(step.operation != "delete" for step in steps):
        raise BadApproval(f"{destroying}: a teardown is confirmed, but this preview does not delete all of the stack")
    names = [step.old.input("name") for step in steps if step.type == POOL and step.old]
    if destroying not in names:
        raise BadApproval(f"{destroying}: is not the name of the pool that would be deleted")
    return True


def token(commit: str, stack: str, finding: Finding) -> str:
    """What names the finding's step at this commit; or the finding itself, where it is about no step."""
    named = content(finding.step) if finding.step else [finding.rule_id, finding.detail]
    return _digest([commit, stack, named])[:_LENGTH]


def content(step: Step) -> list[object]:
    """All of a step that makes it this one and no other."""
    return [step.operation, step.urn, _kept(step.old), _kept(step.new), *[step.former_urn] * bool(step.former_urn)]


def content_digest(finding: Finding) -> str:
    """What is the same for the same meaning of the same step, whatever the commit."""
    return _digest([finding.rule_id, content(finding.step) if finding.step else None])


def from_file(path: Path) -> list[str]:
    """The tokens in a file: one at the beginning of each line, after it whatever says who approved it and why.

    ``#`` begins a remark. Raises BadApproval.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadApproval(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from None
    written = [line.split("#", 1)[0].split() for line in lines]
    return [words[0].removeprefix(LABEL) for words in written if words]


def from_labels(labels: Sequence[str]) -> list[str]:
    """The tokens among a pull request's labels; the others are none of the gate's business."""
    return [label.removeprefix(LABEL) for label in labels if label.startswith(LABEL)]


def _kept(state: State | None) -> object:
    """A state without what differs from run to run though nothing has changed."""
    if state is None:
        return None
    options = {name: state.content[name] for name in OPTIONS if state.content.get(name)}
    return {"id": state.id, "inputs": state.inputs, "options": options}


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
