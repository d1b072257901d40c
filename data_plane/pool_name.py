"""Whether a new pool can have a name: names are unique in the world, and soft-deleted pools hold theirs.

Source: Microsoft.KeyVault/deletedManagedHSMs and checkMhsmNameAvailability, api-version 2024-11-01.
"""

from __future__ import annotations

from typing import Final

from data_plane.deleted_pool import path_of
from data_plane.errors import ConflictError, NotFoundError
from data_plane.pool import API_VERSION
from data_plane.session import Session

_KEY: Final = "managed-hsm:hsm.name"


def refuse_taken(session: Session, subscription_id: str, location: str, name: str) -> None:
    """Raises ConflictError where no new pool can have the name, and DataPlaneError where ARM cannot be asked."""
    _refuse_deleted(session, subscription_id, location, name)
    path = f"/subscriptions/{subscription_id}/providers/Microsoft.KeyVault/checkMhsmNameAvailability"
    answer = session.resource_manager_ask(path, API_VERSION, {"name": name})
    if not answer.get("nameAvailable", True):
        cause = str(answer.get("message") or answer.get("reason")).rstrip(".")
        raise ConflictError(
            f"{_KEY}: {name} is taken: {cause} — choose another name, unique in the world; a pool of yours in another"
            " resource group, or deleted in another region (az keyvault list-deleted --resource-type hsm), has it too"
        )


def _refuse_deleted(session: Session, subscription_id: str, location: str, name: str) -> None:
    try:
        deleted = session.resource_manager_get(path_of(subscription_id, location, name), API_VERSION)
    except NotFoundError:
        return
    properties = deleted.get("properties") or {}
    until = str(properties.get("scheduledPurgeDate", "")).partition("T")[0] or "the end of its retention"
    here = f"--hsm-name {name} --location {location}"
    recover = f"recover it (az keyvault recover {here}) and set managed-hsm:hsm.adopt"
    purge = f"purge it (az keyvault purge {here}; pulumi destroy does it for a pool that this stack deleted)"
    ways = recover if properties.get("purgeProtectionEnabled") else f"{purge}, or {recover}"
    raise ConflictError(
        f"{_KEY}: a soft-deleted pool {name} in {location} holds the name until {until} — choose another name,"
        f" or {ways}"
    )
