"""Microsoft's own libraries against real daemons: over the proxy, TLS and Entra ID, through kills, and side by side."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.administration import KeyVaultAccessControlClient
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from azure.keyvault.securitydomain import SecurityDomainClient

from local_azure.core.world import TENANT_ID
from local_azure.entra.directory import DEPLOYER_CLIENT_ID, DEPLOYER_OBJECT_ID
from local_azure.instance import Instance
from local_azure.server import launch, process
from local_azure.server.control import ControlClient
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.support import Azure
from tests.unit.local_azure.managed_hsm.support import content_of, custodian, download_body

pytestmark = pytest.mark.daemon

URL = "https://az400popmhsm.managedhsm.azure.net"
GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
OFFICER, USER = "Managed HSM Crypto Officer", "Managed HSM Crypto User"


def provision(instance: Instance) -> None:
    """The walkthrough's group and pool, which is not activated."""
    by_hand = ByHand(instance)
    by_hand.arm("PUT", GROUP, "2024-03-01", {"location": "eastus2"})
    properties = {
        "tenantId": TENANT_ID,
        "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
        "softDeleteRetentionInDays": 28,
        "enablePurgeProtection": False,
    }
    sku = {"family": "B", "name": "Standard_B1"}
    by_hand.arm("PUT", POOL, POOLS, {"location": "eastus2", "sku": sku, "properties": properties})


@dataclass
class Libraries:
    """The libraries' clients of one pool."""

    credential: Any
    options: dict[str, Any]

    def __post_init__(self) -> None:
        self._open = ExitStack()
        self._open.enter_context(self.credential)
        self.security_domain = self._open.enter_context(
            SecurityDomainClient(URL, self.credential, polling_interval=0, **self.options)
        )
        self.roles = self._open.enter_context(KeyVaultAccessControlClient(URL, self.credential, **self.options))
        self.keys = self._open.enter_context(KeyClient(URL, self.credential, **self.options))

    def assign(self, role: str, scope: str) -> None:
        [found] = [each for each in self.roles.list_role_definitions("/") if each.role_name == role]
        assert found.id is not None
        self.roles.create_role_assignment(scope, found.id, DEPLOYER_OBJECT_ID)

    def grants(self) -> set[str]:
        return {str(each.name) for each in self.roles.list_role_assignments("/")}

    def close(self) -> None:
        self._open.close()


class Home:
    """A local Azure that can be killed, and the libraries led into it and into no other one."""

    def __init__(self, directory: Path) -> None:
        self.instance = launch.start(Instance(directory, 0)).instance
        proxy = f"http://127.0.0.1:{self.instance.port}"
        options = {"proxies": {"https": proxy}, "connection_verify": str(self.instance.ca_bundle), "retry_total": 0}
        secret = (directory / "deployer-secret").read_text()
        self.libraries = Libraries(
            ClientSecretCredential(TENANT_ID, DEPLOYER_CLIENT_ID, secret, **options),
            options,
        )

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.instance.port)

    def kill_and_start_again(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        record = process.running(self.instance.home)
        assert record is not None
        os.kill(record.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while process.running(self.instance.home) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert launch.start(self.instance).new

    def end(self) -> None:
        self.libraries.close()
        launch.stop(self.instance)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "one")
    yield made
    made.end()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "other")
    yield made
    made.end()


