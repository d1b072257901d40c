"""What Azure charges by the hour, as far as it is worth knowing before a step: US dollars, list prices without tax.

They differ by region and contract, and change: each says where it is from and of when. What is billed by use
(operations, data, logs) is in no table. The pool's own price is :mod:`data_plane.pool_costs`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from data_plane.pool_costs import AS_OF, DOLLARS_AN_HOUR, PAGE

HOURS_PER_MONTH: Final = 730
"""As Azure's own pricing pages count."""


@dataclass(frozen=True)
class Price:
    """What one of something costs."""

    an_hour: float
    """US$."""
    source: str
    """Where it is from, and of when."""

    @property
    def a_month(self) -> float:
        """US$."""
        return self.an_hour * HOURS_PER_MONTH


PRIVATE_ENDPOINT: Final = Price(0.01, "private endpoint 0.01 US$ an hour (Azure Private Link pricing, 2025)")
PRIVATE_ZONE: Final = Price(
    0.50 / HOURS_PER_MONTH, "private zone 0.50 US$ a month, the first 25 of a subscription (Azure DNS pricing, 2025)"
)


def pool(sku: str) -> Price | None:
    """The price of a pool of that size, in one region; None where it is not known."""
    dollars = DOLLARS_AN_HOUR.get(sku)
    return None if dollars is None else Price(dollars, f"pool {sku} {dollars:.2f} US$ an hour ({AS_OF}, {PAGE})")
