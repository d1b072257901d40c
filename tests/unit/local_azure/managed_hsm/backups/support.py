"""A pool with an identity that may write into a storage container, and the unmodified SDKs to back it up with."""

from __future__ import annotations

import base64
import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from azure.keyvault.administration import KeyVaultBackupClient
from azure.keyvault.keys import KeyClient

from local_azure.arm.resources import Resources, Stored
from local_azure.core.clock import iso
from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.pools import ACTIVE, Pool
from local_azure.storage import blobs
from tests.unit.local_azure.managed_hsm.support import Client, Credential, make_pool, transport

CRYPTO_USER, CRYPTO_OFFICER = "21dbd100-6940-42c2-9190-5d6cb909625b", "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
GROUP = "/subscriptions/3d9f4a52-61c8-4b7e-8a05-5e0b7c6d2f34/resourceGroups/ContosoBackups"
ACCOUNT, CONTAINER = "contosobackups", "mhsm"
ACCOUNT_ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
CONTAINER_URL = f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}"
OWN_BACKUP_AGE = timedelta(minutes=30)


@dataclass
class Ground:
    """Everything that a backup needs; tests take away what they are about."""

    world: World
    pool: Pool

    @property
    def url(self) -> str:
        return f"https://{self.pool.host}"

    @property
    def admin(self) -> Client:
        return Client(self.world, self.pool.host)

    @property
    def backups(self) -> KeyVaultBackupClient:
        return KeyVaultBackupClient(
            self.url, Credential(self.world), transport=transport(self.world), retry_total=0, api_version="7.6"
        )

    @property
    def keys(self) -> KeyClient:
        return KeyClient(self.url, Credential(self.world), transport=transport(self.world), retry_total=0)

    def back_up(self) -> str:
        """The URL of the folder."""
        result = self.backups.begin_backup(CONTAINER_URL, use_managed_identity=True, _polling_interval=0).result()
        assert result.folder_url is not None
        return result.folder_url

    def restore(self, folder_url: str, **more: Any) -> None:
        self.backups.begin_restore(folder_url, use_managed_identity=True, _polling_interval=0, **more).result()

    def half_an_hour_passes(self) -> None:
        self.world.clock.move(OWN_BACKUP_AGE)

    def names(self) -> list[str]:
        return sorted(str(each.name) for each in self.keys.list_properties_of_keys())


def make_ground(world: World, name: str = "az400popMHSM", *, identity: bool = True) -> Ground:
    """An active pool whose administrator may do everything with keys."""
    if not blobs.container_exists(world, ACCOUNT, CONTAINER):
        make_account(world)
    arm_id = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/{name}"
    pool = make_pool(world, name, activation_status=ACTIVE, arm_id=arm_id)
    Resources(world).put(Stored({"id": arm_id, "name": name, "properties": {}}))
    ground = Ground(world, pool)
    for role in (CRYPTO_USER, CRYPTO_OFFICER):
        assert ground.admin.assign(role, directory.DEPLOYER_OBJECT_ID, "/keys").status == 201
    if identity:
        give_identity(ground, BLOB_CONTRIBUTOR)
    return ground


def make_account(world: World) -> None:
    """A storage account with a container."""
    Resources(world).put(
        Stored(
            {
                "id": ACCOUNT_ID,
                "name": ACCOUNT,
                "kind": "StorageV2",
                "location": "eastus2",
                "sku": {"name": "Standard_LRS"},
                "properties": {},
            },
            {name: base64.b64encode(name.encode() * 16).decode() for name in ("key1", "key2")},
        )
    )
    blobs.create_container(world, ACCOUNT, CONTAINER)


def give_identity(ground: Ground, role: str | None) -> str:
    """A user-assigned identity of the pool, with a role at the container; its object id."""
    identity_id = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{ground.pool.name}-backup"
    made = directory.create_managed_identity(ground.world, display_name="backup", resource_id=identity_id)
    resources = Resources(ground.world)
    stored = resources.find(ground.pool.arm_id)
    assert stored is not None
    stored.resource["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity_id: {}}}
    resources.put(stored)
    if role is not None:
        assign(ground.world, made.object_id, role)
    return made.object_id


def assign(
    world: World, principal_id: str, role: str, below: str = f"/blobServices/default/containers/{CONTAINER}"
) -> None:
    """Azure RBAC at the container, or at another place in the account."""
    scope = ACCOUNT_ID + below
    name = str(uuid.uuid4())
    properties = {
        "principalId": principal_id,
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "scope": scope,
        "createdOn": iso(world.clock.now()),
    }
    assignment_id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    Resources(world).put(Stored({"id": assignment_id, "name": name, "properties": properties}))


def change_account(world: World, **properties: Any) -> None:
    """Changes the account's properties."""
    stored = Resources(world).find(ACCOUNT_ID)
    assert stored is not None
    stored.properties.update(properties)
    Resources(world).put(stored)


def sas(world: World, permissions: str = "crdw", lasts: timedelta = timedelta(hours=1)) -> str:
    """A signature for the container ("Create a service SAS", version 2022-11-02)."""
    expiry = (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
    place = f"/blob/{ACCOUNT}/{CONTAINER}"
    text = "\n".join([permissions, "", expiry, place, "", "", "https", "2022-11-02", "c", *[""] * 7])
    key = base64.b64decode(blobs.require_account(world, ACCOUNT).keys["key1"])
    signature = base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
    return urlencode({"sv": "2022-11-02", "sr": "c", "sp": permissions, "se": expiry, "spr": "https", "sig": signature})


def share_domain(one: Ground, other: Ground) -> None:
    """Makes the other pool the first one's twin, as an upload of its security domain would have."""
    collection = "hsm.data.activation"
    document = one.world.store.get(collection, f"{one.pool.instance_id}/domain")
    assert document is not None
    one.world.store.put(collection, f"{other.pool.instance_id}/domain", document)


def refreshed(ground: Ground) -> Pool:
    found = pools.by_name(ground.world, ground.pool.name)
    assert found is not None
    return found
