"""What the tables of meanings are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.state import Change, is_unknown, shown

Judge = Callable[[Step, Preview], list[Said]]
"""What creating, deleting or replacing a resource means."""
PropertyJudge = Callable[[Change, Step, Preview], list[Said]]
"""What the change of one property means."""


@dataclass(frozen=True)
class Kind:
    """A type of resource that the gate knows."""

    what: str
    """What people call it."""
    created: Judge
    deleted: Judge
    replaced: Judge
    properties: Mapping[str, PropertyJudge] = field(default_factory=dict)
    """By dotted path; a path stands for all below it as well, and the longest one counts."""
    silent: bool = False
    """Whether an update need not name a property, as the resource only looks."""

    def judge_of(self, path: str) -> PropertyJudge | None:
        """Who judges a change at that path; None where nobody knows the property."""
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            if found := self.properties.get(".".join(parts[:length])):
                return found
        return None


def says(rule_id: str) -> Judge:
    """The same whatever the step is like."""
    return lambda _step, _preview: [Said(rule_id)]


def changed(rule_id: str) -> PropertyJudge:
    """The same whatever the change is like, with the change itself."""
    return lambda change, _step, _preview: [Said(rule_id, difference(change))]


def difference(change: Change) -> str:
    """``path: old → new``"""
    return f"{change.path}: {shown(change.old)} → {shown(change.new)}"


def becomes(change: Change, *harmless: object) -> bool:
    """Whether the new value is known, and one of these."""
    return not is_unknown(change.new) and any(
        change.new == each and type(change.new) is type(each) for each in harmless
    )


POOL_FIELDS: Final[Mapping[str, PropertyJudge]] = {
    name: changed("changed") for name in ("hsm_id", "hsm_uri", "hsm_created_at")
}
"""Which pool a resource lies in: known only later while the pool itself changes. Another pool is no update of it but a
replacement (``REPLACE`` of every provider that has these)."""

TAGS: Final[Mapping[str, PropertyJudge]] = {"tags": changed("changed"), "azureApiVersion": changed("changed")}
