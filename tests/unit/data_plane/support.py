"""A pool, custodians and a clock for the tests of what talks to the HSM."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from data_plane import pool as pools
from data_plane import session
from data_plane.pool import Pool
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID

ARM = "https://management.azure.com"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoResourceGroup"
HSM_ID = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"


@dataclass
class FakeClock:
    """Time that passes only by sleeping."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@functools.cache
def rsa_key(number: int, size: int = 2048) -> rsa.RSAPrivateKey:
    """The same key for the same number within a test process: making one takes long."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


@functools.cache
def certificate_pem(number: int) -> str:
    """A custodian's public certificate, self-signed, with the subject of the walkthrough."""
    key = rsa_key(number)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoso"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"www{number}.Contoso.com"),
        ]
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number + 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def certificates(*numbers: int) -> tuple[tuple[str, bytes], ...]:
    """Name and DER of custodians."""
    return tuple(
        (
            f"custodian-{number}",
            x509.load_pem_x509_certificate(certificate_pem(number).encode()).public_bytes(serialization.Encoding.DER),
        )
        for number in numbers
    )


def make_pool(name: str = "az400popMHSM", **properties: Any) -> Pool:
    """A pool in the local Azure, made through ARM as anybody would; the deployer administers it."""
    hsm_id = HSM_ID.replace("az400popMHSM", name)
    _arm("PUT", GROUP, "2024-03-01", {"location": "eastus2"})
    body = {
        "location": "eastus2",
        "sku": {"family": "B", "name": "Standard_B1"},
        "properties": {
            "tenantId": TENANT_ID,
            "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
            "softDeleteRetentionInDays": 28,
            "enablePurgeProtection": False,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
            **properties,
        },
    }
    return _made(hsm_id, body)


def recover_pool() -> Pool:
    """Deletes the pool softly and recovers it, as somebody does who deleted it by mistake."""
    soft_delete_pool()
    return _made(HSM_ID, {"location": "eastus2", "properties": {"createMode": "recover"}})


def _made(hsm_id: str, body: Any) -> Pool:
    _arm("PUT", hsm_id, pools.API_VERSION, body)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state = _arm("GET", hsm_id, pools.API_VERSION)["properties"]["provisioningState"]
        if state == "Succeeded":
            found = pools.read(session.current(), hsm_id)
            assert found is not None
            return found
        time.sleep(0.05)
    raise AssertionError("the pool was not made in time")


def pool_props(pool: Pool) -> dict[str, Any]:
    """The inputs of a resource that say which pool it lies in."""
    return {"hsm_id": pool.id, "hsm_uri": pool.uri, "hsm_created_at": pool.created_at}


def delete_pool() -> None:
    """Deletes the pool softly and purges it."""
    soft_delete_pool()
    deleted = (
        f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.KeyVault/locations/eastus2"
        "/deletedManagedHSMs/az400popMHSM"
    )
    _arm("POST", f"{deleted}/purge", pools.API_VERSION)
    _wait_until_missing(deleted)


def soft_delete_pool() -> None:
    """Deletes the pool softly."""
    _arm("DELETE", HSM_ID, pools.API_VERSION)
    _wait_until_missing(HSM_ID)


def _wait_until_missing(path: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if _request("GET", path, pools.API_VERSION).status_code == 404:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not go away in time")


def _arm(method: str, path: str, api_version: str, body: Any = None) -> Any:
    response = _request(method, path, api_version, body)
    assert response.ok, response.text
    return response.json() if response.content else None


def _request(method: str, path: str, api_version: str, body: Any = None) -> requests.Response:
    token = session.current().credential.get_token(f"{ARM}/.default").token
    return requests.request(
        method,
        f"{ARM}{path}",
        params={"api-version": api_version},
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
