"""The region that a pool is extended into.

Source: "Enable multi-region replication on Azure Managed HSM" (June 2025): one additional region, billed as a second
pool; it is removed, and thereby purged, before the pool itself can be deleted. The whole of the pool's properties is
sent back, as ``az keyvault region remove`` does.
"""

from __future__ import annotations

from typing import Any, Final

from data_plane.errors import NotFoundError
from data_plane.pool import API_VERSION, name_of
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, silent

NOT_EXTENDED_INTO: Final = frozenset(
    {
        "canadacentral",
        "canadaeast",
        "centralindia",
        "eastus",
        "japanwest",
        "polandcentral",
        "qatarcentral",
        "southcentralus",
        "switzerlandnorth",
        "westcentralus",
        "westeurope",
        "westus2",
    }
)
"""Regions that the page names as impossible, as of June 2025."""
REMOVAL_SECONDS: Final = 3600.0
"""An extension takes up to 30 minutes; how long a removal takes is nowhere said."""
_WRITABLE: Final = (
    "tenantId",
    "initialAdminObjectIds",
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enablePurgeProtection",
    "publicNetworkAccess",
    "networkAcls",
)


def remove_extended(
    session: Session, hsm_id: str, *, only: str, say: Say = silent, clock: Clock = SYSTEM_CLOCK
) -> bool:
    """Removes the region ``only`` that the pool is extended into, and waits until it is gone.

    Answers whether it was there. Raises DataPlaneError.
    """
    found = _read(session, hsm_id)
    if found is None or only not in _extended(found):
        return False
    say(f"{name_of(hsm_id)}: removing the region {only}; the HSM there is purged")
    properties = {name: value for name, value in found["properties"].items() if name in _WRITABLE}
    session.resource_manager_patch(hsm_id, API_VERSION, {"properties": {**properties, "regions": []}})
    patience = Patience(REMOVAL_SECONDS, f"{name_of(hsm_id)}: removal of {only}", first=0.1, longest=15.0, clock=clock)
    while (found := _read(session, hsm_id)) is not None and (_extended(found) or not _is_settled(found)):
        patience.pause()
    return True


def _read(session: Session, hsm_id: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = session.resource_manager_get(hsm_id, API_VERSION)
    except NotFoundError:
        return None
    return found


def _extended(pool: dict[str, Any]) -> list[str]:
    """In their short spelling; whether ARM lists the region of birth among them is nowhere said."""
    names = [str(each.get("name", "")) for each in pool["properties"].get("regions") or []]
    return [short for name in names if (short := _short(name)) != _short(str(pool["location"]))]


def _short(region: str) -> str:
    return region.replace(" ", "").lower()


def _is_settled(pool: dict[str, Any]) -> bool:
    return str(pool["properties"].get("provisioningState")) in ("Succeeded", "Failed", "Activated")
