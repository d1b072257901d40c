"""The security domain file, and the blob that brings its content into another pool.

The content is a few named pieces of data (:data:`TAGS`), each encrypted under a key derived from a master key and its
tag. In the file the master key is shared among the custodians; in the restore blob, which a quorum makes of the file
offline, a new master key is encrypted to the receiving pool's transfer key.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from local_azure.managed_hsm.security_domain import jwe, shamir
from local_azure.managed_hsm.security_domain.certificates import Custodian
from local_azure.managed_hsm.security_domain.key_derivation import derive

TAGS: Mapping[str, int] = {"hsm_backup": 8192, "base_enclave_backup": 1024, "partition_enclave_backup": 1024}
"""Octets by tag, in the recorded order; the sizes are like the recorded ones."""
_MASTER_KEY_OCTETS = 32


class InvalidBlob(Exception):
    """The restore blob is not one, or not for this pool; the message says why, without its content."""


def new_content() -> dict[str, bytes]:
    """What a pool is born with: nobody else has the same."""
    return {tag: secrets.token_bytes(size) for tag, size in TAGS.items()}


def make_file(content: Mapping[str, bytes], custodians: Sequence[Custodian], required: int) -> str:
    """The file as JSON text: ``content`` for any ``required`` of the custodians."""
    master_key = secrets.token_bytes(_MASTER_KEY_OCTETS)
    shares = shamir.split(master_key, len(custodians), required)
    shared = [
        {"enc_key": jwe.encrypt_to(custodian.public_key, share), "x5t_256": custodian.thumbprint}
        for custodian, share in zip(custodians, shares, strict=True)
    ]
    return json.dumps(
        {
            "EncData": {
                "data": [
                    {"compact_jwe": jwe.encrypt_directly(derive(master_key, tag), data, tag), "tag": tag}
                    for tag, data in content.items()
                ],
                "kdf": "sp108_kdf",
            },
            "SharedKeys": {"enc_shares": shared, "key_algorithm": "shamir_share", "required": required},
            "version": 2,
        },
        separators=(",", ":"),
    )


def open_restore_blob(text: str, transfer_key: RSAPrivateKey, transfer_thumbprint: str) -> dict[str, bytes]:
    """The content in a restore blob. Raises InvalidBlob."""
    blob = _object(text)
    wrapped = blob.get("WrappedKey")
    if not isinstance(wrapped, dict) or not isinstance(wrapped.get("enc_key"), str):
        raise InvalidBlob("it has no wrapped key")
    if wrapped.get("x5t_256") != transfer_thumbprint:
        raise InvalidBlob("it is encrypted to another transfer key")
    data = dict(pairs := _data(blob))
    if len(pairs) != len(data) or set(data) != set(TAGS):
        raise InvalidBlob("a part of the security domain is missing, unknown or there twice")
    try:
        master_key = jwe.decrypt_with(transfer_key, wrapped["enc_key"])
        if len(master_key) != _MASTER_KEY_OCTETS:
            raise InvalidBlob("its master key has the wrong length")
        return {tag: _datum(master_key, tag, data[tag]) for tag in TAGS}
    except jwe.InvalidJwe as error:
        raise InvalidBlob(str(error)) from None


def _datum(master_key: bytes, tag: str, compact: str) -> bytes:
    if jwe.key_id(compact) != tag:
        raise InvalidBlob("a part of the security domain is under another one's name")
    return jwe.decrypt_directly(derive(master_key, tag), compact)


def _data(blob: Mapping[str, Any]) -> list[tuple[str, str]]:
    encrypted = blob.get("EncData")
    data = encrypted.get("data") if isinstance(encrypted, dict) else None
    if not isinstance(data, list):
        raise InvalidBlob("it has no encrypted data")
    pairs = []
    for each in data:
        tag, compact = (each.get("tag"), each.get("compact_jwe")) if isinstance(each, dict) else (None, None)
        if not isinstance(tag, str) or not isinstance(compact, str):
            raise InvalidBlob("its encrypted data are malformed")
        pairs.append((tag, compact))
    return pairs


def _object(text: str) -> dict[str, Any]:
    try:
        blob = json.loads(text)
    except ValueError:
        raise InvalidBlob("it is not JSON") from None
    if not isinstance(blob, dict):
        raise InvalidBlob("it is not a JSON object")
    return blob
