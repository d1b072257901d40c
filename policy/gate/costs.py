"""What a preview changes on the bill, by the month."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from data_plane import prices
from data_plane.prices import Price
from policy.gate.preview import HALVES, Preview, Step
from policy.gate.rules.pool import POOL
from policy.gate.state import State

_FIXED: Final = {
    "azure-native:network:PrivateEndpoint": prices.PRIVATE_ENDPOINT,
    "azure-native:privatedns:PrivateZone": prices.PRIVATE_ZONE,
}
_BY_USE_OR_SIZE: Final = frozenset(
    (
        "azure-native:compute:VirtualMachine",
        "azure-native:eventhub:Namespace",
        "azure-native:keyvault:Vault",
        "azure-native:monitor:ScheduledQueryRule",
        "azure-native:operationalinsights:Workspace",
        "azure-native:storage:StorageAccount",
    )
)
"""Billed too, but by size or use: named, not reckoned."""


@dataclass(frozen=True)
class Bill:
    """In US$ a month."""

    change: float
    then: float
    """What all that is priced costs afterwards."""
    leaves_out: tuple[str, ...]
    """What the numbers do not hold."""
    sources: tuple[str, ...]
    """Where each price is from."""


def bill(preview: Preview) -> Bill:
    """Adds up what comes and what goes."""
    then, was = list(_priced(preview, _after)), list(_priced(preview, _before))
    total = sum(price.a_month for price in then)
    sources = tuple(dict.fromkeys(price.source for price in (*then, *was)))
    return Bill(total - sum(price.a_month for price in was), total, tuple(_leaves_out(preview)), sources)


def _after(step: Step) -> State | None:
    return None if step.operation == "delete" else step.new


def _before(step: Step) -> State | None:
    return None if step.operation == "create" else step.old


def _priced(preview: Preview, state_of: Callable[[Step], State | None]) -> Iterator[Price]:
    for step in preview.steps:
        state = None if step.operation in HALVES else state_of(step)
        if state is not None:
            yield from _prices(step.type, state)


def _prices(kind: str, state: State) -> list[Price]:
    if kind != POOL:
        return [_FIXED[kind]] if kind in _FIXED else []
    price, regions = prices.pool(str(state.input("sku.name"))), state.input("properties.regions")
    others = len(regions) if isinstance(regions, list) else 0
    return [] if price is None else [price] * (1 + others)


def _leaves_out(preview: Preview) -> Iterator[str]:
    for step in preview.changes:
        if step.type == POOL and step.operation in ("create", "replace") and not _prices(POOL, step.state):
            yield f"the price of a pool of size {step.state.input('sku.name')}, which is in no public list"
        if step.type == POOL and step.operation in ("delete", "replace"):
            yield "a deleted pool, which is billed until it is purged; purge protection forbids that for the retention"
    sized = {step.type for step in preview.changes if step.type in _BY_USE_OR_SIZE and step.operation != "update"}
    if sized:
        yield f"what is billed by size or use: {', '.join(sorted(each.rpartition(':')[2] for each in sized))}"
