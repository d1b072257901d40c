"""What the engine's event log knows of a preview and its JSON does not: outputs as they are to be, and policies.

``pulumi preview --json --event-log FILE`` (with PULUMI_DEBUG_COMMANDS=true, as the Automation API does it) writes both
in one run. Source: ``EngineEvent`` in pulumi's ``sdk/go/common/apitype/events.go``, 3.259.0; seen with that engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policy.gate.errors import UnreadablePreview

_STACK: Final = "pulumi:pulumi:Stack"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""What marks an object that stands for something else (``sdk/go/common/resource/sig``)."""
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, no secret
"""Its value where that is a secret."""


@dataclass(frozen=True)
class Outputs:
    """The stack's outputs before and after."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]


@dataclass(frozen=True)
class Violation:
    """What a policy pack says of a resource."""

    policy: str
    resource: str
    """URN; empty where it is about the stack."""
    is_mandatory: bool
    message: str


@dataclass(frozen=True)
class Log:
    """What a log tells besides the preview's steps."""

    outputs: Outputs | None
    """None where it tells of none, as in the preview of a destroy."""
    violations: tuple[Violation, ...] = ()

    @property
    def is_violated(self) -> bool:
        """Whether a rule that must be kept is not."""
        return any(each.is_mandatory for each in self.violations)


def read_log(text: str) -> Log:
    """The log of a preview. Raises UnreadablePreview for what is no such log, or not all of one."""
    events = read_events(text)
    found = [_violation(_part(event, "policyEvent")) for event in events if "policyEvent" in event]
    return Log(_stack_outputs(events), tuple(dict.fromkeys(found)))


def _stack_outputs(events: Sequence[Mapping[str, Any]]) -> Outputs | None:
    for event in reversed(events):
        metadata = _part(_part(event, "resOutputsEvent"), "metadata")
        if metadata.get("type") == _STACK:
            return Outputs(_outputs(metadata.get("old")), _outputs(metadata.get("new")))
    return None


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = event.get(name) or {}
    if not isinstance(found, dict):
        raise UnreadablePreview(f"the event log: {name} is no object of the engine's")
    return found


def _violation(event: Mapping[str, Any]) -> Violation:
    # Any other level stops an `up`.
    mandatory = event.get("enforcementLevel") not in ("advisory", "warning")
    message = " ".join(str(event.get("message", "")).split())
    return Violation(str(event.get("policyName")), str(event.get("resourceUrn") or ""), mandatory, message)


def read_events(text: str) -> list[dict[str, Any]]:
    """Every event of a log. Raises UnreadablePreview for what is none, or not all of one."""
    events = [_event(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not events or "cancelEvent" not in events[-1]:
        raise UnreadablePreview("the event log is not whole: its last line is not the engine's last word")
    return events


def is_secret(value: object) -> bool:
    """Whether the log has a secret here, or a part that is one."""
    if isinstance(value, Mapping):
        return value.get(_SIGNATURE) == _SECRET or any(is_secret(each) for each in value.values())
    if isinstance(value, list):
        return any(is_secret(each) for each in value)
    return False


def _event(number: int, line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise UnreadablePreview(f"the event log, line {number}: no event of the engine's")
    return event


def _outputs(state: object) -> Mapping[str, Any]:
    found = state.get("outputs") if isinstance(state, dict) else None
    return found if isinstance(found, dict) else {}
