"""Names that the program leaves to the provider."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass

from local_azure.plugin.resource_types import AutoName

_SUFFIX_DIGITS = 8


@dataclass(frozen=True)
class Proposal:
    """What the engine's own autonaming configuration says."""

    mode: str
    """``PROPOSE``, ``ENFORCE`` or ``DISABLE``."""
    name: str


def automatic_name(kind: AutoName, urn: str, seed: bytes, proposal: Proposal | None) -> tuple[str, bool] | None:
    """The name, and whether it is one that no earlier resource can have; None where the engine forbids automatic names.

    The same seed gives the same name, so that an update names what its preview named. A resource whose name is new may
    be made before the one that it replaces is deleted.
    """
    if proposal is not None:
        if proposal.mode == "DISABLE":
            return None
        if proposal.mode == "ENFORCE" or kind is not AutoName.UUID:
            return proposal.name, True
    own_name = urn.rpartition("::")[2]
    if kind is AutoName.COPY:
        return own_name, False
    digits = _digits(seed)
    if kind is AutoName.UUID:
        return str(uuid.UUID(hex=digits[:32], version=4)), True
    return own_name + digits[:_SUFFIX_DIGITS], True


def _digits(seed: bytes) -> str:
    return hashlib.sha512(seed or os.urandom(64)).hexdigest()
