"""Names of vaults: soft-deleted ones that hold theirs, purging them, and whether a name is free at all.

Source: Microsoft.KeyVault/deletedVaults and checkNameAvailability, api-version 2024-11-01.
"""

from __future__ import annotations

from typing import Final

from data_plane import deleted_pool
from data_plane.deleted_pool import PURGE_SECONDS
from data_plane.errors import ConflictError, NotFoundError
from data_plane.pool import API_VERSION
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, confirmed, silent, until_gone

_PROVIDER: Final = "/subscriptions/{}/providers/Microsoft.KeyVault"
_KEY: Final = "managed-hsm:vault.name"


def path_of(subscription_id: str, location: str, name: str) -> str:
    """The ARM path of a soft-deleted vault."""
    region = location.lower().replace(" ", "")
    return f"{_PROVIDER.format(subscription_id)}/locations/{region}/deletedVaults/{name}"


def refuse_deleted(session: Session, subscription_id: str, location: str, name: str) -> None:
    """Raises ConflictError where a soft-deleted vault of the region holds the name, and DataPlaneError."""
    try:
        deleted = session.resource_manager_get(path_of(subscription_id, location, name), API_VERSION)
    except NotFoundError:
        return
    properties = deleted.get("properties") or {}
    until = str(properties.get("scheduledPurgeDate", "")).partition("T")[0] or "the end of its retention"
    here = f"--name {name} --location {location}"
    way_out = (
        f"recover it (az keyvault recover {here})"
        if properties.get("purgeProtectionEnabled")
        else f"purge it (az keyvault purge {here}), or recover it (az keyvault recover {here})"
    )
    raise ConflictError(
        f"{_KEY}: a soft-deleted vault {name} in {location} holds the name until {until}, and is not this stack's to"
        f" purge — choose another name, or {way_out}"
    )


def refuse_taken(session: Session, subscription_id: str, location: str, name: str) -> None:
    """Raises ConflictError where no new vault can have the name, and DataPlaneError."""
    refuse_deleted(session, subscription_id, location, name)
    path = f"{_PROVIDER.format(subscription_id)}/checkNameAvailability"
    answer = session.resource_manager_ask(path, API_VERSION, {"name": name, "type": "Microsoft.KeyVault/vaults"})
    if not answer.get("nameAvailable", True):
        cause = str(answer.get("message") or answer.get("reason")).rstrip(".")
        raise ConflictError(
            f"{_KEY}: {name} is taken: {cause} — choose another name, unique in the world; a vault of yours that was"
            " deleted in another region holds its name too (az keyvault list-deleted)"
        )


def purge(session: Session, path: str, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Purges the soft-deleted vault and waits until it is gone; answers whether there was one.

    That there is none is believed only after several answers, as one that was deleted a moment ago may show late.
    Raises DeadlineError where it stays, and DataPlaneError where purging is refused.
    """

    def found() -> bool | None:
        return True if deleted_pool.exists(session, path) else None

    if confirmed(found, clock=clock) is None:
        return False
    name = path.rsplit("/", 1)[-1]
    say(f"purging the soft-deleted vault {name}")
    session.resource_manager_post(f"{path}/purge", API_VERSION)
    until_gone(found, Patience(PURGE_SECONDS, f"the purge of {name}", first=0.1, longest=15.0, clock=clock))
    return True
