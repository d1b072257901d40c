"""What the configured roles come to: said at every preview, and kept as a stack output."""

from __future__ import annotations

from typing import Any

import pulumi

from access.configured import configured
from access.effective import matrix
from access.finding import Finding
from access.findings import findings
from config import Settings

_ALWAYS_SO = "global-administrators"


def review(settings: Settings) -> dict[str, Any]:
    """Warns of what is questionable in the configured access. Answers who may do what where, and the findings."""
    access = configured(settings)
    found = findings(access, rehearsal=settings.environment == "dev")
    _say(found)
    return {"matrix": matrix(access), "findings": [f"{each.level}: {each.line}" for each in found]}


def _say(found: list[Finding]) -> None:
    for each in found:
        if each.level != "note":
            pulumi.log.warn(f"access: {each.line}")
    notes = [each for each in found if each.level == "note" and each.code != _ALWAYS_SO]
    if notes:
        pulumi.log.info(f"access: {len(notes)} to note; python -m access lint --stack {pulumi.get_stack()} lists them")
