"""What the blob service keeps: blobs and the pieces that they consist of.

Everything lies in the world's store under ``<account>/<container>/…``, so a container goes with all that is in it. A
piece is written once and never changed; a blob is an ordered list of pieces, as a block blob is of blocks.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local_azure.core.store import Store

_BLOBS, _PIECES, _STAGED = "storage.blobs", "storage.pieces", "storage.staged"
_END_OF_NAME = "\x01"
"""Stands after a blob's name where more follows: no name holds it."""


@dataclass(frozen=True)
class Piece:
    """Bytes that are stored once."""

    key: str
    size: int
    block_id: str = ""
    """As its writer named it, base64; empty where it was no block."""


@dataclass(frozen=True)
class Blob:
    """One blob. Times are seconds since 1970."""

    account: str
    container: str
    name: str
    kind: str
    """``BlockBlob``, ``AppendBlob`` or ``PageBlob``."""
    created: float
    modified: float
    etag: str
    """With its quotation marks."""
    pieces: list[Piece] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """``Content-Type`` and its like, as a reader gets them."""
    metadata: dict[str, str] = field(default_factory=dict)
    tier: str | None = None
    """As its writer chose it; None where it follows the account."""
    policy: dict[str, Any] = field(default_factory=dict)
    """``until`` and ``mode`` of the blob's own retention policy; empty where it has none."""
    legal_hold: bool = False
    version: str | None = None
    """When it came to be, where the account keeps versions."""
    current: bool = True
    """Whether it is the blob of its name; else it is an earlier version."""
    deleted: float | None = None
    """When it was deleted, where the account keeps what was deleted."""
    copied: dict[str, str] = field(default_factory=dict)
    """Of the last copy that it was the target of: id, source, status, progress, completion time."""
    sealed: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(piece.size for piece in self.pieces)


class BlobStore:
    """Reads and writes the state of all accounts. Callers hold the store's transaction where they do both."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, account: str, container: str, name: str, version: str = "") -> Blob | None:
        """The blob, or that version of it, deleted ones too; None where there is none."""
        document = self._store.get(_BLOBS, _key(account, container, name, version))
        return None if document is None else _blob(document)

    def put(self, blob: Blob) -> None:
        """Writes the blob as the current one of its name, or as one of that name's versions."""
        self._store.put(_BLOBS, _key_of(blob), asdict(blob))

    def remove(self, blob: Blob) -> None:
        """Takes the blob away, and every piece of it that no other version of it consists of."""
        self._store.delete(_BLOBS, _key_of(blob))
        self.drop_pieces(blob, blob.pieces)

    def drop_pieces(self, blob: Blob, pieces: Iterable[Piece]) -> None:
        """Removes those of the pieces that no version of the blob consists of any more."""
        used = {piece.key for each in self.versions(blob) for piece in each.pieces}
        for piece in pieces:
            if piece.key not in used:
                self._store.delete(_PIECES, piece.key)

    def versions(self, blob: Blob) -> list[Blob]:
        """Everything that is kept under the blob's name, the current one included."""
        prefix = _key(blob.account, blob.container, blob.name, "")
        return [_blob(document) for _, document in self._store.scan(_BLOBS, prefix)]

    def within(self, account: str, container: str, prefix: str = "") -> list[Blob]:
        """What is kept under names that begin so, in the order of names, the current one before its versions."""
        found = self._store.scan(_BLOBS, f"{_place(account, container)}{prefix}")
        return [_blob(document) for _, document in found]

    def write_piece(self, account: str, container: str, content: bytes, block_id: str = "") -> Piece:
        """Keeps the bytes."""
        key = f"{_place(account, container)}{uuid.uuid4()}"
        self._store.put(_PIECES, key, {"data": base64.b64encode(content).decode()})
        return Piece(key, len(content), block_id)

    def content(self, blob: Blob, start: int = 0, end: int | None = None) -> bytes:
        """The blob's bytes from ``start`` up to, and without, ``end``."""
        end = blob.size if end is None else end
        parts, offset = [], 0
        for piece in blob.pieces:
            if offset < end and offset + piece.size > start:
                data = base64.b64decode((self._store.get(_PIECES, piece.key) or {"data": ""})["data"])
                parts.append(data[max(0, start - offset) : end - offset])
            offset += piece.size
        return b"".join(parts)

    def stage(self, account: str, container: str, name: str, piece: Piece) -> None:
        """Keeps a block that no block list names yet, in place of an earlier one of that id."""
        key = _key(account, container, name, piece.block_id)
        earlier = self._store.get(_STAGED, key)
        if earlier is not None:
            self._store.delete(_PIECES, earlier["key"])
        self._store.put(_STAGED, key, asdict(piece))

    def staged(self, account: str, container: str, name: str) -> list[Piece]:
        """The blocks that no block list names yet."""
        return [Piece(**document) for _, document in self._store.scan(_STAGED, _key(account, container, name, ""))]

    def staged_names(self, account: str, container: str, prefix: str) -> list[str]:
        """Names, beginning so, of blobs of which blocks are there that no block list names yet."""
        place = _place(account, container)
        keys = (key for key, _ in self._store.scan(_STAGED, f"{place}{prefix}"))
        return sorted({key.removeprefix(place).partition(_END_OF_NAME)[0] for key in keys})

    def forget_staged(self, account: str, container: str, name: str, keep: Iterable[Piece] = ()) -> None:
        """A block list was written: what it does not name is gone."""
        kept = {piece.key for piece in keep}
        for piece in self.staged(account, container, name):
            self._store.delete(_STAGED, _key(account, container, name, piece.block_id))
            if piece.key not in kept:
                self._store.delete(_PIECES, piece.key)

    def forget(self, account: str, container: str) -> None:
        """The container has gone: everything in it goes."""
        for collection in (_BLOBS, _PIECES, _STAGED):
            self._store.delete_prefix(collection, _place(account, container))


def new_etag() -> str:
    """A fresh ETag in the service's manner, quotation marks included."""
    return f'"0x8D{secrets.token_hex(7)[:13].upper()}"'


def renewed(blob: Blob, now: float, **changes: Any) -> Blob:
    """The blob after a change at that time."""
    return replace(blob, modified=now, etag=new_etag(), **changes)


def _place(account: str, container: str) -> str:
    return f"{account.lower()}/{container}/"


def _key(account: str, container: str, name: str, more: str) -> str:
    return f"{_place(account, container)}{name}{_END_OF_NAME}{more}"


def _key_of(blob: Blob) -> str:
    return _key(blob.account, blob.container, blob.name, "" if blob.current else blob.version or "")


def _blob(document: dict[str, Any]) -> Blob:
    return Blob(**{**document, "pieces": [Piece(**piece) for piece in document["pieces"]]})
