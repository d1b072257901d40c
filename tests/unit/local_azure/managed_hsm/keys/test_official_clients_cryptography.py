"""Every algorithm through the unmodified CryptographyClient, against the whole service."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyCurveName
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import World
from tests.unit.local_azure.managed_hsm.support import Credential, transport


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
