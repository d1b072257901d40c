"""Soft-deleted pools: finding and purging them.

Source: Microsoft.KeyVault/deletedManagedHSMs, api-version 2024-11-01. The long-running operation of a purge may
never report its end, so the deleted pool itself is asked until it is gone.
"""

from __future__ import annotations

from typing import Final

from data_plane.errors import NotFoundError
from data_plane.pool import API_VERSION
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, confirmed, silent, until_gone

PURGE_SECONDS: Final = 1800.0
"""On Azure a purge takes several minutes."""


def path_of(subscription_id: str, location: str, name: str) -> str:
    """The ARM path of a soft-deleted pool."""
    region = location.lower().replace(" ", "")
    return f"/subscriptions/{subscription_id}/providers/Microsoft.KeyVault/locations/{region}/deletedManagedHSMs/{name}"


def exists(session: Session, path: str) -> bool:
    """Whether the soft-deleted pool is there. Raises DataPlaneError."""
    try:
        session.resource_manager_get(path, API_VERSION)
    except NotFoundError:
        return False
    return True


def purge(session: Session, path: str, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Purges the soft-deleted pool and waits until it is gone; answers whether there was one.

    That there is none is believed only after several answers: a pool that was deleted a moment ago and shows late would
    stay, and be billed. Raises DeadlineError where it stays, and DataPlaneError where purging is refused.
    """
    if confirmed(lambda: True if exists(session, path) else None, clock=clock) is None:
        return False
    name = path.rsplit("/", 1)[-1]
    say(f"purging the soft-deleted pool {name}; on Azure this takes several minutes")
    session.resource_manager_post(f"{path}/purge", API_VERSION)
    patience = Patience(PURGE_SECONDS, f"the purge of {name}", first=0.1, longest=15.0, clock=clock)
    until_gone(lambda: True if exists(session, path) else None, patience)
    return True
