"""What a preview changes on the bill, by the month."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from data_plane.prices import PRIVATE_ENDPOINT, PRIVATE_ZONE, Price, pool_per_hour
from policy.gate.preview import Preview, Step
from policy.gate.rules.pool import POOL
from policy.gate.state import State

_FIXED: Final = {
    "azure-native:network:PrivateEndpoint": PRIVATE_ENDPOINT,
    "azure-native:privatedns:PrivateZone": PRIVATE_ZONE,
}
_BY_USE_OR_SIZE: Final = frozenset(
    (
        "azure-native:compute:VirtualMachine",
        "azure-native:keyvault:Vault",
        "azure-native:storage:StorageAccount",
        "azure-native:operationalinsights:Workspace",
        "azure-native:eventhub:Namespace",
    )
)
"""Billed too, but by size or use: named, not reckoned."""


@dataclass(frozen=True)
class Bill:
    """What changes, in US$ a month."""

    lowest: float
    highest: float
    stands: tuple[float, float]
    """What all that is priced costs afterwards, lowest and highest."""
    notes: tuple[str, ...]
    """What the numbers leave out."""
    sources: tuple[str, ...]
    """Where each price is from."""


def bill(preview: Preview) -> Bill:
    """Adds up what comes and what goes."""
    comes = list(_priced(preview, _after))
    was = list(_priced(preview, _before))
    low, high = _sum(comes)
    low_before, high_before = _sum(was)
    sources = tuple(dict.fromkeys(price.source for price in (*comes, *was)))
    return Bill(low - low_before, high - high_before, (low, high), tuple(_notes(preview)), sources)


def _sum(prices: list[Price]) -> tuple[float, float]:
    return sum(price.per_month[0] for price in prices), sum(price.per_month[1] for price in prices)


def _after(step: Step) -> State | None:
    return step.new if step.operation not in ("delete", "create-replacement", "delete-replaced") else None


def _before(step: Step) -> State | None:
    return step.old if step.operation not in ("create", "create-replacement", "delete-replaced") else None


def _priced(preview: Preview, state_of: Callable[[Step], State | None]) -> Iterator[Price]:
    for step in preview.steps:
        state = state_of(step)
        price = _price(step.type, state) if state is not None else None
        if price is not None:
            yield price


def _price(kind: str, state: State) -> Price | None:
    return pool_per_hour(str(state.input("sku.name"))) if kind == POOL else _FIXED.get(kind)


def _notes(preview: Preview) -> Iterator[str]:
    for step in preview.changes:
        if step.type == POOL and step.operation in ("create", "replace") and _price(POOL, step.state) is None:
            yield f"the price of a pool of size {step.state.input('sku.name')} is in no table"
        if step.type == POOL and step.operation in ("delete", "replace"):
            yield "a deleted pool is billed until it is purged, which purge protection forbids for the retention"
    sized = sorted(
        {step.type for step in preview.changes if step.type in _BY_USE_OR_SIZE and step.operation != "update"}
    )
    if sized:
        yield f"billed by size or use, and not reckoned: {', '.join(each.rpartition(':')[2] for each in sized)}"
