"""Approvals by label: who put it there counts. ``python -m policy.gate.labels`` prints those that hold.

Source: "Issue events" of GitHub's REST API: ``labeled`` and ``unlabeled`` with ``actor``, ``label`` and ``created_at``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from policy.gate.approvals import LABEL


def holding(events: Sequence[Mapping[str, Any]], authors: Collection[str]) -> list[str]:
    """The approving labels that are there now and that none of the authors, and no robot, put there."""
    own = {"", *(each.lower() for each in authors)}
    there: dict[str, bool] = {}
    for event in sorted(events, key=lambda each: (str(each.get("created_at", "")), int(each.get("id") or 0))):
        name = str((event.get("label") or {}).get("name", ""))
        actor = event.get("actor") or {}
        if not name.startswith(LABEL):
            continue
        if event.get("event") == "labeled":
            somebody_else = str(actor.get("login", "")).lower() not in own
            there[name] = somebody_else and actor.get("type") == "User"
        elif event.get("event") == "unlabeled":
            there[name] = False
    return [name.removeprefix(LABEL) for name, holds in there.items() if holds]


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the events from stdin, as ``gh api --paginate --slurp`` prints them; prints a token a line."""
    parser = argparse.ArgumentParser(prog="python -m policy.gate.labels", description=__doc__)
    parser.add_argument(
        "--author",
        action="append",
        required=True,
        help="who proposes the change, or pushed to it, and cannot approve it; repeatable",
    )
    options = parser.parse_args(arguments)
    pages = json.load(sys.stdin)
    for token in holding([event for page in pages for event in page], options.author):
        print(token)
    return 0


if __name__ == "__main__":
    sys.exit(main())
