"""The meeting point of a pool that waits for a security domain and the quorum that makes it, offline.

::

    recovered.json                      what ``python -m ceremony recover`` makes; not there at first
    recovered.json.transfer-key.json    what the pool gave out for it, and which pool that is
"""

from __future__ import annotations

import json
from pathlib import Path

from data_plane import durable_files, recovery
from data_plane import pool as pools
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.session import Session


def transfer_key_path(blob: Path) -> Path:
    """Where the transfer key for a blob lies."""
    return blob.with_name(f"{blob.name}.transfer-key.json")


def content(session: Session, pool: Pool, blob: Path) -> bytes:
    """The blob that a quorum made for this pool.

    Where there is none, or only one for an earlier pool of that name, the pool's transfer key is written, once, and
    CustodyError says what the quorum has to do.
    """
    known = _pool_of(transfer_key_path(blob))
    found = durable_files.content_of(blob)
    if known is None and found is not None:
        # Made from a transfer key that somebody asked for by hand; whether it fits the pool tells.
        return found
    if known is None or not pools.is_same(*known, pool.id, pool.created_at):
        _write_transfer_key(session, pool, transfer_key_path(blob))
        if found is not None:
            raise CustodyError(
                f"{blob}: was made for an earlier pool — move it away, have a quorum make it for {pool.name} "
                f"({_command(blob)}), and run again"
            )
    if found is None:
        raise CustodyError(
            f"{pool.name}: waits for a security domain; its transfer key is at {transfer_key_path(blob)} — have a "
            f"quorum make {blob.name} with it ({_command(blob)}), and run again"
        )
    return found


def _command(blob: Path) -> str:
    given = f"--transfer-key {transfer_key_path(blob)} --key CUSTODIAN.key … --output {blob}"
    return f"python -m ceremony recover SECURITY-DOMAIN.json {given}"


def _write_transfer_key(session: Session, pool: Pool, path: Path) -> None:
    document = {
        "hsm_id": pool.id,
        "hsm_created_at": pool.created_at,
        "key_format": "jwk",
        "transfer_key": recovery.transfer_key(session, pool.uri),
    }
    durable_files.write(path, (json.dumps(document, indent=2) + "\n").encode())


def _pool_of(path: Path) -> tuple[str, str] | None:
    """ARM id and creation time of the pool that the transfer key at the path belongs to."""
    text = durable_files.content_of(path)
    try:
        document = json.loads(text or b"")
        return str(document["hsm_id"]), str(document["hsm_created_at"])
    except (ValueError, KeyError, TypeError):
        return None
