"""The algorithms that encrypt and wrap, as the description's ``JsonWebKeyEncryptionAlgorithm`` lists them.

RSA1_5, RSA-OAEP and RSA-OAEP-256 do both (RFC 8017); A…GCM, A…CBC and A…CBCPAD encrypt; A…KW and CKM_AES_KEY_WRAP
(RFC 3394) and CKM_AES_KEY_WRAP_PAD (RFC 5649) wrap. ``A…CBC`` fills the last block with zeros, which decrypting does
not take away (recorded).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.key_types import OCT, RSA
from local_azure.managed_hsm.keys.material import rsa_private_key, secret_bytes

_AES = re.compile(r"A(128|192|256)(GCM|CBC|CBCPAD|KW)")
_PKCS11_WRAPS = ("CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD")
_BLOCK, _GCM_IV, _GCM_TAG = 16, 12, 16
_RSA_PADDINGS = {
    "RSA1_5": padding.PKCS1v15(),
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303 – the algorithm's own
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}


@dataclass(frozen=True)
class Box:
    """A value with what its algorithm needs beside it."""

    value: bytes
    iv: bytes | None = None
    aad: bytes | None = None
    tag: bytes | None = None


def encrypt(kty: str, secret: str, algorithm: str, box: Box) -> Box:
    """Encrypts ``box.value``; the answer has the iv, and for GCM the tag and the additional data, beside it."""
    mode = _mode(kty, secret, algorithm, wrapping=False)
    if mode == "RSA":
        return Box(_rsa_encrypt(secret, algorithm, box.value))
    key = secret_bytes(secret)
    if mode == "GCM":
        return _gcm_encrypt(key, box)
    iv = _cbc_iv(box)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return Box(encryptor.update(_padded(mode, box.value)) + encryptor.finalize(), iv=iv)


def decrypt(kty: str, secret: str, algorithm: str, box: Box) -> bytes:
    """The other way round; BadParameter where the value, iv, tag or additional data are not right."""
    mode = _mode(kty, secret, algorithm, wrapping=False)
    if mode == "RSA":
        return _rsa_decrypt(secret, algorithm, box.value)
    key = secret_bytes(secret)
    if mode == "GCM":
        return _gcm_decrypt(key, box)
    if not box.value or len(box.value) % _BLOCK:
        raise bad_parameter(f"Property value must be a multiple of {_BLOCK} bytes")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(_cbc_iv(box))).decryptor()
    return _unpadded(mode, decryptor.update(box.value) + decryptor.finalize())


def wrap(kty: str, secret: str, algorithm: str, value: bytes) -> bytes:
    """Wraps another key."""
    mode = _mode(kty, secret, algorithm, wrapping=True)
    if mode == "RSA":
        return _rsa_encrypt(secret, algorithm, value)
    try:
        if mode == "PAD":
            return keywrap.aes_key_wrap_with_padding(secret_bytes(secret), value)
        return keywrap.aes_key_wrap(secret_bytes(secret), value)
    except ValueError:
        raise bad_parameter(f"Property value has a length that {algorithm} cannot wrap") from None


def unwrap(kty: str, secret: str, algorithm: str, value: bytes) -> bytes:
    """The other way round; BadParameter where the value was not wrapped by this key."""
    mode = _mode(kty, secret, algorithm, wrapping=True)
    if mode == "RSA":
        return _rsa_decrypt(secret, algorithm, value)
    try:
        if mode == "PAD":
            return keywrap.aes_key_unwrap_with_padding(secret_bytes(secret), value)
        return keywrap.aes_key_unwrap(secret_bytes(secret), value)
    except (keywrap.InvalidUnwrap, ValueError):
        raise bad_parameter("Property value cannot be unwrapped with this key") from None


def _mode(kty: str, secret: str, algorithm: str, *, wrapping: bool) -> str:
    """``RSA``, ``GCM``, ``CBC``, ``CBCPAD``, ``KW`` or ``PAD``; refused where key and algorithm do not fit."""
    if kty == RSA and algorithm in _RSA_PADDINGS:
        return "RSA"
    if kty == OCT:
        bits = len(secret_bytes(secret)) * 8
        if wrapping and algorithm in _PKCS11_WRAPS and bits <= 256:
            return "PAD" if algorithm.endswith("PAD") else "KW"
        match = _AES.fullmatch(algorithm)
        if match and int(match[1]) == bits and (match[2] == "KW") == wrapping:
            return match[2]
    raise bad_parameter(f"Algorithm {algorithm} is not supported for this key")


def _rsa_encrypt(secret: str, algorithm: str, value: bytes) -> bytes:
    try:
        return rsa_private_key(secret).public_key().encrypt(value, _RSA_PADDINGS[algorithm])
    except ValueError:
        raise bad_parameter(f"Property value is too long for {algorithm} with this key") from None


def _rsa_decrypt(secret: str, algorithm: str, value: bytes) -> bytes:
    try:
        return rsa_private_key(secret).decrypt(value, _RSA_PADDINGS[algorithm])
    except ValueError:
        raise bad_parameter("Property value cannot be decrypted with this key") from None


def _gcm_encrypt(key: bytes, box: Box) -> Box:
    if box.iv is not None:
        raise bad_parameter("Property iv is made by the service for AES-GCM")
    iv = secrets.token_bytes(_GCM_IV)
    sealed = AESGCM(key).encrypt(iv, box.value, box.aad)
    return Box(sealed[:-_GCM_TAG], iv=iv, aad=box.aad, tag=sealed[-_GCM_TAG:])


def _gcm_decrypt(key: bytes, box: Box) -> bytes:
    if box.iv is None or len(box.iv) != _GCM_IV:
        raise bad_parameter(f"Property iv must be {_GCM_IV} bytes long")
    if box.tag is None or len(box.tag) != _GCM_TAG:
        raise bad_parameter(f"Property tag must be {_GCM_TAG} bytes long")
    try:
        return AESGCM(key).decrypt(box.iv, box.value + box.tag, box.aad)
    except InvalidTag:
        raise bad_parameter("Property value cannot be decrypted with this key") from None


def _cbc_iv(box: Box) -> bytes:
    if box.iv is None or len(box.iv) != _BLOCK:
        raise bad_parameter(f"Property iv must be {_BLOCK} bytes long")
    return box.iv


def _padded(mode: str, value: bytes) -> bytes:
    if mode == "CBC":
        return value + bytes(-len(value) % _BLOCK)
    padder = block_padding.PKCS7(_BLOCK * 8).padder()
    return padder.update(value) + padder.finalize()


def _unpadded(mode: str, value: bytes) -> bytes:
    if mode == "CBC":
        return value
    unpadder = block_padding.PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(value) + unpadder.finalize()
    except ValueError:
        raise bad_parameter("Property value cannot be decrypted with this key") from None
