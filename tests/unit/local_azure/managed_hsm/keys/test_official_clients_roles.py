"""Roles at the pool and at single keys, as the unmodified azure-keyvault-keys meets them."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import EncryptionAlgorithm

from tests.unit.local_azure.managed_hsm.keys.official import CRYPTO_AUDITOR, CRYPTO_USER, client_of, somebody
from tests.unit.local_azure.managed_hsm.support import Client


def test_a_role_at_one_key_opens_that_key_only(keys: KeyClient, admin: Client) -> None:
    keys.create_oct_key("mine", hardware_protected=True)
    keys.create_oct_key("other", hardware_protected=True)
    identity = somebody(admin.world)
    assert admin.assign(CRYPTO_USER, identity, "/keys/mine").status == 201
    with client_of(admin.world, identity) as client:
        crypto = client.get_cryptography_client("mine")
        assert crypto.encrypt(EncryptionAlgorithm.a256_gcm, b"text").ciphertext
        for refused in (
            lambda: client.get_key("other"),
            lambda: list(client.list_properties_of_keys()),
            lambda: client.get_random_bytes(count=1),
            lambda: client.create_oct_key("mine", hardware_protected=True),
        ):
            with pytest.raises(HttpResponseError, match="Not authorized to access") as error:
                refused()
            assert error.value.status_code == 403


def test_an_auditor_reads_keys_and_deleted_keys_and_uses_none(keys: KeyClient, admin: Client) -> None:
    keys.create_oct_key("key", hardware_protected=True)
    keys.create_oct_key("gone", hardware_protected=True)
    keys.begin_delete_key("gone").wait()
    identity = somebody(admin.world)
    assert admin.assign(CRYPTO_AUDITOR, identity).status == 201
    with client_of(admin.world, identity) as client:
        assert client.get_key("key").name == "key"
        assert [found.name for found in client.list_deleted_keys()] == ["gone"]
        crypto = client.get_cryptography_client("key")
        for refused in (
            lambda: crypto.encrypt(EncryptionAlgorithm.a256_gcm, b"text"),
            lambda: client.create_oct_key("new", hardware_protected=True),
            lambda: client.purge_deleted_key("gone"),
            lambda: client.backup_key("key"),
            lambda: client.rotate_key("key"),
        ):
            with pytest.raises(HttpResponseError, match="Not authorized to access"):
                refused()


def test_the_administrator_alone_can_do_nothing_with_keys(admin: Client) -> None:
    with (
        client_of(admin.world) as client,
        pytest.raises(HttpResponseError, match="managedHsm/keys/create on /keys "),
    ):
        client.create_oct_key("key", hardware_protected=True)


def test_errors_end_with_an_activity_id(keys: KeyClient) -> None:
    with pytest.raises(ResourceNotFoundError, match=r"Key not found: \S+ \(Activity ID: [0-9a-f-]{36}\)"):
        keys.get_key("none")
