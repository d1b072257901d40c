"""The unmodified azure-keyvault-keys and azure-keyvault-administration against the whole service."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.administration import KeyVaultSettingsClient
from azure.keyvault.keys import (
    ApiVersion,
    KeyClient,
    KeyReleasePolicy,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.crypto import EncryptionAlgorithm

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.managed_hsm.keys.official import CRYPTO_USER, URL, modulus
from tests.unit.local_azure.managed_hsm.support import Client, Credential, make_pool, transport


def test_a_key_lives_from_creation_to_purge(keys: KeyClient) -> None:
    made = keys.create_rsa_key("myrsakey", size=3072, hardware_protected=True, key_operations=["wrapKey"])
    assert made.properties.recovery_level == "CustomizedRecoverable+Purgeable"
    assert made.properties.recoverable_days == 28
    assert keys.get_key("myrsakey").id == made.id
    assert modulus(keys.get_key("myrsakey", made.properties.version)) == modulus(made)
    expires = datetime(2050, 1, 2, 8, tzinfo=UTC)
    updated = keys.update_key_properties("myrsakey", expires_on=expires, tags={"a": "b"}, enabled=False)
    assert (updated.properties.expires_on, updated.properties.tags) == (expires, {"a": "b"})
    assert updated.properties.enabled is False
    poller = keys.begin_delete_key("myrsakey")
    poller.wait()
    deleted = keys.get_deleted_key("myrsakey")
    assert deleted.id == made.id
    assert deleted.recovery_id == f"{URL}/deletedkeys/myrsakey"
    with pytest.raises(ResourceExistsError):
        keys.create_oct_key("myrsakey", hardware_protected=True)
    keys.begin_recover_deleted_key("myrsakey").wait()
    assert keys.get_key("myrsakey").id == made.id
    keys.begin_delete_key("myrsakey").wait()
    keys.purge_deleted_key("myrsakey")
    with pytest.raises(ResourceNotFoundError):
        keys.get_deleted_key("myrsakey")


def test_lists_go_over_all_pages(keys: KeyClient) -> None:
    names = {f"key-{number}" for number in range(30)}
    for name in names:
        keys.create_oct_key(name, hardware_protected=True)
    assert {found.name for found in keys.list_properties_of_keys()} == names
    assert {found.name for found in keys.list_properties_of_keys(max_page_size=7)} == names
    versions = {keys.create_ec_key("key-0").properties.version for _ in range(4)}
    listed = [found.version for found in keys.list_properties_of_key_versions("key-0", max_page_size=2)]
    assert len(listed) == 5
    assert versions < set(listed)
    for name in names:
        keys.begin_delete_key(name)
    assert {found.name for found in keys.list_deleted_keys(max_page_size=10)} == names
    assert list(keys.list_properties_of_keys()) == []


def test_a_backup_restores_after_a_purge(keys: KeyClient) -> None:
    made = keys.create_rsa_key("key", hardware_protected=True)
    sealed = keys.get_cryptography_client("key").encrypt(EncryptionAlgorithm.rsa_oaep_256, b"text").ciphertext
    backup = keys.backup_key("key")
    with pytest.raises(ResourceExistsError):
        keys.restore_key_backup(backup)
    keys.begin_delete_key("key").wait()
    keys.purge_deleted_key("key")
    restored = keys.restore_key_backup(backup)
    assert restored.id == made.id
    opened = keys.get_cryptography_client("key").decrypt(EncryptionAlgorithm.rsa_oaep_256, sealed)
    assert opened.plaintext == b"text"


def test_a_backup_of_another_security_domain_is_refused(keys: KeyClient, world: World) -> None:
    keys.create_oct_key("key", hardware_protected=True)
    backup = keys.backup_key("key")
    make_pool(world, "contosoother", activation_status=ACTIVE)
    other = Client(world, "contosoother.managedhsm.azure.net")
    assert other.assign(CRYPTO_USER, directory.DEPLOYER_OBJECT_ID).status == 201
    with (
        KeyClient("https://contosoother.managedhsm.azure.net", Credential(world), transport=transport(world)) as client,
        pytest.raises(HttpResponseError, match="different crypto domain") as refused,
    ):
        client.restore_key_backup(backup)
    assert refused.value.status_code == 400


def test_rotation_follows_a_policy(keys: KeyClient) -> None:
    made = keys.create_rsa_key("key", hardware_protected=True)
    action = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P30D")
    with pytest.raises(HttpResponseError):
        keys.rotate_key("key")
    policy = keys.update_key_rotation_policy("key", KeyRotationPolicy(), lifetime_actions=[action], expires_in="P90D")
    assert policy.expires_in == "P90D"
    [shown] = keys.get_key_rotation_policy("key").lifetime_actions
    assert (shown.action.lower(), shown.time_after_create) == ("rotate", "P30D")
    rotated = keys.rotate_key("key")
    assert modulus(rotated) != modulus(made)
    assert rotated.properties.expires_on is not None


def test_a_release_policy_is_kept_and_changed(keys: KeyClient) -> None:
    def policy(equals: bool) -> KeyReleasePolicy:
        claim = {"claim": "sdk-test", "equals": equals}
        authority = {"anyOf": [claim], "authority": "https://attestation.contoso.com/"}
        return KeyReleasePolicy(json.dumps({"anyOf": [authority], "version": "1.0.0"}).encode())

    made = keys.create_rsa_key("key", hardware_protected=True, exportable=True, release_policy=policy(True))
    assert made.properties.exportable
    changed = keys.update_key_properties("key", release_policy=policy(False))
    assert changed.properties.release_policy is not None
    shown = json.loads(changed.properties.release_policy.encoded_policy)
    assert shown["anyOf"][0]["anyOf"][0]["equals"] is False


def test_random_bytes_and_settings(keys: KeyClient, world: World) -> None:
    assert len(keys.get_random_bytes(count=8)) == 8
    with KeyVaultSettingsClient(URL, Credential(world), transport=transport(world)) as settings:
        [setting] = settings.list_settings()
        assert setting.getboolean() is False
        setting.value = "true"
        assert settings.update_setting(setting).getboolean() is True
        assert settings.get_setting("AllowKeyManagementOperationsThroughARM").getboolean() is True


@pytest.mark.parametrize(
    "version", [version for version in ApiVersion if version.value not in ("2016-10-01", "7.0", "7.1")]
)
def test_every_version_of_the_api_that_the_client_knows_is_served(
    keys: KeyClient, version: ApiVersion, world: World
) -> None:
    assert keys.vault_url == URL
    with KeyClient(URL, Credential(world), transport=transport(world), api_version=version) as client:
        assert client.create_oct_key("key", hardware_protected=True).name == "key"
