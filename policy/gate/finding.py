"""What the gate says of one step."""

from __future__ import annotations

from dataclasses import dataclass

from policy.gate.catalogue import RULES, Rule, Verdict
from policy.gate.preview import Step


@dataclass(frozen=True)
class Finding:
    """One meaning of a step; a step can have several."""

    rule_id: str
    step: Step | None
    """None where it is about the preview as a whole."""
    detail: str
    """What exactly, without any secret; empty where the rule says it all."""

    @property
    def rule(self) -> Rule:
        """What it means and how grave it is."""
        return RULES[self.rule_id]

    @property
    def verdict(self) -> Verdict:
        """How grave it is."""
        return self.rule.verdict


@dataclass(frozen=True)
class Said:
    """A meaning before it is attached to its step."""

    rule_id: str
    detail: str = ""
