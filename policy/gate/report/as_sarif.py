"""SARIF for code scanning.

Sources: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" (OASIS), and "SARIF support for code
scanning" (GitHub): a result needs a place in a file, which is where the program declares the resource, else the stack's
configuration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from policy.gate.approvals import Decision, content_digest
from policy.gate.catalogue import RULES, Verdict
from policy.gate.finding import Finding

_LEVELS: Final = {Verdict.BLOCK: "error", Verdict.APPROVAL: "warning", Verdict.FINE: "note"}
_SEVERITY: Final = {Verdict.BLOCK: "9.5", Verdict.APPROVAL: "6.0", Verdict.FINE: "0.0"}
"""``security-severity``: over 9 is critical, 4 to 6.9 is medium."""
_PROJECT: Final = re.compile(r"project:///(?P<path>[^#]+)#(?P<line>\d+)(,(?P<column>\d+))?")
SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(decision: Decision) -> str:
    """The decision as a SARIF log with one run; what is fine is left out, as nobody has to look at it."""
    ids = list(RULES)
    grave = [each for each in decision.judgement.findings if each.verdict is not Verdict.FINE]
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "preview-gate", "rules": [_rule(rule_id) for rule_id in ids]}},
        "automationDetails": {"id": f"preview-gate/{decision.judgement.preview.stack}/"},
        "columnKind": "utf16CodeUnits",
        "results": [_result(decision, finding, ids) for finding in grave],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(rule_id: str) -> dict[str, Any]:
    rule = RULES[rule_id]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.means},
        "fullDescription": {"text": rule.means},
        "help": {"text": rule.way or rule.means},
        "defaultConfiguration": {"level": _LEVELS[rule.verdict]},
        "properties": {"tags": ["security"], "security-severity": _SEVERITY[rule.verdict]},
    }


def _result(decision: Decision, finding: Finding, ids: Sequence[str]) -> dict[str, Any]:
    subject = f"{finding.step.operation} {finding.step.urn}" if finding.step else "the preview"
    detail = f" ({finding.detail})" if finding.detail else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": ids.index(finding.rule_id),
        "level": _LEVELS[finding.verdict],
        "message": {"text": f"{subject}: {finding.rule.means}{detail}"},
        "locations": [{"physicalLocation": _place(decision, finding)}],
        "partialFingerprints": {"step/v1": content_digest(finding)},
    }
    if decision.is_approved(finding):
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": decision.token(finding)}]
    return result


def _place(decision: Decision, finding: Finding) -> dict[str, Any]:
    found = _PROJECT.fullmatch(str(finding.step.state.content.get("sourcePosition"))) if finding.step else None
    if found is None or ".." in found["path"].split("/"):
        stack = decision.judgement.preview.stack
        return {"artifactLocation": {"uri": f"Pulumi.{stack or 'stack'}.yaml"}, "region": {"startLine": 1}}
    return {"artifactLocation": {"uri": found["path"]}, "region": {"startLine": max(1, int(found["line"]))}}
