"""What somebody changed by hand: a preview that looks at Azure first, and what an ``up`` would put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.gate.preview import Preview, Step
from policy.gate.report.as_markdown import literal
from policy.gate.rules import KINDS
from policy.gate.state import PROVIDER_KEY, changes, shown

MOVED = 6
"""Exit status where something has moved."""
_GONE = "is gone"
_WORDS = {"create": _GONE, "replace": "is another one", "delete": "is no longer in the configuration"}


@dataclass(frozen=True)
class Drift:
    """One resource that is not as the stack has it."""

    subject: str
    what: tuple[str, ...]
    """Sentences without a subject."""


def drifts(preview: Preview) -> list[Drift]:
    """What has moved, of a preview with ``--refresh`` at the commit that is deployed."""
    return [Drift(_subject(step), tuple(_what(step))) for step in preview.changes]


def markdown(stack: str, found: list[Drift]) -> str:
    """The body of an issue."""
    lines = [f"- **{literal(each.subject)}** {literal('; '.join(each.what))}" for each in found]
    return "\n".join(
        (
            f"Of stack `{stack}`, {len(found)} resources in Azure are not as it has them:",
            "",
            *lines,
            "",
            "Who did it stands in the activity log and in the pool's audit log. `pulumi up` puts back what the",
            "configuration says; `pulumi refresh` takes what is there into the state.",
        )
    )


def _subject(step: Step) -> str:
    kind = KINDS.get(step.type)
    return f"{kind.what if kind else step.type} {step.name}"


def _what(step: Step) -> Iterator[str]:
    if step.operation in _WORDS or step.old is None or step.new is None:
        yield _WORDS.get(step.operation, f"needs {step.operation}")
        return
    found = [each for each in changes(step.old, step.new, step.reasons) if each.path != PROVIDER_KEY]
    if not found:
        yield "is to be looked at again"
    for change in found:
        yield f"{change.path}: is {shown(change.old)}, shall be {shown(change.new)}"
