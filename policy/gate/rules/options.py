"""What it means when the engine is to treat a resource in another way: also of one that stays the same."""

from __future__ import annotations

from collections.abc import Iterator

from policy.gate.finding import Said
from policy.gate.preview import Step
from policy.gate.state import MISSING, PROVIDER_KEY, Change, options, shown


def options_mean(step: Step) -> Iterator[Said]:
    """Protection, retention and whatever else the engine keeps of a resource."""
    if step.old is None or step.new is None:
        return
    old, new = step.old.inputs.get(PROVIDER_KEY), step.new.inputs.get(PROVIDER_KEY)
    if old != new:
        yield Said("provider-changed")
    for change in options(step.old, step.new):
        yield from _option(change)


def _option(change: Change) -> Iterator[Said]:
    on = change.new is True
    match change.path:
        case "protect":
            yield Said("tightened" if on else "protection-removed")
        case "retainOnDelete":
            yield Said("tightened" if on else "retention-removed")
        case "ignoreChanges":
            yield Said("changes-ignored", f"{shown(change.old)} → {shown(change.new)}")
        case "additionalSecretOutputs":
            gone = set(_names(change.old)) - set(_names(change.new))
            yield Said("secret-shown" if gone else "tightened", ", ".join(sorted(gone)))
        case _:
            yield Said("behaviour-changed", f"{change.path}: {shown(change.old)} → {shown(change.new)}")


def _names(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) and value is not MISSING else []
