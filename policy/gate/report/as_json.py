"""What scripts read."""

from __future__ import annotations

import json

from policy.gate.approvals import Decision
from policy.gate.costs import bill

VERSION = 1
"""Of the form below; another number means that something in it has another meaning."""


def as_json(decision: Decision) -> str:
    """The decision as one JSON document."""
    money = bill(decision.judgement.preview)
    document = {
        "version": VERSION,
        "verdict": decision.verdict.name.lower(),
        "stack": decision.judgement.preview.stack,
        "commit": decision.commit or None,
        "counts": dict(decision.judgement.preview.counts),
        "findings": [
            {
                "rule": finding.rule_id,
                "verdict": finding.verdict.name.lower(),
                "approved": decision.is_approved(finding),
                "approval": decision.token(finding) or None,
                "operation": finding.step.operation if finding.step else None,
                "urn": finding.step.urn if finding.step else None,
                "means": finding.rule.means,
                "detail": finding.detail,
                "way": finding.rule.way,
            }
            for finding in decision.judgement.findings
        ],
        "strayApprovals": list(decision.stray),
        "billPerMonth": {
            "currency": "USD",
            "change": round(money.change, 2),
            "then": round(money.then, 2),
            "leavesOut": list(money.leaves_out),
            "sources": list(money.sources),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
