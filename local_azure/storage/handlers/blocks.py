"""Block blobs that come block by block."""

from __future__ import annotations

import base64
import binascii
from xml.etree.ElementTree import Element

from local_azure.core.http import Response
from local_azure.storage import conditions, documents, writing
from local_azure.storage.context import Context, http_date, not_played
from local_azure.storage.errors import StorageError, blob_not_found, wrong_blob_type, wrong_parameter
from local_azure.storage.handlers.blob_reads import md5
from local_azure.storage.handlers.uploads import body
from local_azure.storage.properties import content_headers, metadata_of, tier_of, written
from local_azure.storage.state import Piece

_LONGEST_ID = 64
_MOST_BLOCKS = 50_000
_MOST_STAGED = 100_000


def put(context: Context) -> Response:
    """Put Block: kept until a block list names it."""
    if context.header("x-ms-copy-source") is not None:
        raise not_played(context, "blocks from another blob")
    container, block_id = context.container, context.parameter("blockid") or ""
    length = _length(block_id)
    blob = writing.live(context.world, container, context.name)
    if blob is not None and blob.kind != "BlockBlob":
        raise wrong_blob_type()
    place = (context.account.name, container.name, context.name)
    staged = context.blobs.staged(*place)
    if any(_length(each.block_id) != length for each in staged):
        raise StorageError(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
    if len(staged) >= _MOST_STAGED:
        raise StorageError(
            409,
            "BlockCountExceedsLimit",
            "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.",
        )
    content = body(context)
    if not content:
        raise StorageError(
            400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format."
        )
    piece = context.blobs.write_piece(context.account.name, container.name, content, block_id)
    context.blobs.stage(*place, piece)
    return Response(201, {"Content-MD5": md5(content), "x-ms-request-server-encrypted": "true"})


def commit(context: Context) -> Response:
    """Put Block List: the blob consists of these blocks from now on."""
    container = context.container
    earlier = writing.live(context.world, container, context.name)
    if earlier is not None and earlier.kind != "BlockBlob":
        raise wrong_blob_type()
    conditions.check_write(context, earlier)
    body(context)
    committed = {piece.block_id: piece for piece in (earlier.pieces if earlier is not None else []) if piece.block_id}
    staged = {
        piece.block_id: piece for piece in context.blobs.staged(context.account.name, container.name, context.name)
    }
    sources = {"Committed": committed, "Uncommitted": staged, "Latest": {**committed, **staged}}
    pieces: list[Piece] = []
    for each in documents.read(context.request.body, "BlockList"):
        piece = sources.get(each.tag, {}).get((each.text or "").strip())
        if piece is None:
            raise StorageError(400, "InvalidBlockList", "The specified block list is invalid.")
        pieces.append(piece)
    if len(pieces) > _MOST_BLOCKS:
        raise StorageError(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
    blob = writing.replace_blob(
        context.world,
        container,
        context.name,
        pieces,
        kind="BlockBlob",
        headers=content_headers(context, plain=False),
        metadata=metadata_of(context),
        tier=tier_of(context),
    )
    return Response(201, written(blob))


def show(context: Context) -> Response:
    """Get Block List."""
    container, which = context.container, (context.parameter("blocklisttype") or "committed").lower()
    if which not in ("committed", "uncommitted", "all"):
        raise wrong_parameter("blocklisttype", which)
    blob = writing.live(context.world, container, context.name)
    staged = context.blobs.staged(context.account.name, container.name, context.name)
    if blob is None and not (staged and which != "committed"):
        raise blob_not_found()
    if blob is not None and blob.kind != "BlockBlob":
        raise wrong_blob_type()
    root = Element("BlockList")
    if which in ("committed", "all"):
        _add(root, "CommittedBlocks", [piece for piece in (blob.pieces if blob else []) if piece.block_id])
    if which in ("uncommitted", "all"):
        _add(root, "UncommittedBlocks", staged)
    answer = documents.answer(root)
    told = {"x-ms-blob-content-length": str(blob.size if blob else 0)}
    if blob is not None:
        told |= {"ETag": blob.etag, "Last-Modified": http_date(blob.modified)}
    return Response(200, {**answer.headers, **told}, answer.body)


def _add(root: Element, name: str, pieces: list[Piece]) -> None:
    listed = documents.add(root, name)
    for piece in pieces:
        item = documents.add(listed, "Block")
        documents.add(item, "Name", piece.block_id)
        documents.add(item, "Size", piece.size)


def _length(block_id: str) -> int:
    """Bytes of the id before its encoding. Raises StorageError 400."""
    try:
        decoded = base64.b64decode(block_id, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not 0 < len(decoded) <= _LONGEST_ID:
        raise wrong_parameter("blockid", block_id, "Not a valid base64 string.")
    return len(decoded)
