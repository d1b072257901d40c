"""Containers: resources of ARM that the data plane makes and shows too."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from local_azure.arm.resources import Resources, Stored
from local_azure.arm.writing import new_etag
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.storage.accounts import Account
from local_azure.storage.errors import StorageError, container_exists, container_not_found, immutable
from local_azure.storage.state import BlobStore

CONTAINER_TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
_NAME = re.compile(r"\$root|\$web|\$logs|(?!.*--)[0-9a-z][0-9a-z-]{1,61}[0-9a-z]")


@dataclass(frozen=True)
class Container:
    """One container."""

    account: Account
    stored: Stored

    @property
    def name(self) -> str:
        """Its name."""
        return self.stored.name

    @property
    def etag(self) -> str:
        """As the data plane writes it, quotation marks included: another for every one that ARM shows."""
        digest = hashlib.sha256(str(self.stored.resource["etag"]).encode()).hexdigest()
        return f'"0x8D{digest[:13].upper()}"'

    @property
    def modified(self) -> float:
        """Seconds since 1970."""
        return datetime.fromisoformat(self.stored.properties["lastModifiedTime"]).timestamp()

    @property
    def metadata(self) -> dict[str, str]:
        """What its owner noted."""
        return dict(self.stored.properties.get("metadata") or {})

    @property
    def public_access(self) -> str:
        """``None``, ``Blob`` or ``Container``."""
        return str(self.stored.properties.get("publicAccess") or "None")

    @property
    def keeps_versions(self) -> bool:
        """Whether single blobs in it can be given retention policies and holds."""
        return bool((self.stored.properties.get("immutableStorageWithVersioning") or {}).get("enabled"))

    @property
    def retention(self) -> JsonObject | None:
        """Its time-based retention policy; None where it has none."""
        policy = self.stored.hidden.get("policy")
        return dict(policy) if policy else None

    @property
    def legal_holds(self) -> list[str]:
        """The tags of its legal holds."""
        return list(self.stored.hidden.get("holds", []))


def find(world: World, account: Account, name: str) -> Container | None:
    """The container of that name."""
    stored = Resources(world).find(account.container_id(name))
    return None if stored is None or stored.name != name else Container(account, stored)


def require(world: World, account: Account, name: str) -> Container:
    """The container of that name. Raises StorageError 404."""
    found = find(world, account, name)
    if found is None:
        raise container_not_found()
    return found


def of_account(world: World, account: Account) -> list[Container]:
    """The account's containers in the order of their names."""
    found = Resources(world).of_type(CONTAINER_TYPE, account.arm_id)
    return [Container(account, stored) for stored in sorted(found, key=lambda each: each.name)]


def create(
    world: World, account: Account, name: str, *, metadata: dict[str, str] | None = None, public_access: str = "None"
) -> Container:
    """Makes the container. Raises StorageError for a bad name, and where there is one already."""
    check_name(name)
    if find(world, account, name) is not None:
        raise container_exists()
    if public_access != "None" and not account.public_containers_allowed:
        raise StorageError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    properties: JsonObject = {**new_properties(world.clock.now()), "publicAccess": public_access}
    if metadata:
        properties["metadata"] = metadata
    stored = Stored(
        {
            "id": account.container_id(name),
            "name": name,
            "type": CONTAINER_TYPE,
            "etag": new_etag("weak"),
            "properties": properties,
        }
    )
    Resources(world).put(stored)
    return Container(account, stored)


def save(world: World, container: Container) -> Container:
    """Writes a changed container: with a new time and ETag."""
    container.stored.properties["lastModifiedTime"] = new_properties(world.clock.now())["lastModifiedTime"]
    container.stored.resource["etag"] = new_etag("weak")
    Resources(world).put(container.stored)
    return container


def remove(world: World, container: Container) -> None:
    """Takes the container away with everything in it."""
    Resources(world).remove(container.stored.id)
    BlobStore(world.store).forget(container.account.name, container.name)


def check_deletable(world: World, container: Container) -> None:
    """Raises StorageError 409 where something in it must stay."""
    if container.legal_holds:
        raise immutable("hold")
    blobs = BlobStore(world.store).within(container.account.name, container.name)
    kept = container.retention is not None or any(blob.policy or blob.legal_hold for blob in blobs)
    if kept and blobs:
        raise StorageError(
            409,
            "ContainerImmutableDueToPolicy",
            "This operation is not permitted as the container is immutable due to a policy.",
        )


def check_name(name: str) -> None:
    """Raises StorageError 400 for what cannot be a container's name ("Naming and referencing containers")."""
    if not 3 <= len(name) <= 63:
        raise StorageError(
            400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits."
        )
    if not _NAME.fullmatch(name):
        raise StorageError(400, "InvalidResourceName", "The specifed resource name contains invalid characters.")


def new_properties(now: datetime) -> JsonObject:
    """What a fresh container's resource says of itself."""
    return {
        "lastModifiedTime": now.isoformat(timespec="seconds").replace("+00:00", ".0000000Z"),
        "leaseStatus": "Unlocked",
        "leaseState": "Available",
        "deleted": False,
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
        "publicAccess": "None",
    }
