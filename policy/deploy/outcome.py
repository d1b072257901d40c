"""What the engine did, held against what its preview had shown."""

from __future__ import annotations

import re
from pathlib import Path

from policy.deploy.errors import DidOtherwise
from policy.gate.events import read_events
from policy.gate.preview import HALVES, LOOKED_AT, Preview

_NOTHING = frozenset((*HALVES, LOOKED_AT, "same"))
_ENGINE_S_OWN = re.compile(r"urn:pulumi:[^:]*::[^:]*::pulumi:providers:[\w-]+::default(_\d+_\d+_\d+)?")
"""The engine's default providers: nothing in Azure, and in no preview's JSON, whatever happens to them."""


def check(events: Path, preview: Preview) -> None:
    """Raises DidOtherwise, naming what was done and had not been previewed. Less than was previewed is fine: what a
    preview does not know yet may turn out the same."""
    shown = {(step.operation, step.urn) for step in preview.changes}
    done = [event.get("resourcePreEvent", {}).get("metadata", {}) for event in read_events(events.read_text())]
    steps = {(str(each["op"]), str(each["urn"])) for each in done if each.get("op") not in (None, *_NOTHING)}
    more = sorted(step for step in steps - shown if not _ENGINE_S_OWN.fullmatch(step[1]))
    if more:
        told = ", ".join(f"{operation} {urn.split('::', 3)[3]}" for operation, urn in more)
        raise DidOtherwise(f"the engine did what no preview had shown: {told}; look at the stack before anything else")
