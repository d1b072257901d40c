"""``python -m policy.backend``: checks where a stack's state and secrets are kept. Exit status 0 fine, 4 if not."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from policy.backend.checks import Kept, kept, pool_name, problems

WRONG: Final = 4
"""Exit status where something is wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the check; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m policy.backend", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--directory", type=Path, default=Path(), help="where the program is; here if left out")
    parser.add_argument(
        "--subscription", default="", help="also asks ARM what the account there is encrypted with (needs Reader)"
    )
    options = parser.parse_args(arguments)
    try:
        project = _read(options.directory / "Pulumi.yaml")
        stack = _read(options.directory / f"Pulumi.{options.stack}.yaml")
    except (OSError, yaml.YAMLError) as error:
        print(f"policy.backend: {' '.join(str(error).split())}", file=sys.stderr)
        return WRONG
    found, config = kept(project, stack, os.environ), stack.get("config") or {}
    told = problems(found, config)
    if options.subscription and found.account:
        told += _encryption(options.subscription, found, pool_name(config))
    for line in told:
        print(f"policy.backend: {line}", file=sys.stderr)
    return WRONG if told else 0


def _encryption(subscription_id: str, found: Kept, pool: str) -> list[str]:
    # Imported here: only this question takes a library that signs in.
    from data_plane import session
    from data_plane.errors import DataPlaneError
    from policy.backend import encryption

    try:
        return list(encryption.problems(session.current(), subscription_id, found.account, found.container, pool))
    except DataPlaneError as error:
        return [f"what the account {found.account} is encrypted with cannot be asked: {' '.join(str(error).split())}"]
    finally:
        session.forget()


def _read(path: Path) -> Mapping[str, Any]:
    content = yaml.safe_load(path.read_bytes())
    return content if isinstance(content, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
