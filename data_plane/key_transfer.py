"""Key transfer blobs: a key that leaves another HSM only under a key of this pool (bring your own key).

A blob is JSON that the tool of the other HSM's maker writes, named ``.byok``. It holds the target key under a key
exchange key (RSA-HSM, operation ``import`` alone) of the very pool that it is imported into. Nothing here can see what
is inside of it.

Source: documentation "Bring your own key specification" (Azure Key Vault).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from data_plane.errors import KeyMaterialError

SUFFIX: Final = ".byok"
_SCHEMA, _ALGORITHM, _ENCRYPTION = "1.0.0", "dir", "CKM_RSA_AES_KEY_WRAP"


def is_transfer_file(path: Path) -> bool:
    """Whether the file is a key transfer blob, by its name."""
    return path.suffix.lower() == SUFFIX


def exchange_key_id(path: Path) -> str:
    """The id of the exchange key that the blob was made for. Raises KeyMaterialError for what is no blob."""
    try:
        blob = json.loads(path.read_bytes())
    except OSError as error:
        raise KeyMaterialError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise KeyMaterialError(f"{path}: no key transfer blob: it is not JSON") from None
    header = blob.get("header") if isinstance(blob, dict) else None
    if not isinstance(header, dict) or not isinstance(blob.get("ciphertext"), str):
        raise KeyMaterialError(f"{path}: no key transfer blob: header or ciphertext is missing")
    found = (blob.get("schema_version"), header.get("alg"), header.get("enc"))
    if found != (_SCHEMA, _ALGORITHM, _ENCRYPTION):
        raise KeyMaterialError(
            f"{path}: no key transfer blob that the service takes: schema_version, alg and enc are "
            f"{', '.join(map(str, found))}; accepted are {_SCHEMA}, {_ALGORITHM}, {_ENCRYPTION}"
        )
    key_id = header.get("kid")
    if not isinstance(key_id, str) or "/keys/" not in key_id:
        raise KeyMaterialError(f"{path}: the blob does not name the exchange key that it was made for (header.kid)")
    return key_id


def check_pool(path: Path, hsm_uri: str) -> None:
    """Raises KeyMaterialError where the blob was made for an exchange key of another pool."""
    key_id = exchange_key_id(path)
    if (urlsplit(key_id).hostname or "").lower() != (urlsplit(hsm_uri).hostname or "").lower():
        raise KeyMaterialError(
            f"{path}: made for the exchange key {key_id}, which is not in {hsm_uri} — make the blob anew for an "
            "exchange key of this pool (a key with operations: [import])"
        )
