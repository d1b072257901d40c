"""A backup of a key in a file, and beside it which version of which key it holds.

::

    myrsakey.backup                  what the service hands out; only a pool with this security domain takes it
    myrsakey.backup.manifest.json    the key's id with its current version, when, and the backup's hash
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from data_plane import durable_files
from data_plane.errors import CustodyError, mapped
from data_plane.key_model import Key
from data_plane.session import Session


def manifest_path(path: Path) -> Path:
    """Where the record of a backup lies."""
    return path.with_name(f"{path.name}.manifest.json")


def is_current(path: Path, key_id: str) -> bool:
    """Whether the file is the unaltered backup of this version of the key (``key_id`` has it), and so of all before."""
    try:
        content, record = durable_files.content_of(path), durable_files.content_of(manifest_path(path))
        document = json.loads(record or b"")
        return content is not None and document == {**document, **_identity(content, key_id)}
    except (ValueError, TypeError, CustodyError):
        return False


def keep(session: Session, key: Key, path: Path) -> bool:
    """Backs the key up into the file unless its backup is there already; whether it did. Raises DataPlaneError.

    The new backup, which holds all versions, takes the place of an earlier one of this key in one step.
    """
    if is_current(path, key.key_id):
        return False
    with mapped(f"backup of {key.key_id}"):
        host = key.key_id.partition("/keys/")[0]
        content = session.keys(host).backup_key(key.name)
    made_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    durable_files.write(path, content)
    record = json.dumps({**_identity(content, key.key_id), "made_at": made_at}, indent=2) + "\n"
    durable_files.write(manifest_path(path), record.encode())
    return True


def _identity(content: bytes, key_id: str) -> dict[str, str]:
    return {"key_id": key_id, "sha256": durable_files.sha256_of(content)}
