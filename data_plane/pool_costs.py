"""What a pool costs while it is there, deleted softly or not.

Source: "Key Vault pricing" (azure.microsoft.com/pricing/details/key-vault): a pool is billed by the hour from its
creation to its purge, an extended region as a second pool. The figure is what public guides quote from it in 2026 for
regions of the United States; invoices say 3.2 to 3.5. No figure of the other SKUs is public.
"""

from __future__ import annotations

from typing import Final

DOLLARS_AN_HOUR: Final = {"Standard_B1": 3.20}
"""By SKU."""
AS_OF: Final = "2026"
PAGE: Final = "https://azure.microsoft.com/pricing/details/key-vault"
_HOURS_A_MONTH: Final = 730


def in_words(sku: str, dollars_an_hour: float | None = None) -> str:
    """What an hour and a month cost, with the source. ``dollars_an_hour``: what its owner says it costs."""
    price = dollars_an_hour if dollars_an_hour is not None else DOLLARS_AN_HOUR.get(sku)
    if price is None:
        return f"billed by the hour ({sku}: {PAGE})"
    source = "managed-hsm:hsm.pricePerHour" if dollars_an_hour is not None else f"{sku}, {AS_OF}, {PAGE}"
    return f"billed about {price:.2f} US$ an hour, {price * _HOURS_A_MONTH:,.0f} US$ a month ({source})"
