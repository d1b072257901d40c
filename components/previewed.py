"""What a preview has shown, for the ``up`` after it: it takes away nothing that nobody has seen.

``pulumi up`` runs the program twice, and a person reads in between. So the preview leaves a note on this machine, and
the ``up`` takes it. Where there is none, as after ``--skip-preview``, nothing was shown that could be held to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pulumi

from data_plane import durable_files
from data_plane.errors import CustodyError


def note(shown: Iterable[str]) -> None:
    """Remembers what the preview shows. Raises CustodyError where it cannot be written."""
    durable_files.write(place(), (json.dumps(sorted(shown)) + "\n").encode())


def take() -> frozenset[str] | None:
    """What the preview before this ``up`` has shown, once; None where nobody has noted anything.

    A note that cannot be read has shown nothing.
    """
    try:
        content = durable_files.content_of(place())
        durable_files.remove(place())
        shown = None if content is None else json.loads(content)
    except (CustodyError, ValueError):
        shown = []
    if shown is None:
        return None
    return frozenset(map(str, shown)) if isinstance(shown, list) else frozenset()


def place() -> Path:
    """The note's file, beside the other things of this machine that are never committed."""
    base = Path(pulumi.get_root_directory() or ".").resolve()
    return base / ".local" / "previews" / f"{pulumi.get_stack()}.json"
