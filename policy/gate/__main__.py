"""``python -m policy.gate``: judges a preview. Exit statuses: 0 fine, 3 needs approval, 4 blocked, 5 no verdict."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from policy.gate.approvals import Decision, decide, from_file, from_labels
from policy.gate.catalogue import RULES, Verdict
from policy.gate.errors import GateError, UnreadablePreview
from policy.gate.events import read_log
from policy.gate.finding import Finding
from policy.gate.judging import judge
from policy.gate.preview import FLAGS, read
from policy.gate.report.as_json import as_json
from policy.gate.report.as_markdown import failed, markdown, printable
from policy.gate.report.as_sarif import sarif

STATUSES: Final = {Verdict.FINE: 0, Verdict.APPROVAL: 3, Verdict.BLOCK: 4}
"""1 and 2 stay what they are everywhere else: a crash, and a command line that is none."""
NO_VERDICT: Final = 5
"""The preview failed, or is none, or is not whole."""
_OUTPUTS: Final = {"markdown": markdown, "sarif": sarif, "json": as_json}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; answers the exit status."""
    options = _parser().parse_args(arguments)
    if options.rules:
        print(rules())
        return 0
    try:
        decision = _decide(options)
    except GateError as error:
        line = log_line(str(error))
        print(f"policy.gate: {line}", file=sys.stderr)
        if options.markdown:
            _write(options.markdown, failed(options.stack, line))
        return NO_VERDICT
    for name, form in _OUTPUTS.items():
        if target := getattr(options, name):
            _write(target, form(decision))
    print(summary(decision), file=sys.stderr)
    return STATUSES[decision.verdict]


def summary(decision: Decision) -> str:
    """The verdict in a line, and the gravest steps, a line each."""
    waiting = [each for each in decision.judgement.findings if each.verdict and not decision.is_approved(each)]
    lines = [f"policy.gate: {decision.verdict.name.lower()}, {len(waiting)} findings to look at"]
    return "\n".join([*lines, *(_line(decision, each) for each in waiting)])


def _line(decision: Decision, finding: Finding) -> str:
    subject = finding.step.name if finding.step else finding.detail
    return f"  {finding.verdict.name.lower()} {finding.rule_id} {log_line(subject)} {decision.token(finding)}".rstrip()


def log_line(text: str) -> str:
    """Text that a preview brought along, as part of a line that no pipeline takes for a command of its own: GitHub
    (``##[``) and Azure Pipelines (``##vso[``) read theirs from what a step prints; ``::`` only begins a line."""
    return printable(text).replace("##", "# #")


def rules() -> str:
    """Every rule as a table in Markdown, as the documentation has it."""
    rows = [f"| `{rule.id}` | {rule.verdict.name.lower()} | {rule.means} | {rule.way} |" for rule in RULES.values()]
    return "\n".join(("| rule | verdict | what it means | the way on |", "|---|---|---|---|", *rows))


def _decide(options: argparse.Namespace) -> Decision:
    log = read_log(_text(options.events)) if options.events else None
    preview = read(_text(options.preview), log)
    # A stack of Pulumi Cloud is named with organization and project.
    if options.stack and preview.stack and options.stack.rpartition("/")[2] != preview.stack:
        raise UnreadablePreview(f"the preview is of stack {preview.stack}, not of {options.stack}")
    given = [each for path in options.approvals for each in from_file(path)]
    given += from_labels(options.label) + options.approve
    return decide(judge(preview, log), options.commit, given, destroying=options.destroying)


def _text(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UnreadablePreview(f"{path}: no text in UTF-8") from None
    except OSError as error:
        raise UnreadablePreview(f"{path}: {error.strerror}") from None


def _write(target: str, text: str) -> None:
    if target == "-":
        print(text)
    else:
        Path(target).write_text(f"{text}\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m policy.gate", description=__doc__)
    parser.add_argument(
        "preview", nargs="?", default="-", help=f"what pulumi preview {' '.join(FLAGS)} printed; - reads it from stdin"
    )
    parser.add_argument("--events", metavar="FILE", help="the event log of the same run, for outputs and policies")
    parser.add_argument("--commit", default="", help="the whole hash of the commit that was previewed")
    parser.add_argument("--stack", default="", help="the stack that it has to be of")
    parser.add_argument("--approve", metavar="TOKEN", action="append", default=[], help="approves a step; repeatable")
    parser.add_argument(
        "--approvals", metavar="FILE", type=Path, action="append", default=[], help="tokens, one a line"
    )
    parser.add_argument("--label", metavar="LABEL", action="append", default=[], help="a label of the pull request")
    parser.add_argument("--destroying", metavar="POOL", default="", help="confirms a teardown by the pool's name")
    for name in _OUTPUTS:
        parser.add_argument(f"--{name}", metavar="FILE", help=f"writes the verdict as {name} there; - prints it")
    parser.add_argument("--rules", action="store_true", help="prints every rule and what it means")
    return parser


if __name__ == "__main__":
    sys.exit(main())
