"""Keys that come from another HSM, keys that leave for an attested environment, and what an HSM says of a key."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import jwt
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyReleasePolicy, KeyVaultKey
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding, aes_key_wrap_with_padding

from local_azure.attestation import tokens
from local_azure.core.world import World
from local_azure.entra import directory
from tests.unit.local_azure.managed_hsm.keys.official import URL, client_of, modulus
from tests.unit.local_azure.managed_hsm.keys.support import Hsm

AUTHORITY = "https://contoso.eus.attest.azure.net"
CLAIMS = {"x-ms-attestation-type": "sevsnpvm", "x-ms-isolation-tee": {"x-ms-compliance-status": "azure-compliant-cvm"}}


@pytest.fixture(scope="module")
def environment() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


# What a vendor's tool does, written from "Bring your own key specification".
def transfer_blob(kek: KeyVaultKey, secret: bytes, **header: str) -> bytes:
    n, e = (int.from_bytes(getattr(kek.key, name)) for name in ("n", "e"))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - as published
    aes = secrets.token_bytes(32)
    ciphertext = rsa.RSAPublicNumbers(e, n).public_key().encrypt(aes, oaep) + aes_key_wrap_with_padding(aes, secret)
    head = {"kid": str(kek.id), "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP", **header}
    return json.dumps(
        {"schema_version": "1.0.0", "header": head, "ciphertext": b64(ciphertext), "generator": "a test"}
    ).encode()


def pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def kek(keys: KeyClient) -> KeyVaultKey:
    return keys.create_rsa_key("kek", size=2048, hardware_protected=True, key_operations=["import"])


def test_a_transferred_rsa_key_is_the_one_of_the_other_hsm(
    keys: KeyClient, kek: KeyVaultKey, environment: rsa.RSAPrivateKey
) -> None:
    jwk = JsonWebKey(kty="RSA-HSM", t=transfer_blob(kek, pkcs8(environment)), key_ops=["sign", "verify"])
    made = keys.import_key("transferred", jwk, hardware_protected=True)
    assert modulus(made) == environment.public_key().public_numbers().n.to_bytes(256)


def test_elliptic_and_symmetric_keys_are_transferred(keys: KeyClient, kek: KeyVaultKey) -> None:
    elliptic = ec.generate_private_key(ec.SECP384R1())
    made = keys.import_key("ec", JsonWebKey(kty="EC-HSM", crv="P-384", t=transfer_blob(kek, pkcs8(elliptic))))
    assert int.from_bytes(made.key.x) == elliptic.public_key().public_numbers().x  # type: ignore[attr-defined]
    made = keys.import_key("oct", JsonWebKey(kty="oct-HSM", t=transfer_blob(kek, secrets.token_bytes(32))))
    assert made.key_type == "oct-HSM"


@pytest.mark.parametrize(
    ("kid", "words"),
    [
        ("https://contoso.managedhsm.azure.net/keys/kek/1", "is no key of this HSM"),
        (f"{URL}/keys/nothing", "there is no key"),
        (f"{URL}/keys/plain", "is no key exchange key"),
    ],
)
def test_a_blob_for_another_exchange_key_is_refused(keys: KeyClient, kek: KeyVaultKey, kid: str, words: str) -> None:
    keys.create_rsa_key("plain", size=2048, hardware_protected=True)
    blob = transfer_blob(kek, secrets.token_bytes(32), kid=kid)
    with pytest.raises(HttpResponseError, match=words):
        keys.import_key("oct", JsonWebKey(kty="oct-HSM", t=blob))


def test_a_blob_that_says_something_else_than_the_request_is_refused(keys: KeyClient, kek: KeyVaultKey) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for jwk in (
        JsonWebKey(kty="RSA-HSM", t=transfer_blob(kek, pkcs8(key))),
        JsonWebKey(kty="EC-HSM", crv="P-521", t=transfer_blob(kek, pkcs8(key))),
        JsonWebKey(kty="EC-HSM", t=transfer_blob(kek, b"no key")),
        JsonWebKey(kty="EC-HSM", t=transfer_blob(kek, pkcs8(key), enc="RSA1_5")),
        JsonWebKey(kty="EC-HSM", t=b"{}"),
        JsonWebKey(kty="EC-HSM", t=b"no JSON"),
    ):
        with pytest.raises(HttpResponseError, match=r"Key transfer blob"):
            keys.import_key("key", jwk)


def policy(
    immutable: bool = False, claim: str = "x-ms-attestation-type", equals: object = "sevsnpvm"
) -> KeyReleasePolicy:
    condition = {"claim": claim, "equals": equals}
    document = {"version": "1.0.0", "anyOf": [{"authority": AUTHORITY, "allOf": [condition]}]}
    return KeyReleasePolicy(json.dumps(document).encode(), immutable=immutable)


def token(
    world: World, environment: rsa.RSAPrivateKey, claims: dict[str, Any] | None = None, issuer: str = AUTHORITY
) -> str:
    numbers = environment.public_key().public_numbers()
    key = {"kty": "RSA", "kid": "tee", "key_ops": ["encrypt"], "n": number(numbers.n), "e": number(numbers.e)}
    return tokens.issue(world, issuer, {**CLAIMS, "x-ms-runtime": {"keys": [key]}, **(claims or {})})


def opened(jws: str, environment: rsa.RSAPrivateKey, hash_: hashes.HashAlgorithm) -> bytes:
    payload = jwt.decode(jws, options={"verify_signature": False})
    key = payload["response"]["key"]["key"]
    blob = json.loads(base64.urlsafe_b64decode(key["key_hsm"] + "=="))
    wrapped = base64.urlsafe_b64decode(blob["ciphertext"] + "==")
    aes = environment.decrypt(wrapped[:256], padding.OAEP(padding.MGF1(hash_), hash_, None))
    return aes_key_unwrap_with_padding(aes, wrapped[256:])


@pytest.mark.parametrize(
    ("algorithm", "hash_"),
    [
        (None, hashes.SHA1()),  # noqa: S303 - as published
        ("RSA_AES_KEY_WRAP_256", hashes.SHA256()),
        ("RSA_AES_KEY_WRAP_384", hashes.SHA384()),
    ],
)
def test_a_key_is_released_to_the_environment_that_its_policy_names(
    world: World, keys: KeyClient, environment: rsa.RSAPrivateKey, algorithm: str | None, hash_: hashes.HashAlgorithm
) -> None:
    made = keys.create_ec_key("key", curve="P-256", hardware_protected=True, exportable=True, release_policy=policy())
    answer = keys.release_key("key", token(world, environment), algorithm=algorithm, nonce="n")
    secret = serialization.load_der_private_key(opened(answer.value, environment, hash_), None)
    assert isinstance(secret, ec.EllipticCurvePrivateKey)
    assert secret.public_key().public_numbers().x == int.from_bytes(made.key.x)  # type: ignore[attr-defined]


def test_claims_are_found_by_dots_and_compared_by_type(
    world: World, keys: KeyClient, environment: rsa.RSAPrivateKey
) -> None:
    inside = policy(claim="x-ms-isolation-tee.x-ms-compliance-status", equals="azure-compliant-cvm")
    keys.create_ec_key("inside", hardware_protected=True, exportable=True, release_policy=inside)
    assert keys.release_key("inside", token(world, environment)).value
    debuggable = policy(claim="is-debuggable", equals=False)
    keys.create_ec_key("debug", hardware_protected=True, exportable=True, release_policy=debuggable)
    assert keys.release_key("debug", token(world, environment, {"is-debuggable": False})).value
    for wrong in ({"is-debuggable": 0}, {"is-debuggable": True}, {}):
        with pytest.raises(HttpResponseError, match="does not meet the release policy"):
            keys.release_key("debug", token(world, environment, wrong))


def test_a_key_is_released_to_nobody_else(world: World, keys: KeyClient, environment: rsa.RSAPrivateKey) -> None:
    keys.create_ec_key("key", hardware_protected=True, exportable=True, release_policy=policy())
    keys.create_ec_key("bound", hardware_protected=True)
    good = token(world, environment)
    header, _, signature = good.split(".")
    forged = f"{header}.{b64(json.dumps({**CLAIMS, 'iss': AUTHORITY, 'exp': 4_000_000_000}).encode())}.{signature}"
    refusals = [
        ("key", token(world, environment, {"x-ms-attestation-type": "sgx"}), "does not meet the release policy"),
        ("key", token(world, environment, issuer="https://other.eus.attest.azure.net"), "does not meet the release"),
        ("key", token(world, environment, {"exp": 1}), "it has expired"),
        ("key", forged, "cannot be verified"),
        ("key", "nonsense", "cannot be verified"),
        ("key", token(world, environment, {"x-ms-runtime": {"keys": []}}), "has no key to encrypt"),
        ("bound", good, "not exportable"),
    ]
    for name, presented, words in refusals:
        with pytest.raises(HttpResponseError, match=words):
            keys.release_key(name, presented)


def test_an_immutable_release_policy_is_never_changed_again(keys: KeyClient) -> None:
    keys.create_ec_key("key", hardware_protected=True, exportable=True, release_policy=policy(immutable=True))
    for change in (policy(equals="sgx", immutable=True), policy()):
        with pytest.raises(HttpResponseError, match="immutable"):
            keys.update_key_properties("key", release_policy=change)


def test_a_provider_publishes_the_key_that_it_signs_with(world: World, environment: rsa.RSAPrivateKey) -> None:
    from local_azure.attestation.service import AttestationService
    from local_azure.core.http import OUTSIDE, Request

    service, host = AttestationService(world), "contoso.eus.attest.azure.net"

    def get(path: str) -> Any:
        request = Request(method="GET", host=host, path=path, query={}, headers={}, body=b"", origin=OUTSIDE)
        return json.loads(service.handle(request).body)

    assert service.plays(host)
    assert not service.plays("attest.azure.net")
    metadata = get("/.well-known/openid-configuration")
    assert (metadata["issuer"], metadata["jwks_uri"]) == (AUTHORITY, f"{AUTHORITY}/certs")
    signing = jwt.PyJWKSet.from_dict(get("/certs")).keys[0]
    assert jwt.decode(token(world, environment), signing.key, algorithms=["RS256"], options={"verify_exp": False})


def test_an_attestation_is_of_the_version_and_signed_by_the_certificate_that_comes_with_it(keys: KeyClient) -> None:
    keys.create_rsa_key("key", size=2048, hardware_protected=True)
    made = keys.create_rsa_key("key", size=2048, hardware_protected=True)
    found = keys.get_key_attestation("key").properties.attestation
    assert found is not None
    blobs = (found.private_key_attestation, found.public_key_attestation)
    maker = x509.load_pem_x509_certificate(bytes(found.certificate_pem_file or b""))
    signer = maker.public_key()
    assert isinstance(signer, rsa.RSAPublicKey)
    for blob in blobs:
        assert blob is not None
        signer.verify(blob[-256:], blob[:-256], padding.PKCS1v15(), hashes.SHA256())
        assert json.loads(blob[:-256])["version"] == made.properties.version
    assert "no HSM" in maker.subject.rfc4514_string()
    assert keys.get_key("key").properties.attestation is None


def test_a_symmetric_key_has_no_public_attestation(keys: KeyClient) -> None:
    keys.create_oct_key("key", size=256, hardware_protected=True)
    found = keys.get_key_attestation("key").properties.attestation
    assert found is not None
    assert found.public_key_attestation is None
    with pytest.raises(ResourceNotFoundError):
        keys.get_key_attestation("nothing")


def test_older_versions_of_the_api_know_no_attestation(hsm: Hsm) -> None:
    hsm.create("key", kty="EC-HSM")
    assert hsm.call("GET", "/keys/key/attestation?api-version=7.5").status == 404
    assert hsm.call("GET", "/keys/key/attestation?api-version=7.6").status == 200


def test_somebody_without_the_right_to_release_is_refused(
    world: World, keys: KeyClient, environment: rsa.RSAPrivateKey
) -> None:
    keys.create_ec_key("key", hardware_protected=True, exportable=True, release_policy=policy())
    stranger = directory.create_managed_identity(world, display_name="somebody", resource_id="/vm").object_id
    with pytest.raises(HttpResponseError, match="keys/release"):
        client_of(world, stranger).release_key("key", token(world, environment))
