"""Soft-deleted managed HSMs and vaults: they hold their name until they are purged, recovered, or their time is up.

The recovered resource is what was deleted, less its private endpoint connections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from local_azure.arm import ids
from local_azure.arm.errors import not_found
from local_azure.arm.resource_type import Arm
from local_azure.arm.resources import Stored
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject


@dataclass(frozen=True)
class SoftDelete:
    """How one kind of resource is soft-deleted."""

    collection: str
    """``deletedManagedHSMs`` or ``deletedVaults``."""
    id_property: str
    """``mhsmId`` or ``vaultId``."""
    operation: str
    """Azure's name of the purge."""
    purged: Callable[[Arm, str], None]
    """Told the name of what has been purged."""

    @property
    def type(self) -> str:
        """The type under which deleted ones are kept."""
        return f"Microsoft.KeyVault/locations/{self.collection}"

    def bury(self, arm: Arm, stored: Stored) -> None:
        """Keeps what was deleted."""
        now = arm.world.clock.now()
        days = int(stored.properties.get("softDeleteRetentionInDays", 90))
        kept = Stored(
            {
                "id": self._id(str(ids.subscription_of(stored.id)), stored.location, stored.name),
                "name": stored.name,
                "type": f"Microsoft.KeyVault/{self.collection}",
                "properties": {
                    self.id_property: stored.id,
                    "location": stored.location,
                    "deletionDate": _seconds(now),
                    "scheduledPurgeDate": _seconds(now + timedelta(days=days)),
                    "purgeProtectionEnabled": bool(stored.properties.get("enablePurgeProtection", False)),
                    "tags": stored.resource.get("tags", {}),
                },
            },
            {"resource": stored.resource, "hidden": stored.hidden},
        )
        arm.resources.put(kept)

    def all(self, arm: Arm) -> list[Stored]:
        """What is deleted now; what has outlived its retention is purged first."""
        now = arm.world.clock.now()
        for stored in arm.resources.of_type(self.type):
            if datetime.fromisoformat(stored.properties["scheduledPurgeDate"]) <= now:
                self.purge(arm, stored)
        return arm.resources.of_type(self.type)

    def by_name(self, arm: Arm, name: str) -> Stored | None:
        """The deleted one of that name, in whatever region: names are unique in the world."""
        return next((each for each in self.all(arm) if each.name.lower() == name.lower()), None)

    def required(self, arm: Arm, location: str, name: str) -> Stored:
        """The deleted one of that name in that region. Raises 404."""
        found = self.by_name(arm, name)
        if found is None or found.properties["location"] != location.replace(" ", "").lower():
            raise not_found("ResourceNotFound", f"The {self.collection} '{name}' was not found in '{location}'.")
        return found

    def refuse_protected(self, stored: Stored) -> None:
        """Raises 405 where purge protection is on."""
        if stored.properties["purgeProtectionEnabled"]:
            raise ServiceError(
                405,
                "MethodNotAllowed",
                f"Operation '{self.operation}' is not allowed: purge protection is enabled for '{stored.name}' until "
                f"{stored.properties['scheduledPurgeDate']}.",
            )

    def purge(self, arm: Arm, stored: Stored) -> None:
        """Forgets it for good."""
        arm.resources.remove(stored.id)
        self.purged(arm, stored.name)

    def dig_up(self, arm: Arm, stored: Stored) -> Stored:
        """What was deleted, to be put back."""
        arm.resources.remove(stored.id)
        resource: JsonObject = stored.hidden["resource"]
        return Stored(resource, stored.hidden["hidden"])

    def _id(self, subscription: str, location: str, name: str) -> str:
        return (
            f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/{self.collection}/{name}"
        )


def _seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
