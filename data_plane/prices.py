"""What Azure charges, as far as it is worth knowing before a step: US dollars, pay-as-you-go, without tax.

List prices differ by region and contract, and change: each says where it is from and of when. What is billed by use
(operations, data, logs) is in no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

HOURS_PER_MONTH: Final = 730
"""As Azure's own pricing pages count."""


@dataclass(frozen=True)
class Price:
    """What one of something costs, between a lowest and a highest list price."""

    lowest: float
    """US$ an hour."""
    highest: float
    """US$ an hour."""
    source: str
    """Where it is from, and of when."""

    @property
    def per_month(self) -> tuple[float, float]:
        """US$ a month, lowest and highest."""
        return self.lowest * HOURS_PER_MONTH, self.highest * HOURS_PER_MONTH


_POOL: Final = "public price lists and bills for a Standard_B1 pool, 2026"
_ENDPOINT: Final = "Azure Private Link pricing, 0.01 US$ an hour, 2025"
_ZONE: Final = "Azure DNS pricing, 0.50 US$ a zone and month, 2025"

POOLS: Final[Mapping[str, Price]] = MappingProxyType({"Standard_B1": Price(3.20, 3.50, _POOL)})
"""By SKU. The others' prices are in no public list that could be cited here."""
PRIVATE_ENDPOINT: Final = Price(0.01, 0.01, _ENDPOINT)
PRIVATE_ZONE: Final = Price(0.50 / HOURS_PER_MONTH, 0.50 / HOURS_PER_MONTH, _ZONE)
"""Of the first 25 zones of a subscription."""


def pool_per_hour(sku: str) -> Price | None:
    """The price of a pool of that size; None where it is not known."""
    return POOLS.get(sku)
