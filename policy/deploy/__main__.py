"""``python -m policy.deploy``: records previews, and carries out what was previewed while nothing has moved.

Exit statuses: 0 done, 3 needs approval, 4 blocked, 5 no verdict, 6 moved since (or drift), 7 the engine failed, 8 the
engine did what no preview had shown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from policy.deploy import drift, record, run
from policy.deploy.engine import Engine
from policy.deploy.errors import DeployError
from policy.gate.__main__ import NO_VERDICT, STATUSES, log_line, summary
from policy.gate.approvals import from_file, from_labels
from policy.gate.catalogue import Verdict
from policy.gate.errors import GateError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; answers the exit status."""
    options = _parser().parse_args(arguments)
    engine = Engine(options.directory.resolve(), options.stack, _pack(options))
    try:
        return int(options.carry_out(engine, options))
    except (DeployError, GateError) as error:
        print(f"policy.deploy: {log_line(str(error))}", file=sys.stderr)
        return error.status if isinstance(error, DeployError) else NO_VERDICT


def _pack(options: argparse.Namespace) -> tuple[str, ...]:
    if options.policy_pack is None:
        return ()
    configured = (
        ("--policy-pack-config", str(options.policy_pack_config.resolve())) if options.policy_pack_config else ()
    )
    return ("--policy-pack", str(options.policy_pack.resolve()), *configured)


def _preview(engine: Engine, options: argparse.Namespace) -> int:
    made = run.preview(engine, "destroy" if options.destroy else "up", options.out)
    _say(f"recorded {made.record.digest[:12]} in {options.out}, at commit {made.record.commit[:12]}")
    return 0


def _run(engine: Engine, options: argparse.Namespace) -> int:
    recorded = record.read(options.record)
    if recorded.stack != engine.stack:
        raise DeployError(f"{options.record}: is of stack {recorded.stack}, not of {engine.stack}")
    now = run.same_again(engine, recorded, options.out)
    given = [each for path in options.approvals for each in from_file(path)]
    decision = now.decide([*given, *from_labels(options.label), *options.approve], options.destroying)
    _say(f"{recorded.digest[:12]} still holds")
    print(summary(decision), file=sys.stderr)
    if decision.verdict is not Verdict.FINE:
        return STATUSES[decision.verdict]
    run.carry_out(engine, now)
    _say("the engine did what was previewed")
    return 0


def _drift(engine: Engine, options: argparse.Namespace) -> int:
    found = drift.drifts(run.read_whole(engine.preview(options.out, "up", refresh=True), options.out))
    if not found:
        _say(f"{engine.stack} is as it was deployed")
        return 0
    text = drift.markdown(engine.stack, found)
    (options.out / "drift.md").write_text(f"{text}\n", encoding="utf-8")
    print(text)
    return drift.MOVED


def _say(line: str) -> None:
    print(f"policy.deploy: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m policy.deploy", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--directory", type=Path, default=Path(), help="where the program is; here if left out")
    parser.add_argument("--out", type=Path, required=True, help="a directory for preview, events and record")
    parser.add_argument("--policy-pack", metavar="DIRECTORY", type=Path, help="whose rules the gate looks at as well")
    parser.add_argument("--policy-pack-config", metavar="FILE", type=Path, help="how strict they are")
    commands = parser.add_subparsers(required=True)
    previewing = commands.add_parser("preview", help="previews, and records what of")
    previewing.add_argument("--destroy", action="store_true", help="a preview of the stack's end")
    previewing.set_defaults(carry_out=_preview)
    running = commands.add_parser("run", help="carries out a recorded preview, unless anything has moved since")
    running.add_argument("--record", type=Path, required=True, help="the record of the preview")
    running.add_argument("--approve", metavar="TOKEN", action="append", default=[], help="approves a step; repeatable")
    running.add_argument(
        "--approvals", metavar="FILE", type=Path, action="append", default=[], help="tokens, one a line"
    )
    running.add_argument(
        "--label", metavar="LABEL", action="append", default=[], help="a label that may be an approval"
    )
    running.add_argument("--destroying", metavar="POOL", default="", help="confirms a teardown by the pool's name")
    running.set_defaults(carry_out=_run)
    drifting = commands.add_parser("drift", help="says what is not as it was deployed; status 6 if anything")
    drifting.set_defaults(carry_out=_drift)
    return parser


if __name__ == "__main__":
    sys.exit(main())
