"""What a preview means, and whether it may be carried out. Pure: nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policy.gate.catalogue import RULES, Verdict
from policy.gate.events import Log
from policy.gate.finding import Finding, Said
from policy.gate.preview import HALVES, LOOKED_AT, Preview, Step
from policy.gate.rules import KINDS
from policy.gate.rules.kind import Kind, difference
from policy.gate.rules.options import options_mean
from policy.gate.rules.secrets import outputs_mean, secrets_shown, texts_shown
from policy.gate.state import PROVIDER_KEY, Change, State, changes

_TOLD_TO_POLICIES: Final = {"environment": "environment-changed", "deployer": "deployer-changed"}
"""Inputs of components."""
_GRAVITY: Final = {rule_id: place for place, rule_id in enumerate(RULES)}


@dataclass(frozen=True)
class Judgement:
    """All that was found, the gravest first."""

    preview: Preview
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest one; fine where nothing is to happen."""
        return max((finding.verdict for finding in self.findings), default=Verdict.FINE)

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        """The findings that are this grave."""
        return tuple(finding for finding in self.findings if finding.verdict is verdict)


def judge(preview: Preview, log: Log | None = None) -> Judgement:
    """Says what each step means. A step that nobody knows blocks. ``log`` is the event log of the same run."""
    found = [Finding(said.rule_id, step, said.detail) for step in preview.steps for said in _step(step, preview)]
    found += [Finding(said.rule_id, None, said.detail) for said in texts_shown(preview)]
    found += [Finding(said.rule_id, None, said.detail) for said in _logged(log)] if log else []
    if not preview.is_whole:
        found.append(Finding("not-whole", None, ""))
    order = sorted(found, key=lambda finding: _GRAVITY[finding.rule_id])
    return Judgement(preview, tuple(order))


def _logged(log: Log) -> Iterator[Said]:
    if log.outputs is not None:
        yield from outputs_mean(log.outputs)
    for each in log.violations:
        subject = f" {each.resource.split('::', 3)[-1]}" if each.resource else ""
        rule_id = "policy-violated" if each.is_mandatory else "policy-advises"
        yield Said(rule_id, f"{each.policy}{subject}: {each.message}")


def _step(step: Step, preview: Preview) -> Iterator[Said]:
    """What a step means; nothing where it changes nothing, and the halves of a replacement are judged as one."""
    if step.operation == LOOKED_AT:
        return
    yield from secrets_shown(step)
    if step.operation in HALVES and any(
        other.urn == step.urn and other.operation == "replace" for other in preview.steps
    ):
        return
    yield from options_mean(step)
    if step.former_urn:
        yield Said("renamed", f"was {step.former_urn.split('::', 2)[2]}")
    if step.operation != "same":
        yield from _operation(step, preview)


def _operation(step: Step, preview: Preview) -> Iterator[Said]:
    if _is_component(step):
        yield from _component(step)
        return
    kind = KINDS.get(step.type)
    if kind is None:
        yield Said("unknown-type", step.type)
        return
    match step.operation:
        case "create" | "create-replacement":
            yield from kind.created(step, preview)
        case "delete" | "delete-replaced":
            yield from _deleted(kind, step, preview)
        case "replace":
            yield from kind.replaced(step, preview)
        case "update":
            yield from _updated(kind, step, preview)
        case "import":
            yield Said("adopted", step.state.id)
        case "read":
            yield Said("repeated")
        case _:
            yield Said("unknown-operation", step.operation)


def _component(step: Step) -> Iterator[Said]:
    """A component is judged by its parts; only what it tells the policies is its own."""
    match step.operation:
        case "create":
            yield Said("new")
        case "delete":
            yield Said("part-removed")
        case "update" if step.old and step.new:
            for change in changes(step.old, step.new, step.reasons):
                yield Said(_TOLD_TO_POLICIES.get(change.path, "unknown-property"), difference(change))
        case _:
            yield Said("unknown-operation", f"{step.operation} of a component")


def _deleted(kind: Kind, step: Step, preview: Preview) -> Iterator[Said]:
    if step.old is not None and step.old.retained:
        yield Said("forgotten")
    else:
        yield from kind.deleted(step, preview)


def _updated(kind: Kind, step: Step, preview: Preview) -> Iterator[Said]:
    if step.old is None or step.new is None:
        yield Said("unexplained-update", "a state is missing")
        return
    named = [change for change in changes(step.old, step.new, step.reasons) if change.path != PROVIDER_KEY]
    if not named:
        yield Said("repeated" if kind.silent else "unexplained-update")
    # Two properties can mean the same thing, which is said once.
    yield from dict.fromkeys(said for change in named for said in _changed(kind, change, step, preview))


def _changed(kind: Kind, change: Change, step: Step, preview: Preview) -> list[Said]:
    judge_property = kind.judge_of(change.path)
    return [Said("unknown-property", change.path)] if judge_property is None else judge_property(change, step, preview)


def _is_component(step: Step) -> bool:
    """A component, or the stack itself: only a name that others belong to."""
    states: list[State] = [state for state in (step.old, step.new) if state is not None]
    return all(state.content.get("custom") is False for state in states) and (
        step.type == "pulumi:pulumi:Stack" or step.type.startswith("mhsm:components:")
    )
