"""Soft-deleted pools: finding, recovering and purging them.

Source: Microsoft.KeyVault/deletedManagedHSMs, api-version 2024-11-01. The long-running operation of a purge may
never report its end, so the deleted pool itself is asked until it is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from data_plane.errors import ConflictError, NotFoundError
from data_plane.pool import API_VERSION, name_of
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, confirmed, silent, until_gone

PURGE_SECONDS: Final = 1800.0
"""On Azure a purge takes several minutes."""
RECOVERY_SECONDS: Final = 3600.0


def path_of(subscription_id: str, location: str, name: str) -> str:
    """The ARM path of a soft-deleted pool."""
    region = location.lower().replace(" ", "")
    return f"/subscriptions/{subscription_id}/providers/Microsoft.KeyVault/locations/{region}/deletedManagedHSMs/{name}"


@dataclass(frozen=True)
class DeletedPool:
    """A soft-deleted pool."""

    hsm_id: str
    """ARM id that it had, and gets again when it is recovered."""
    scheduled_purge: str
    """The day on which it goes by itself."""
    deleted_at: str
    """When it was deleted, as ARM writes it: tells this deletion from another one."""
    purge_protected: bool
    """Whether nobody can purge it before."""


def find(session: Session, path: str) -> DeletedPool | None:
    """The soft-deleted pool, or None. Raises DataPlaneError."""
    try:
        properties = session.resource_manager_get(path, API_VERSION).get("properties") or {}
    except NotFoundError:
        return None
    return DeletedPool(
        hsm_id=str(properties.get("mhsmId", "")),
        scheduled_purge=str(properties.get("scheduledPurgeDate", "")).partition("T")[0],
        deleted_at=str(properties.get("deletionDate", "")),
        purge_protected=bool(properties.get("purgeProtectionEnabled")),
    )


def exists(session: Session, path: str) -> bool:
    """Whether the soft-deleted pool is there. Raises DataPlaneError."""
    return find(session, path) is not None


def recover(
    session: Session,
    hsm_id: str,
    body: Mapping[str, Any],
    *,
    say: Say = silent,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Brings the soft-deleted pool back with all that was in it, and waits until it is there.

    ``body`` has ``location``, ``sku`` and ``properties.tenantId``, which ARM asks for. Raises DataPlaneError.
    """
    say(f"recovering the soft-deleted pool {name_of(hsm_id)}")
    # In this spelling, as azure-cli: the service compares the word by case.
    properties = {**body["properties"], "createMode": "Recover"}
    session.resource_manager_put(hsm_id, API_VERSION, {**body, "properties": properties})
    patience = Patience(RECOVERY_SECONDS, f"{hsm_id}: recovery", first=0.1, longest=15.0, clock=clock)
    while (state := _state(session, hsm_id)) != "Succeeded":
        if state == "Failed":
            raise ConflictError(f"{hsm_id}: its recovery failed; look at the activity log of its resource group")
        patience.pause(because=state)


def _state(session: Session, hsm_id: str) -> str:
    try:
        properties = session.resource_manager_get(hsm_id, API_VERSION).get("properties") or {}
    except NotFoundError:
        return "not there"
    return str(properties.get("provisioningState", ""))


def purge(
    session: Session, path: str, *, hsm_id: str | None = None, say: Say = silent, clock: Clock = SYSTEM_CLOCK
) -> bool:
    """Purges the soft-deleted pool and waits until it is gone; answers whether there was one.

    ``hsm_id`` is the ARM id that it had: another pool that has the name by now is somebody else's, and stays.

    That there is none is believed only after several answers: a pool that was deleted a moment ago and shows late would
    stay, and be billed. Raises DeadlineError where it stays, and DataPlaneError where purging is refused.
    """
    found = confirmed(lambda: find(session, path), clock=clock)
    if found is None:
        return False
    name = path.rsplit("/", 1)[-1]
    if hsm_id is not None and found.hsm_id.lower() != hsm_id.lower():
        say(f"the soft-deleted pool {name} stays: it was {found.hsm_id}, and not this stack's")
        return False
    say(f"purging the soft-deleted pool {name}; on Azure this takes several minutes")
    session.resource_manager_post(f"{path}/purge", API_VERSION)
    patience = Patience(PURGE_SECONDS, f"the purge of {name}", first=0.1, longest=15.0, clock=clock)
    until_gone(lambda: True if exists(session, path) else None, patience)
    return True
