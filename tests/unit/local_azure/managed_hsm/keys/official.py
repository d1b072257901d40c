"""The unmodified azure-keyvault-keys over the whole service of this process, without sockets."""

from __future__ import annotations

from azure.keyvault.keys import KeyClient, KeyVaultKey

from local_azure.core.world import World
from local_azure.entra import directory
from tests.unit.local_azure.managed_hsm.support import Credential, transport

URL = "https://az400popmhsm.managedhsm.azure.net"
CRYPTO_USER, CRYPTO_OFFICER = "21dbd100-6940-42c2-9190-5d6cb909625b", "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"
CRYPTO_AUDITOR = "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"


def client_of(world: World, object_id: str = directory.DEPLOYER_OBJECT_ID) -> KeyClient:
    return KeyClient(URL, Credential(world, object_id), transport=transport(world), retry_total=0)


def modulus(key: KeyVaultKey) -> bytes:
    return bytes(key.key.n)  # type: ignore[attr-defined]


def somebody(world: World) -> str:
    """A principal without any role; its object id."""
    return directory.create_managed_identity(world, display_name="testvmmhsm", resource_id="/vm").object_id
