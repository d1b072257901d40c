"""Every check, in the order in which a person would look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from preflight import custody, place, providers, rights, way_in
from preflight.line import Check, Deployment, Line

CHECKS: Final[tuple[Check, ...]] = (
    providers.check,
    rights.check_arm,
    rights.check_administrator,
    place.check_name,
    place.check_vault_name,
    place.check_region,
    custody.check,
    way_in.check,
    place.check_cost,
)


def look(deployment: Deployment) -> Iterator[Line]:
    """All lines."""
    for check in CHECKS:
        yield from check(deployment)
