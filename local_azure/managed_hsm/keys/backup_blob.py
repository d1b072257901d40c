"""Key backups: a key with all its versions, sealed under the security domain's backup key.

The blob is a compact JWE (RFC 7516) with ``alg`` dir and ``kid`` backup-protection-key, as the service's is (recorded);
the encryption is A256GCM here. Its header names the security domain in clear, so that a blob from elsewhere is refused
without a guess.
"""

from __future__ import annotations

import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.keys.errors import foreign_backup
from local_azure.managed_hsm.keys.state import Key
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

_KEY_ID = "backup-protection-key"
_IV, _TAG = 12, 16


def seal(key: Key, domain_id: str, backup_key: bytes) -> str:
    """The blob, as the text that ``BackupKeyResult.value`` carries: base64url of the JWE."""
    return base64url(seal_document(key.document(), domain_id, backup_key).encode())


def open_blob(blob: bytes, domain_id: str, backup_key: bytes) -> Key:
    """The key in the JWE; MalformedBackupBlob where it is damaged or of another security domain."""
    document = open_document(blob, domain_id, backup_key)
    try:
        return Key.of(document)
    except (KeyError, TypeError):
        raise foreign_backup() from None


def seal_document(document: JsonObject, domain_id: str, backup_key: bytes) -> str:
    """The compact JWE of any document."""
    header = {"alg": "dir", "enc": "A256GCM", "kid": _KEY_ID, "domain": domain_id}
    protected = base64url(json.dumps(header, separators=(",", ":")).encode())
    iv = secrets.token_bytes(_IV)
    content = json.dumps(document, separators=(",", ":")).encode()
    sealed = AESGCM(backup_key).encrypt(iv, content, protected.encode())
    return ".".join((protected, "", base64url(iv), base64url(sealed[:-_TAG]), base64url(sealed[-_TAG:])))


def open_document(blob: bytes, domain_id: str, backup_key: bytes) -> JsonObject:
    """The document in the JWE; MalformedBackupBlob where it is damaged or of another security domain."""
    try:
        protected, wrapped, iv, ciphertext, tag = blob.decode("ascii").split(".")
        header = json.loads(from_base64url(protected))
        if wrapped or not isinstance(header, dict) or header.get("domain") != domain_id:
            raise foreign_backup()
        sealed = from_base64url(ciphertext) + from_base64url(tag)
        content = AESGCM(backup_key).decrypt(from_base64url(iv), sealed, protected.encode())
    except (ValueError, InvalidTag):
        raise foreign_backup() from None
    document: JsonObject = json.loads(content)
    return document
