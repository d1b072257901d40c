"""Backups of secrets: a secret with all its versions, sealed so that only this local Azure opens it again.

As the service's, the blob is a label and a compact JWE (RFC 7516), in base64url together (recorded by azure-cli). A
backup can be restored into any vault of the same subscription and geography ("Azure Key Vault backup").
"""

from __future__ import annotations

import base64
import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local_azure.core.world import World
from local_azure.key_vault.errors import foreign_backup
from local_azure.key_vault.state import Secret
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

_LABEL = "(AzureKeyVaultSecretBackupV1.microsoft.com)"
_HEADER = {"alg": "dir", "enc": "A256GCM", "kid": "vault-backup-key"}
_IV, _TAG = 12, 16


def seal(world: World, secret: Secret) -> str:
    """The blob, as the text that ``BackupSecretResult.value`` carries."""
    protected = base64url(json.dumps(_HEADER, separators=(",", ":")).encode())
    iv = secrets.token_bytes(_IV)
    content = json.dumps(secret.document(), separators=(",", ":")).encode()
    sealed = AESGCM(_key(world)).encrypt(iv, content, protected.encode())
    parts = (protected, "", base64url(iv), base64url(sealed[:-_TAG]), base64url(sealed[-_TAG:]))
    return base64url((_LABEL + ".".join(parts)).encode())


def open_blob(world: World, blob: bytes) -> Secret:
    """The secret in the blob. Raises ServiceError 400 where it is damaged or from elsewhere."""
    try:
        text = blob.decode("ascii")
        protected, _, iv, ciphertext, tag = text.removeprefix(_LABEL).split(".")
        if not text.startswith(_LABEL):
            raise foreign_backup()
        sealed = from_base64url(ciphertext) + from_base64url(tag)
        content = AESGCM(_key(world)).decrypt(from_base64url(iv), sealed, protected.encode())
    except (ValueError, InvalidTag):
        raise foreign_backup() from None
    return Secret.of(json.loads(content))


def _key(world: World) -> bytes:
    with world.store.transaction():
        document = world.store.get("vault.backup", "key")
        if document is None:
            document = {"key": base64.b64encode(secrets.token_bytes(32)).decode()}
            world.store.put("vault.backup", "key", document)
    return base64.b64decode(document["key"])
