"""What a run of the engine had begun, from the log of its events.

The engine forgets a creation whose provider was killed in the middle: neither state nor pending operations name it,
although the cloud may have the resource.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CREATING = frozenset({"create", "create-replacement"})
_SOMEBODY_ELSES = "already existing resource"
"""azure-native's words for a resource that was there before the run."""


def unfinished_creates(journal: Path) -> list[dict[str, Any]]:
    """The resources that the run began to make and never saw finished, as ``type``, ``urn``, ``parent``, ``inputs``.

    Without those that azure-native refused to make because they existed before.
    """
    begun: dict[str, dict[str, Any]] = {}
    for event in _events(journal):
        before, after = event.get("resourcePreEvent"), event.get("resOutputsEvent")
        diagnosis = event.get("diagnosticEvent") or {}
        if before and (metadata := before["metadata"])["op"] in _CREATING:
            new = metadata.get("new") or {}
            begun[metadata["urn"]] = {
                "type": metadata["type"],
                "urn": metadata["urn"],
                "parent": new.get("parent"),
                "inputs": new.get("inputs") or {},
            }
        elif after:
            begun.pop(after["metadata"]["urn"], None)
        elif _SOMEBODY_ELSES in str(diagnosis.get("message")):
            begun.pop(str(diagnosis.get("urn")), None)
    return list(begun.values())


def met(journal: Path) -> list[str]:
    """The names of the resources that the run could not make because they existed before."""
    diagnoses = [event.get("diagnosticEvent") or {} for event in _events(journal)]
    urns = [str(each.get("urn")) for each in diagnoses if _SOMEBODY_ELSES in str(each.get("message"))]
    return list(dict.fromkeys(urn.split("::")[-1] for urn in urns))


def _events(journal: Path) -> Iterator[dict[str, Any]]:
    """The events, as far as they were written: a killed engine breaks off in the middle of a line."""
    try:
        lines = journal.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return
