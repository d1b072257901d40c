"""The HSM's own word on where a key was made and what it is: attestations in files.

A file has the form that ``az keyvault key get-attestation --file`` writes, which the published checking script reads.

Source: azure-keyvault-keys 4.11, ``KeyClient.get_key_attestation`` (data plane 2025-07-01); documentation "Validate
Azure Managed HSM keys using key attestation".
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from data_plane import durable_files
from data_plane.errors import CustodyError, RequestError, mapped
from data_plane.key_model import Key
from data_plane.session import Session

_KEY_ID = "keyId"


def is_current(path: Path, key_id: str) -> bool:
    """Whether the file is an attestation of this version of the key (``key_id`` has it)."""
    try:
        content = durable_files.content_of(path)
        document = json.loads(content or b"")
    except (ValueError, CustodyError):
        return False
    return isinstance(document, dict) and document.get(_KEY_ID) == key_id


def keep(session: Session, key: Key, path: Path) -> bool:
    """Asks for the attestation of this version unless the file has it; whether it did. Raises DataPlaneError."""
    if is_current(path, key.key_id):
        return False
    host = key.key_id.partition("/keys/")[0]
    with mapped(f"attestation of {key.key_id}"):
        found = session.keys(host).get_key_attestation(key.name, key.version).properties.attestation
    if found is None:
        raise RequestError(f"attestation of {key.key_id}: the pool gave none — take attestTo out of this key")
    durable_files.write(path, json.dumps({**_members(found), _KEY_ID: key.key_id}, indent=2).encode())
    return True


def _members(found: Any) -> dict[str, Any]:
    blobs = {
        "certificatePemFile": found.certificate_pem_file,
        "privateKeyAttestation": found.private_key_attestation,
        "publicKeyAttestation": found.public_key_attestation,
    }
    return {**{name: base64.b64encode(blob).decode() for name, blob in blobs.items() if blob}, "version": found.version}
