"""JSON Web Encryption (RFC 7516), compact, with A256CBC-HS512 (RFC 7518, section 5.2.5) and nothing else.

Keys of 64 octets: the first half authenticates, the second encrypts. The authentication tag has 32 octets, and one of
any other length is refused.
"""

from __future__ import annotations

import hmac
import json
import secrets
from hashlib import sha512
from typing import Any

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

_CONTENT_ENCRYPTION = "A256CBC-HS512"
_KEY_OCTETS, _TAG_OCTETS, _IV_OCTETS = 64, 32, 16
_OAEP = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


class InvalidJwe(Exception):
    """It is malformed, altered, or encrypted with another key; which of these is not said."""


def encrypt_directly(key: bytes, plaintext: bytes, key_id: str) -> str:
    """Encrypted with the key itself (``alg`` ``dir``)."""
    return _seal(_header("dir", key_id), b"", key, plaintext)


def encrypt_to(public_key: RSAPublicKey, plaintext: bytes) -> str:
    """Encrypted with a fresh key, which is encrypted to ``public_key`` (``alg`` ``RSA-OAEP-256``)."""
    key = secrets.token_bytes(_KEY_OCTETS)
    return _seal(_header("RSA-OAEP-256", "not used"), public_key.encrypt(key, _OAEP), key, plaintext)


def decrypt_directly(key: bytes, compact: str) -> bytes:
    """What :func:`encrypt_directly` has encrypted. Raises InvalidJwe."""
    header, encrypted_key, sealed = _parse(compact, "dir")
    if encrypted_key:
        raise InvalidJwe("a directly encrypted JWE has no encrypted key")
    return _open(header, key, sealed)


def decrypt_with(private_key: RSAPrivateKey, compact: str) -> bytes:
    """What :func:`encrypt_to` has encrypted. Raises InvalidJwe."""
    header, encrypted_key, sealed = _parse(compact, "RSA-OAEP-256")
    try:
        key = private_key.decrypt(encrypted_key, _OAEP)
    except ValueError:
        raise InvalidJwe("it does not decrypt") from None
    return _open(header, key, sealed)


def key_id(compact: str) -> str:
    """The ``kid`` in its header. Raises InvalidJwe."""
    found = _fields(compact.partition(".")[0]).get("kid")
    if not isinstance(found, str):
        raise InvalidJwe("its header has no kid")
    return found


def _header(algorithm: str, kid: str) -> str:
    fields = {"alg": algorithm, "enc": _CONTENT_ENCRYPTION, "kid": kid}
    return base64url(json.dumps(fields, separators=(",", ":")).encode())


def _seal(header: str, encrypted_key: bytes, key: bytes, plaintext: bytes) -> str:
    iv = secrets.token_bytes(_IV_OCTETS)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    tag = _tag(header, key, iv, ciphertext)
    return ".".join([header, *(base64url(part) for part in (encrypted_key, iv, ciphertext, tag))])


def _parse(compact: str, algorithm: str) -> tuple[str, bytes, tuple[bytes, bytes, bytes]]:
    parts = compact.split(".")
    if len(parts) != 5:
        raise InvalidJwe("a compact JWE has five parts")
    fields = _fields(parts[0])
    if (fields.get("alg"), fields.get("enc")) != (algorithm, _CONTENT_ENCRYPTION):
        raise InvalidJwe(f"only {algorithm} with {_CONTENT_ENCRYPTION} is understood here")
    try:
        encrypted_key, iv, ciphertext, tag = (from_base64url(part) for part in parts[1:])
    except ValueError:
        raise InvalidJwe("a part of it is not base64url") from None
    return parts[0], encrypted_key, (iv, ciphertext, tag)


def _fields(header: str) -> dict[str, Any]:
    try:
        fields = json.loads(from_base64url(header))
    except ValueError:
        raise InvalidJwe("its header is not base64url of JSON") from None
    if not isinstance(fields, dict):
        raise InvalidJwe("its header is not an object")
    return fields


def _open(header: str, key: bytes, sealed: tuple[bytes, bytes, bytes]) -> bytes:
    iv, ciphertext, tag = sealed
    if len(key) != _KEY_OCTETS or len(iv) != _IV_OCTETS or len(tag) != _TAG_OCTETS:
        raise InvalidJwe("a part of it has the wrong length")
    if not hmac.compare_digest(tag, _tag(header, key, iv, ciphertext)):
        raise InvalidJwe("it does not authenticate")
    decryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise InvalidJwe("it does not decrypt") from None


def _tag(header: str, key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    length = (len(header) * 8).to_bytes(8, "big")
    return hmac.digest(key[:32], header.encode() + iv + ciphertext + length, sha512)[:_TAG_OCTETS]