def test_the_libraries_take_a_pool_from_provisioned_to_used(azure: Azure) -> None:
    provision(azure.instance)
    libraries = Libraries(DefaultAzureCredential(), {})
    file = json.loads(libraries.security_domain.begin_download(download_body()).result().value)
    assert file["SharedKeys"]["required"] == 2
    assert content_of(file, [custodian(0), custodian(1)]) == content_of(file, [custodian(1), custodian(2)])
    assert json.loads(str(libraries.security_domain.get_transfer_key().transfer_key))["kty"] == "RSA"
    libraries.assign(USER, "/")
    libraries.assign(OFFICER, "/keys")

    libraries.keys.create_rsa_key("myrsakey", size=3072, hardware_protected=True, key_operations=["wrapKey"])
    made = libraries.keys.create_oct_key("myaeskey", size=256, hardware_protected=True)
    libraries.keys.create_ec_key("mysigner", hardware_protected=True)
    listed = {each.name for each in libraries.keys.list_properties_of_keys(max_page_size=2)}
    assert listed == {"myrsakey", "myaeskey", "mysigner"}
    assert len(libraries.keys.get_random_bytes(128)) == 128

    signer = libraries.keys.get_cryptography_client("mysigner")
    digest = hashlib.sha256(b"text").digest()
    signed = signer.sign(SignatureAlgorithm.es256, digest)
    assert signer.verify(SignatureAlgorithm.es256, digest, signed.signature).is_valid
    cipher = libraries.keys.get_cryptography_client("myaeskey")
    wrapped = cipher.wrap_key(KeyWrapAlgorithm.aes_256, bytes(32))
    assert cipher.unwrap_key(KeyWrapAlgorithm.aes_256, wrapped.encrypted_key).key == bytes(32)

    libraries.keys.begin_delete_key("myaeskey").wait()
    libraries.keys.begin_recover_deleted_key("myaeskey").wait()
    assert libraries.keys.get_key("myaeskey").id == made.id
    libraries.close()


def test_an_activation_under_way_outlives_a_kill_of_the_daemon(home: Home) -> None:
    provision(home.instance)
    home.control.set_latency(1.0)
    client = home.libraries.security_domain
    file = client.begin_download(download_body(), skip_activation_polling=True).result().value
    home.kill_and_start_again()
    assert client.get_download_status().status == "InProgress"
    home.control.move_clock(1800)
    assert client.get_download_status().status == "Success"
    again = client.begin_download(download_body(), skip_activation_polling=True).result().value
    quorum = [custodian(0), custodian(2)]
    assert content_of(json.loads(file), quorum) == content_of(json.loads(again), quorum)


def test_what_a_pool_holds_outlives_a_kill_of_the_daemon(home: Home) -> None:
    provision(home.instance)
    libraries = home.libraries
    libraries.security_domain.begin_download(download_body()).result()
    libraries.assign(USER, "/")
    libraries.assign(OFFICER, "/keys")
    grants = libraries.grants()
    libraries.keys.create_oct_key("live", size=256, hardware_protected=True)
    deleted = libraries.keys.create_oct_key("deleted", size=256, hardware_protected=True)
    libraries.keys.begin_delete_key("deleted").wait()
    libraries.keys.create_oct_key("away", size=256, hardware_protected=True)
    backup = libraries.keys.backup_key("away")
    libraries.keys.begin_delete_key("away").wait()
    libraries.keys.purge_deleted_key("away")
    cipher, gcm = libraries.keys.get_cryptography_client("live"), EncryptionAlgorithm.a256_gcm
    sealed = cipher.encrypt(gcm, b"text")

    home.kill_and_start_again()

    opened = cipher.decrypt(gcm, sealed.ciphertext, iv=sealed.iv, authentication_tag=sealed.tag)
    assert opened.plaintext == b"text"
    assert libraries.grants() == grants
    assert libraries.keys.get_deleted_key("deleted").id == deleted.id
    libraries.keys.begin_recover_deleted_key("deleted").wait()
    assert libraries.keys.restore_key_backup(backup).name == "away"
    assert {each.name for each in libraries.keys.list_properties_of_keys()} == {"live", "deleted", "away"}


def test_two_local_azures_hold_pools_of_one_name_that_know_nothing_of_each_other(home: Home, other: Home) -> None:
    for each in (home, other):
        provision(each.instance)
        each.libraries.security_domain.begin_download(download_body()).result()
        each.libraries.assign(USER, "/")
    home.libraries.keys.create_oct_key("mine", hardware_protected=True)
    with pytest.raises(ResourceNotFoundError, match="KeyNotFound"):
        other.libraries.keys.get_key("mine")
    backup = home.libraries.keys.backup_key("mine")
    with pytest.raises(HttpResponseError, match="different crypto domain"):
        other.libraries.keys.restore_key_backup(backup)
    with (
        KeyClient(URL, home.libraries.credential, **other.libraries.options) as stranger,
        pytest.raises(HttpResponseError) as refused,
    ):
        stranger.get_key("mine")
    assert refused.value.status_code == 401
    other.kill_and_start_again()
    assert [each.name for each in home.libraries.keys.list_properties_of_keys()] == ["mine"]
    assert list(other.libraries.keys.list_properties_of_keys()) == []
