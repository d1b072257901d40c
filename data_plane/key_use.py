"""Using a key in the pool: what proves that its private half is there and is the right one.

Every operation is a request of its own. ``CryptographyClient`` of azure-keyvault-keys 4.11 is of no use for a proof: it
works on this machine where it can, and for an oct-HSM key, whose material it never sees, it wraps with a random key of
its own making (``SymmetricKey.__init__``): what it wrapped so nobody can ever unwrap.
Sources: Key Vault REST API, "Encrypt", "Wrap Key", "Sign" and their counterparts; algorithms of the Managed HSM's keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any, Final

from data_plane.errors import KeyMaterialError, mapped
from data_plane.key_model import Key, key_of
from data_plane.session import Session

UNWRAPPING: Final = ("RSA-OAEP-256", "RSA-OAEP", "RSA1_5", "A256KW", "A192KW", "A128KW")
"""Algorithms with which an earlier ciphertext can be opened."""
_PROBE_BYTES: Final = 32
_CURVES: Final = {
    "P-256": ("ES256", "sha256"),
    "P-384": ("ES384", "sha384"),
    "P-521": ("ES512", "sha512"),
    "P-256K": ("ES256K", "sha256"),
}
"""Signature algorithm and digest by curve."""


def restore(session: Session, hsm_uri: str, backup: bytes) -> Key:
    """The key that a backup brings back, all its versions. Raises DataPlaneError, for a foreign backup above all."""
    with mapped(f"{hsm_uri}: restore of the key backup"):
        return key_of(session.keys(hsm_uri).restore_key_backup(backup))


def exercise(session: Session, key: Key) -> str:
    """Has the pool use the key on a random value, and checks the result. Answers what was done.

    Raises KeyMaterialError where the result is wrong or nothing can be done with the key, and DataPlaneError.
    """
    operations = set(key.operations)
    if key.key_type.startswith("EC") and "sign" in operations:
        return _sign(session, key, *_CURVES[str(key.curve)])
    if key.key_type.startswith("oct") and {"wrapKey", "unwrapKey"} <= operations:
        return _wrap(session, key, f"A{key.size or 256}KW")
    if key.key_type.startswith("oct") and {"encrypt", "decrypt"} <= operations:
        return _encrypt(session, key, f"A{key.size or 256}GCM")
    if key.key_type.startswith("RSA") and operations & {"unwrapKey", "decrypt"}:
        return _open(session, key)
    if key.key_type.startswith("RSA") and "sign" in operations:
        return _sign(session, key, "PS256", "sha256")
    raise KeyMaterialError(f"{key.key_id}: may only {', '.join(key.operations) or 'nothing'}; that cannot be tried")


def open_ciphertext(session: Session, key: Key, algorithm: str, ciphertext: bytes) -> bytes:
    """What an earlier encryption or wrapping by the key holds. Raises DataPlaneError."""
    operation = "unwrapkey" if "unwrapKey" in key.operations else "decrypt"
    return _result(ask(session, key, operation, algorithm, value=ciphertext))


def ask(session: Session, key: Key, operation: str, algorithm: str, **values: bytes) -> Mapping[str, str]:
    """One operation of the pool with the key; ``operation`` is the last part of its path. Raises DataPlaneError."""
    from azure.core.rest import HttpRequest

    body = {"alg": algorithm, **{name: _base64url(value) for name, value in values.items()}}
    host, _, path = key.key_id.partition("/keys/")
    with mapped(f"{key.key_id}: {operation}"):
        response = session.keys(host).send_request(HttpRequest("POST", f"/keys/{path}/{operation}", json=body))
        response.raise_for_status()
        answer: Mapping[str, str] = response.json()
        return answer


def _open(session: Session, key: Key) -> str:
    """The public half here, the private one in the pool."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP

    probe = os.urandom(_PROBE_BYTES)
    ciphertext = public_key(session, key).encrypt(probe, OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None))
    _check_same(probe, open_ciphertext(session, key, "RSA-OAEP-256", ciphertext), key)
    return "opened what its public half encrypted here (RSA-OAEP-256)"


def _sign(session: Session, key: Key, algorithm: str, digest_name: str) -> str:
    """Signed in the pool, verified here."""
    from cryptography.exceptions import InvalidSignature

    digest = hashlib.new(digest_name, os.urandom(_PROBE_BYTES)).digest()
    signature = _result(ask(session, key, "sign", algorithm, value=digest))
    try:
        _verify(public_key(session, key), signature, digest, digest_name)
    except InvalidSignature:
        raise KeyMaterialError(f"{key.key_id}: signed with another key than its public half") from None
    return f"signed what its public half verified here ({algorithm})"


def _wrap(session: Session, key: Key, algorithm: str) -> str:
    probe = os.urandom(_PROBE_BYTES)
    wrapped = _result(ask(session, key, "wrapkey", algorithm, value=probe))
    _check_same(probe, _result(ask(session, key, "unwrapkey", algorithm, value=wrapped)), key)
    return f"unwrapped what it had wrapped ({algorithm})"


def _encrypt(session: Session, key: Key, algorithm: str) -> str:
    probe = os.urandom(_PROBE_BYTES)
    made = ask(session, key, "encrypt", algorithm, value=probe)
    given = {name: _from_base64url(made[name]) for name in ("value", "iv", "tag")}
    _check_same(probe, _result(ask(session, key, "decrypt", algorithm, **given)), key)
    return f"decrypted what it had encrypted ({algorithm})"


def _verify(public: Any, signature: bytes, digest: bytes, digest_name: str) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    kinds: dict[str, hashes.HashAlgorithm] = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    kind = kinds[digest_name]
    if isinstance(public, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
        public.verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(kind)))
    else:
        public.verify(signature, digest, padding.PSS(padding.MGF1(kind), kind.digest_size), utils.Prehashed(kind))


def _check_same(probe: bytes, opened: bytes, key: Key) -> None:
    if not hmac.compare_digest(probe, opened):
        raise KeyMaterialError(f"{key.key_id}: gave back another value than went in")


def public_key(session: Session, key: Key) -> Any:
    """The public half, as the ``cryptography`` package has it. Raises DataPlaneError."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    host = key.key_id.split("/keys/", 1)[0]
    with mapped(f"{key.key_id}: public half"):
        material: Any = session.keys(host).get_key(key.name, key.version).key
    if material.n is not None:
        return rsa.RSAPublicNumbers(int.from_bytes(material.e), int.from_bytes(material.n)).public_key()
    curves: dict[str, ec.EllipticCurve] = {
        "P-256": ec.SECP256R1(),
        "P-384": ec.SECP384R1(),
        "P-521": ec.SECP521R1(),
        "P-256K": ec.SECP256K1(),
    }
    x, y = int.from_bytes(material.x), int.from_bytes(material.y)
    return ec.EllipticCurvePublicNumbers(x, y, curves[str(key.curve)]).public_key()


def _result(answer: Mapping[str, str]) -> bytes:
    return _from_base64url(answer["value"])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
