"""A comment that a reviewer reads in ten seconds: first the danger, then the count, then the detail, then the bill."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from unicodedata import category

from policy.gate.approvals import LABEL, Decision
from policy.gate.catalogue import Verdict
from policy.gate.costs import Bill, bill
from policy.gate.finding import Finding
from policy.gate.rules import KINDS

_HEADINGS: Final = {
    Verdict.BLOCK: "🛑 Blocked",
    Verdict.APPROVAL: "✋ Needs approval",
    Verdict.FINE: "✅ Fine",
}
_MOST_DANGERS: Final = 8
"""As many as are read in ten seconds; the table below has them all."""
_MOST_NAMES: Final = 3
_ROWS: Final = (200, 100, 50, 20, 5)
"""As many rows of a table as go into a comment."""
_MOST_BYTES: Final = 60_000
"""Of a comment; GitHub takes 65,536 characters."""
_LONGEST: Final = 200
"""Characters of a detail."""
_ORDER: Final = ("create", "update", "replace", "delete", "import", "read", "same")


def marker(stack: str) -> str:
    """An invisible line by which the comment of a stack is found again."""
    return f"<!-- preview-gate {_plain(stack)} -->"


def markdown(decision: Decision) -> str:
    """The whole comment, with as much of the detail as goes in."""
    made = ""
    for rows in _ROWS:
        made = _comment(decision, rows)
        if len(made.encode()) <= _MOST_BYTES:
            break
    return made


def _comment(decision: Decision, rows: int) -> str:
    return "\n".join(
        (
            marker(decision.judgement.preview.stack),
            *_dangers(decision),
            "",
            _counts(decision),
            "",
            *_detail(decision, rows),
            *_money(bill(decision.judgement.preview)),
        )
    )


def failed(stack: str, line: str) -> str:
    """The comment where there is nothing to judge."""
    return "\n".join((marker(stack), "### 🛑 No verdict", "", f"**{literal(line)}**", "", "Nothing may be deployed."))


def _dangers(decision: Decision) -> Iterator[str]:
    blocking = decision.judgement.of(Verdict.BLOCK)
    waiting = [each for each in decision.judgement.of(Verdict.APPROVAL) if not decision.is_approved(each)]
    approved = len(decision.judgement.of(Verdict.APPROVAL)) - len(waiting)
    told = [_number(len(blocking), "danger")] * bool(blocking) + [f"{len(waiting)} to approve"] * bool(waiting)
    told += [f"{approved} approved"] * bool(approved)
    yield f"### {_HEADINGS[decision.verdict]}{': ' if told else ''}{', '.join(told)}"
    yield ""
    gravest = [*blocking, *waiting]
    groups = [
        [each for each in gravest if each.rule_id == rule] for rule in dict.fromkeys(each.rule_id for each in gravest)
    ]
    for group in groups[:_MOST_DANGERS]:
        yield f"- **{_subjects(group)}** – {group[0].rule.means}{_detail_of(group)}"
    if len(groups) > _MOST_DANGERS:
        yield f"- … and {sum(len(group) for group in groups[_MOST_DANGERS:])} more, below"
    if not gravest:
        yield "Nothing in this preview endangers the HSM." if decision.judgement.preview.changes else "Nothing changes."


def _counts(decision: Decision) -> str:
    preview = decision.judgement.preview
    counted = Counter(preview.counts)
    names = [*_ORDER, *sorted(set(counted) - set(_ORDER))]
    told = [f"{counted[name]} {_plain(name)}" for name in names if counted[name]] or ["no step"]
    at = f" · commit `{decision.commit[:12]}`" if decision.commit else ""
    return f"{' · '.join(told)} · stack `{_plain(preview.stack)}`{at}"


def _detail(decision: Decision, rows: int) -> Iterator[str]:
    findings = decision.judgement.findings
    if not findings:
        return
    yield "<details><summary>Every step</summary>"
    yield ""
    yield "| | step | resource | rule | what exactly | way on |"
    yield "|---|---|---|---|---|---|"
    for finding in findings[:rows]:
        yield _row(decision, finding)
    if len(findings) > rows:
        yield f"| | | … and {len(findings) - rows} more | | | |"
    yield ""
    yield "</details>"
    yield from _how_to_approve(decision, rows)
    yield ""


def _row(decision: Decision, finding: Finding) -> str:
    sign = "👍" if decision.is_approved(finding) else _HEADINGS[finding.verdict].split()[0]
    operation = _plain(finding.step.operation) if finding.step else ""
    return (
        f"| {sign} | {operation} | {_subject(finding)} | `{finding.rule_id}` | {_short(finding.detail)} "
        f"| {literal(finding.rule.way)} |"
    )


def _how_to_approve(decision: Decision, rows: int) -> Iterator[str]:
    waiting = [each for each in decision.judgement.of(Verdict.APPROVAL) if not decision.is_approved(each)]
    tokens = dict[str, list[str]]()
    for finding in waiting:
        if token := decision.token(finding):
            tokens.setdefault(token, []).append(_subject(finding))
    if decision.stray:
        yield ""
        yield f"Approvals that name no step of this preview (another commit or step): {_codes(decision.stray)}"
    if not tokens:
        return
    yield ""
    yield "<details><summary>To approve</summary>"
    yield ""
    yield "Each names one step at this commit, and dies with it. As a label of the pull request, or in a file:"
    yield ""
    for token, names in list(tokens.items())[:rows]:
        yield f"- `{LABEL}{token}` {', '.join(dict.fromkeys(names))}"
    if len(tokens) > rows:
        yield f"- … and {len(tokens) - rows} more, in the verdict as JSON"
    yield ""
    yield "</details>"


def _money(money: Bill) -> Iterator[str]:
    told = f"{money.change:+,.2f} US$ a month" if abs(money.change) >= 0.005 else "nothing"
    yield f"**Changes the bill by {told}**; what is priced here then costs {money.then:,.2f} US$ a month."
    if money.leaves_out:
        yield f"Not in it: {literal('; '.join(money.leaves_out))}."
    if money.sources:
        yield f"<sub>List prices without tax: {literal('; '.join(money.sources))}.</sub>"


def _subject(finding: Finding) -> str:
    if finding.step is None:
        return "the preview"
    kind = KINDS.get(finding.step.type)
    return literal(f"{kind.what if kind else finding.step.type} {finding.step.name}")


def _subjects(group: Sequence[Finding]) -> str:
    """Whom the same danger threatens, a few of them by name."""
    names = list(dict.fromkeys(_subject(finding) for finding in group))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def _detail_of(group: Sequence[Finding]) -> str:
    return f" ({_short(group[0].detail)})" if len(group) == 1 and group[0].detail else ""


def _short(text: str) -> str:
    return literal(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def literal(text: str) -> str:
    """Text that a resource's name or value brought along, so that none of it is taken for Markdown or HTML."""
    line = printable(text)
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~>])", r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;"))
    # A mention would tell somebody, a number or an address would link somewhere, escaped or not (GitHub).
    return re.sub(r"(?i)(@|#|(?=://)|www(?=\.)|gh(?=-\d))", "\\1\u200b", escaped)


def printable(text: str) -> str:
    """Text as one line, without what is not seen or turns what is seen around (Unicode's categories Cc and Cf)."""
    line = " ".join(text.split())
    return "".join("\N{REPLACEMENT CHARACTER}" if category(each) in ("Cc", "Cf") else each for each in line)


def _plain(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z._/-]", "?", text)


def _codes(tokens: Sequence[str]) -> str:
    return ", ".join(f"`{_plain(token)}`" for token in tokens)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
