"""A key under an RSA key: an AES key that is made for it, under RSA-OAEP, and the key under that (RFC 5649).

That is PKCS #11's ``CKM_RSA_AES_KEY_WRAP``, which brings keys in ("Bring your own key specification") and lets them out
(secure key release). It has OAEP with SHA-1; the names with a number, ``RSA_AES_KEY_WRAP_256`` and ``_384``, have that
SHA-2.
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

CKM_RSA_AES_KEY_WRAP = "CKM_RSA_AES_KEY_WRAP"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    CKM_RSA_AES_KEY_WRAP: hashes.SHA1,
    "RSA_AES_KEY_WRAP_256": hashes.SHA256,
    "RSA_AES_KEY_WRAP_384": hashes.SHA384,
}
ALGORITHMS = tuple(_HASHES)


class NotWrapped(ValueError):
    """The ciphertext does not open with this key."""


def wrap(secret: bytes, key: rsa.RSAPublicKey, algorithm: str) -> bytes:
    """The secret for whoever holds the private key; ``algorithm`` is one of ALGORITHMS."""
    ephemeral = secrets.token_bytes(32)
    return key.encrypt(ephemeral, _padding(algorithm)) + aes_key_wrap_with_padding(ephemeral, secret)


def unwrap(ciphertext: bytes, key: rsa.RSAPrivateKey, algorithm: str) -> bytes:
    """What was wrapped. Raises NotWrapped."""
    size = key.key_size // 8
    try:
        ephemeral = key.decrypt(ciphertext[:size], _padding(algorithm))
        return aes_key_unwrap_with_padding(ephemeral, ciphertext[size:])
    except (ValueError, InvalidUnwrap):
        raise NotWrapped("the ciphertext does not open") from None


def _padding(algorithm: str) -> padding.OAEP:
    chosen = _HASHES[algorithm]
    return padding.OAEP(padding.MGF1(chosen()), chosen(), None)
