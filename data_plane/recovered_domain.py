"""The meeting point of a pool that waits for a security domain and the quorum that makes it, offline.

::

    recovered.json                      what ``python -m ceremony recover`` makes; not there at first
    recovered.json.transfer-key.json    what the pool gave out for it, and which pool that is

Both are files, or blobs of one container: then the quorum and whoever runs the program need not share a computer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, overload

from data_plane import durable_files, recovery, security_domain_blob
from data_plane import pool as pools
from data_plane.blobs import Blob
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain_file import Place
from data_plane.session import Session

TRANSFER_KEY: Final = ".transfer-key.json"
"""What the name of a transfer key ends with, after the name of the blob that is made with it."""


@overload
def transfer_key_path(blob: Path) -> Path: ...
@overload
def transfer_key_path(blob: Blob) -> Blob: ...
def transfer_key_path(blob: Place) -> Place:
    """Where the transfer key for a blob lies."""
    return blob.with_name(f"{blob.name}{TRANSFER_KEY}")


def content(session: Session, pool: Pool, blob: Place) -> bytes:
    """The blob that a quorum made for this pool.

    Where there is none, or only one for an earlier pool of that name, the pool's transfer key is written, once, and
    CustodyError says what the quorum has to do.
    """
    known = _pool_of(transfer_key_path(blob))
    found = _content_of(blob)
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


def _command(blob: Place) -> str:
    key = transfer_key_path(blob)
    if isinstance(blob, Blob):
        given = f"--transfer-key {key.name} --key CUSTODIAN.key … --output {blob.name}"
        return f"download it, python -m ceremony recover SECURITY-DOMAIN.json {given}, upload {blob.name} beside it"
    return f"python -m ceremony recover SECURITY-DOMAIN.json --transfer-key {key} --key CUSTODIAN.key … --output {blob}"


def _write_transfer_key(session: Session, pool: Pool, place: Place) -> None:
    document = {
        "hsm_id": pool.id,
        "hsm_created_at": pool.created_at,
        "key_format": "jwk",
        "transfer_key": recovery.transfer_key(session, pool.uri),
    }
    text = (json.dumps(document, indent=2) + "\n").encode()
    if isinstance(place, Path):
        durable_files.write(place, text)
    else:
        security_domain_blob.put(place, text, place.read())


def _content_of(place: Place) -> bytes | None:
    if isinstance(place, Path):
        return durable_files.content_of(place)
    return security_domain_blob.content_of(place)


def _pool_of(place: Place) -> tuple[str, str] | None:
    """ARM id and creation time of the pool that the transfer key there belongs to."""
    text = _content_of(place)
    try:
        document = json.loads(text or b"")
        return str(document["hsm_id"]), str(document["hsm_created_at"])
    except (ValueError, KeyError, TypeError):
        return None
