"""The JSON Web Encryption of a security domain: compact, A256CBC-HS512, keys wrapped by RSA-OAEP or derived.

Sources: RFC 7516 (compact serialisation), RFC 7518 sections 4.3 and 5.2.5 (algorithms). What the service writes is
read: RSA-OAEP-256 and, as azure-cli does, RSA-OAEP. Only RSA-OAEP-256 is written.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ceremony.encoding import base64url, from_base64url, json_object

ENCRYPTION: Final = "A256CBC-HS512"
CONTENT_KEY_BYTES: Final = 64
TAG_BYTES: Final = 32
_BLOCK_BYTES: Final = 16
_DIRECT: Final = "dir"
_WRAP: Final = "RSA-OAEP-256"
_OAEP: Final[Mapping[str, OAEP]] = {
    "RSA-OAEP-256": OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None),
    "RSA-OAEP": OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303 (RFC 7518's own definition)
}


class JweError(ValueError):
    """The text is no such JWE, or its content was altered."""


class NotForThisKeyError(JweError):
    """The wrapped key was not made for this private key, or was altered."""


@dataclass(frozen=True)
class Jwe:
    """A parsed JWE."""

    protected: str
    """The first part as it stands: it is what the integrity tag covers."""
    header: Mapping[str, Any]
    encrypted_key: bytes = field(repr=False)
    initialization_vector: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    tag: bytes = field(repr=False)

    @property
    def algorithm(self) -> str:
        """``alg``: how the content key is had."""
        return str(self.header.get("alg"))


def parse(text: object) -> Jwe:
    """Takes the five parts apart. Raises JweError, also for a tag that is not exactly 32 octets long.

    The length matters: azure-cli verifies a tag only if it has 32 octets, so that a shorter one would pass there.
    """
    parts = text.split(".") if isinstance(text, str) else []
    if len(parts) != 5:
        raise JweError("not a compact JWE of five parts")
    try:
        header = json_object(from_base64url(parts[0]))
        key, vector, ciphertext, tag = (from_base64url(part) for part in parts[1:])
    except ValueError as error:
        raise JweError(f"not a compact JWE: {error}") from None
    if header.get("enc") != ENCRYPTION:
        raise JweError(f"encrypted with {header.get('enc')!r} instead of {ENCRYPTION}")
    if len(tag) != TAG_BYTES:
        raise JweError(f"its integrity tag has {len(tag)} bytes instead of {TAG_BYTES}")
    if len(vector) != _BLOCK_BYTES or not ciphertext or len(ciphertext) % _BLOCK_BYTES:
        raise JweError("its ciphertext is not of whole blocks")
    return Jwe(parts[0], header, key, vector, ciphertext, tag)


def decrypt(jwe: Jwe, content_key: bytes) -> bytes:
    """The content of a JWE whose key is derived (``dir``). Raises JweError where the tag does not match."""
    if jwe.algorithm != _DIRECT or jwe.encrypted_key:
        raise JweError(f"its key is had by {jwe.algorithm!r} instead of {_DIRECT!r}")
    return _open(jwe, content_key)


def unwrap(jwe: Jwe, private_key: RSAPrivateKey) -> bytes:
    """The content of a JWE whose key is wrapped for an RSA key.

    Raises NotForThisKeyError where the key does not unwrap it, and JweError where the content was altered.
    """
    oaep = _OAEP.get(jwe.algorithm)
    if oaep is None:
        raise JweError(f"its key is wrapped by {jwe.algorithm!r}; known are {', '.join(_OAEP)}")
    try:
        content_key = private_key.decrypt(jwe.encrypted_key, oaep)
    except ValueError:
        raise NotForThisKeyError("this private key does not unwrap it") from None
    return _open(jwe, content_key)


def encrypt(content: bytes, content_key: bytes, key_id: str) -> str:
    """A JWE whose key is derived."""
    return _seal(content, content_key, b"", {"alg": _DIRECT, "enc": ENCRYPTION, "kid": key_id})


def wrap(content: bytes, public_key: RSAPublicKey, header: Mapping[str, str] | None = None) -> str:
    """A JWE for the holder of an RSA key; ``header`` adds members that the tag covers."""
    content_key = os.urandom(CONTENT_KEY_BYTES)
    members = {"alg": _WRAP, "enc": ENCRYPTION, "kid": "not used", **(header or {})}
    return _seal(content, content_key, public_key.encrypt(content_key, _OAEP[_WRAP]), members)


def _seal(content: bytes, content_key: bytes, encrypted_key: bytes, header: Mapping[str, str]) -> str:
    protected = base64url(json.dumps(header, separators=(",", ":")).encode())
    vector = os.urandom(_BLOCK_BYTES)
    padder = padding.PKCS7(AES.block_size).padder()
    encryptor = Cipher(AES(content_key[32:]), CBC(vector)).encryptor()
    ciphertext = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    tag = _tag(protected, vector, ciphertext, content_key)
    return ".".join((protected, *(base64url(part) for part in (encrypted_key, vector, ciphertext, tag))))


def _open(jwe: Jwe, content_key: bytes) -> bytes:
    if len(content_key) != CONTENT_KEY_BYTES:
        raise JweError(f"its content key has {len(content_key)} bytes instead of {CONTENT_KEY_BYTES}")
    if not hmac.compare_digest(_tag(jwe.protected, jwe.initialization_vector, jwe.ciphertext, content_key), jwe.tag):
        raise JweError("its integrity tag does not match")
    decryptor = Cipher(AES(content_key[32:]), CBC(jwe.initialization_vector)).decryptor()
    unpadder = padding.PKCS7(AES.block_size).unpadder()
    try:
        return unpadder.update(decryptor.update(jwe.ciphertext) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise JweError("its padding is wrong although its integrity tag matches") from None


def _tag(protected: str, vector: bytes, ciphertext: bytes, content_key: bytes) -> bytes:
    covered = protected.encode()
    length = (len(covered) * 8).to_bytes(8)
    return hmac.digest(content_key[:32], covered + vector + ciphertext + length, "sha512")[:TAG_BYTES]
