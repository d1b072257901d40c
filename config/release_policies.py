"""Release policies of keys: read from a file or from the configuration, and held to the service's grammar.

Source: documentation "Azure Key Vault secure key release policy grammar".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.files import UnusableFile, read_file
from config.key_life import ReleasePolicy
from data_plane.key_release import canonical

_VERSIONS = ("1.0.0", "0.2")
_GROUPS = ("anyOf", "allOf")
_CONDITION = "a condition, which is {claim, equals}, {anyOf: […]} or {allOf: […]}"


def canonical_policy(policy: ReleasePolicy) -> str:
    """The policy as JSON with sorted members and no spaces. Raises UnusableFile."""
    return canonical(document_of(policy))


def document_of(policy: ReleasePolicy) -> dict[str, Any]:
    """The policy, of the file where it names one. Raises UnusableFile."""
    return dict(policy.claims or {}) if policy.file is None else _read(policy.file)


def faults(policy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the service would refuse: where in the policy, and what is wanted there."""
    if policy.get("version") not in _VERSIONS:
        yield "version", f"{_VERSIONS[0]}"
    unknown = sorted(set(policy) - {"version", "anyOf"})
    if unknown:
        yield unknown[0], "version and anyOf alone"
    authorities = policy.get("anyOf")
    if not isinstance(authorities, list) or not authorities:
        yield "anyOf", "a list of at least one authority with its conditions"
        return
    for index, authority in enumerate(authorities):
        yield from _authority_faults(f"anyOf[{index}]", authority)


def _authority_faults(place: str, authority: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(authority, dict) or not str(authority.get("authority", "")).startswith("https://"):
        yield f"{place}.authority", "the https address of an attestation service"
        return
    conditions = {name: value for name, value in authority.items() if name != "authority"}
    if len(conditions) != 1 or next(iter(conditions)) not in _GROUPS:
        yield place, "beside authority either anyOf or allOf, with a list of conditions"
        return
    yield from _condition_faults(place, conditions)


def _condition_faults(place: str, condition: Any) -> Iterator[tuple[str, str]]:
    if isinstance(condition, dict):
        if set(condition) == {"claim", "equals"}:
            if not isinstance(condition["claim"], str) or isinstance(condition["equals"], dict | list | None):
                yield place, "the name of a claim, and a text, number or boolean that it equals"
            return
        group = next(iter(condition), None)
        if len(condition) == 1 and group in _GROUPS:
            parts = condition[group]
            if not isinstance(parts, list) or not parts:
                yield f"{place}.{group}", "a list of at least one condition"
                return
            for index, part in enumerate(parts):
                yield from _condition_faults(f"{place}.{group}[{index}]", part)
            return
    yield place, _CONDITION


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_file(path))
    except (ValueError, RecursionError):
        raise UnusableFile("is not JSON") from None
    if not isinstance(document, dict):
        raise UnusableFile("is not a JSON object")
    return document
