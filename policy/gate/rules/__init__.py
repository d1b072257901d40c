"""What a step means, by the type of the resource. A type that is in no table here blocks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policy.gate.rules import access, activation, keys, network, observation, pool, vault, workload
from policy.gate.rules.kind import Kind

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **pool.KINDS,
        **activation.KINDS,
        **keys.KINDS,
        **access.KINDS,
        **network.KINDS,
        **observation.KINDS,
        **vault.KINDS,
        **workload.KINDS,
    }
)
"""By type token."""
