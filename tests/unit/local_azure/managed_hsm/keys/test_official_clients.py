"""The unmodified azure-keyvault-keys and azure-keyvault-administration against the whole service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.administration import KeyVaultSettingsClient
from azure.keyvault.keys import (
    ApiVersion,
    JsonWebKey,
    KeyClient,
    KeyCurveName,
    KeyReleasePolicy,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
    KeyVaultKey,
)
from azure.keyvault.keys.crypto import (
    CryptographyClient,
    EncryptionAlgorithm,
    KeyWrapAlgorithm,
    SignatureAlgorithm,
)
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.managed_hsm.support import Client, Credential, make_pool, transport

URL = "https://az400popmhsm.managedhsm.azure.net"
CRYPTO_USER, CRYPTO_OFFICER = "21dbd100-6940-42c2-9190-5d6cb909625b", "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"
CRYPTO_AUDITOR = "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"


@pytest.fixture
def admin(world: World) -> Client:
    """The administrator of an active pool."""
    make_pool(world, activation_status=ACTIVE)
    return Client(world)


@pytest.fixture
def keys(admin: Client) -> Iterator[KeyClient]:
    """A client of the deployer, who may do everything with keys."""
    for role in (CRYPTO_USER, CRYPTO_OFFICER):
        assert admin.assign(role, directory.DEPLOYER_OBJECT_ID, "/keys").status == 201
    assert admin.assign(CRYPTO_USER, directory.DEPLOYER_OBJECT_ID).status == 201
    with client_of(admin.world) as client:
        yield client


def client_of(world: World, object_id: str = directory.DEPLOYER_OBJECT_ID) -> KeyClient:
    return KeyClient(URL, Credential(world, object_id), transport=transport(world), retry_total=0)


def modulus(key: KeyVaultKey) -> bytes:
    return bytes(key.key.n)  # type: ignore[attr-defined]


def somebody(world: World) -> str:
    """A principal without any role; its object id."""
    return directory.create_managed_identity(world, display_name="testvmmhsm", resource_id="/vm").object_id


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


def test_an_imported_key_decrypts_what_its_owner_encrypted(keys: KeyClient) -> None:
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    parts = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    members = {name: value.to_bytes((value.bit_length() + 7) // 8, "big") for name, value in parts.items()}
    operations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
    made = keys.import_key("mypemrsakey", JsonWebKey(kty="RSA-HSM", key_ops=operations, **members))
    assert set(made.key_operations) == set(operations)
    client = keys.get_cryptography_client("mypemrsakey")
    sealed = CryptographyClient.from_jwk(JsonWebKey(kty="RSA", key_ops=operations, n=members["n"], e=members["e"]))
    ciphertext = sealed.encrypt(EncryptionAlgorithm.rsa_oaep, b"text").ciphertext
    assert client.decrypt(EncryptionAlgorithm.rsa_oaep, ciphertext).plaintext == b"text"


@pytest.mark.parametrize("algorithm", ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"])
def test_what_the_client_encrypts_by_itself_the_service_decrypts(keys: KeyClient, algorithm: str) -> None:
    keys.create_rsa_key("key", hardware_protected=True)
    client = keys.get_cryptography_client("key")
    sealed = client.encrypt(EncryptionAlgorithm(algorithm), b"text")
    assert client.decrypt(EncryptionAlgorithm(algorithm), sealed.ciphertext).plaintext == b"text"
    wrapped = client.wrap_key(KeyWrapAlgorithm(algorithm), b"a key")
    assert client.unwrap_key(KeyWrapAlgorithm(algorithm), wrapped.encrypted_key).key == b"a key"


@pytest.mark.parametrize(
    ("make", "algorithms"),
    [
        (lambda keys: keys.create_rsa_key("key", hardware_protected=True), ["RS256", "RS384", "RS512"]),
        (lambda keys: keys.create_rsa_key("key", hardware_protected=True), ["PS256", "PS384", "PS512"]),
        (lambda keys: keys.create_ec_key("key", curve=KeyCurveName.p_256), ["ES256"]),
        (lambda keys: keys.create_ec_key("key", curve=KeyCurveName.p_384), ["ES384"]),
        (lambda keys: keys.create_ec_key("key", curve=KeyCurveName.p_521), ["ES512"]),
        (lambda keys: keys.create_ec_key("key", curve=KeyCurveName.p_256_k), ["ES256K"]),
        (lambda keys: keys.create_oct_key("key", hardware_protected=True), ["HS256", "HS384", "HS512"]),
    ],
)
def test_what_the_service_signs_the_client_verifies(
    keys: KeyClient, make: Callable[[KeyClient], object], algorithms: list[str]
) -> None:
    make(keys)
    client = keys.get_cryptography_client("key")
    for algorithm in algorithms:
        digest = hashlib.new(f"sha{algorithm[2:5]}", b"text").digest()
        signed = client.sign(SignatureAlgorithm(algorithm), digest)
        assert client.verify(SignatureAlgorithm(algorithm), digest, signed.signature).is_valid
        assert not client.verify(SignatureAlgorithm(algorithm), digest[::-1], signed.signature).is_valid


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_symmetric_keys_do_all_their_algorithms(keys: KeyClient, bits: int) -> None:
    keys.create_oct_key("key", size=bits, hardware_protected=True)
    client = keys.get_cryptography_client("key")
    gcm, iv = EncryptionAlgorithm(f"A{bits}GCM"), bytes(range(16))
    sealed = client.encrypt(gcm, b"text", additional_authenticated_data=b"more")
    opened = client.decrypt(
        gcm,
        sealed.ciphertext,
        iv=sealed.iv,
        authentication_tag=sealed.tag,
        additional_authenticated_data=b"more",
    )
    assert opened.plaintext == b"text"
    for name, text in ((f"A{bits}CBCPAD", b"text"), (f"A{bits}CBC", b"a block of text!")):
        cbc = EncryptionAlgorithm(name)
        assert client.decrypt(cbc, client.encrypt(cbc, text, iv=iv).ciphertext, iv=iv).plaintext == text
    for name in (f"A{bits}KW", "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD"):
        wrapped = client.wrap_key(KeyWrapAlgorithm(name), bytes(32))
        assert client.unwrap_key(KeyWrapAlgorithm(name), wrapped.encrypted_key).key == bytes(32)


def test_a_key_of_a_version_is_used_by_its_id(keys: KeyClient, world: World) -> None:
    old = keys.create_oct_key("key", hardware_protected=True)
    keys.create_oct_key("key", hardware_protected=True)
    with CryptographyClient(old.id, Credential(world), transport=transport(world)) as client:
        assert client.encrypt(EncryptionAlgorithm.a256_gcm, b"text").key_id == old.id


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
