"""Key transfer blobs: keys that come from another HSM under a key exchange key of the pool.

Source: documentation "Bring your own key specification". What is refused, and with which words, nobody has recorded.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys import key_types
from local_azure.managed_hsm.keys.body import optional_string, required_bytes, required_string
from local_azure.managed_hsm.keys.key_types import OCT, RSA
from local_azure.managed_hsm.keys.key_wrapping import CKM_RSA_AES_KEY_WRAP, NotWrapped, unwrap
from local_azure.managed_hsm.keys.material import Material, of_private_key, of_symmetric, rsa_private_key
from local_azure.managed_hsm.keys.state import KeyStore, KeyVersion
from local_azure.managed_hsm.pools import Pool
from local_azure.managed_hsm.security_domain.encoding import from_base64url

_SCHEMA, _EXCHANGE = "1.0.0", "import"


def material_of(jwk: JsonObject, pool: Pool, store: KeyStore) -> Material:
    """The material of an import whose JSON Web Key has ``key_hsm``; BadParameter where it is none for this pool."""
    kty = key_types.hardware_type(required_string(jwk, "kty"))
    blob = _blob(required_bytes(jwk, "key_hsm"))
    header = blob["header"]
    exchange_key = _exchange_key(header["kid"], pool, store)
    try:
        secret = unwrap(from_base64url(blob["ciphertext"]), rsa_private_key(exchange_key.secret), CKM_RSA_AES_KEY_WRAP)
    except (NotWrapped, ValueError):
        raise bad_parameter("Key transfer blob: the ciphertext does not open with its key exchange key") from None
    material = _material(secret, kty)
    curve = optional_string(jwk, "crv")
    if material.type.kty != kty or (curve is not None and material.type.curve != curve):
        raise bad_parameter("Key transfer blob: the key in it is not of the type that the request says")
    return material


def _blob(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError:
        raise bad_parameter("Key transfer blob: not JSON") from None
    if not isinstance(parsed, dict):
        raise bad_parameter("Key transfer blob: not a JSON object")
    blob: dict[str, Any] = parsed
    header = blob.get("header")
    if not isinstance(header, dict) or not isinstance(blob.get("ciphertext"), str):
        raise bad_parameter("Key transfer blob: header or ciphertext is missing")
    if blob.get("schema_version") != _SCHEMA:
        raise bad_parameter(f"Key transfer blob: schema_version must be {_SCHEMA}")
    if header.get("alg") != "dir" or header.get("enc") != CKM_RSA_AES_KEY_WRAP:
        raise bad_parameter(f"Key transfer blob: alg must be dir, enc {CKM_RSA_AES_KEY_WRAP}")
    if not isinstance(header.get("kid"), str):
        raise bad_parameter("Key transfer blob: header.kid is missing")
    return blob


def _exchange_key(key_id: str, pool: Pool, store: KeyStore) -> KeyVersion:
    url = urlsplit(key_id)
    parts = url.path.strip("/").split("/")
    if (url.hostname or "").lower() != pool.host or len(parts) not in (2, 3) or parts[0] != "keys":
        raise bad_parameter(f"Key transfer blob: {key_id} is no key of this HSM")
    key = store.find(parts[1])
    version = None if key is None else key.find(parts[2] if len(parts) == 3 else None)
    if version is None:
        raise bad_parameter(f"Key transfer blob: there is no key {key_id}")
    if version.kty != RSA or version.operations != [_EXCHANGE]:
        raise bad_parameter(f"Key transfer blob: {key_id} is no key exchange key (RSA-HSM, operation import alone)")
    if not version.enabled:
        raise bad_parameter(f"Key transfer blob: {key_id} is disabled")
    return version


def _material(secret: bytes, kty: str) -> Material:
    if kty == OCT:
        return of_symmetric(secret)
    try:
        key = load_der_private_key(secret, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise bad_parameter("Key transfer blob: what is in it is no private key in PKCS #8") from None
    return of_private_key(key)
