"""Blobs that come whole, by appending, or from another blob."""

from __future__ import annotations

from local_azure.core.http import Response
from local_azure.storage import conditions, writing
from local_azure.storage.context import Context, not_played
from local_azure.storage.errors import StorageError, blob_not_found, missing_header, wrong_blob_type, wrong_header
from local_azure.storage.handlers.blob_reads import md5
from local_azure.storage.handlers.copies import copy, put_from_url
from local_azure.storage.properties import content_headers, metadata_of, tier_of, written

_KINDS = ("BlockBlob", "AppendBlob", "PageBlob")
_MOST_APPENDED = 100 * 1024 * 1024


def put(context: Context) -> Response:
    """Put Blob, Put Blob From URL, Copy Blob, Copy Blob From URL: told apart by their headers."""
    kind = context.header("x-ms-blob-type")
    if context.header("x-ms-copy-source") is not None:
        return copy(context) if kind is None else put_from_url(context)
    if kind is None:
        raise missing_header("x-ms-blob-type")
    if kind not in _KINDS:
        raise wrong_header("x-ms-blob-type", kind)
    if kind == "PageBlob":
        raise not_played(context, "page blobs")
    content = body(context)
    if kind == "AppendBlob" and content:
        raise StorageError(
            400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format."
        )
    container = context.container
    conditions.check_write(context, writing.live(context.world, container, context.name))
    headers = content_headers(context, plain=True)
    if kind == "BlockBlob":
        headers.setdefault("Content-MD5", md5(content))
        if headers["Content-MD5"] != md5(content):
            raise md5_mismatch()
    metadata, tier = metadata_of(context), tier_of(context)
    blob = writing.put(
        context.world, container, context.name, content, kind=kind, headers=headers, metadata=metadata, tier=tier
    )
    told = {"Content-MD5": headers["Content-MD5"]} if kind == "BlockBlob" else {}
    return Response(201, {**written(blob), **told})


def append(context: Context) -> Response:
    """Append Block."""
    container, content = context.container, body(context)
    if context.header("x-ms-copy-source") is not None:
        raise not_played(context, "appending from another blob")
    if not content:
        raise wrong_header("Content-Length", "0")
    if len(content) > _MOST_APPENDED:
        raise too_large()
    blob = writing.live(context.world, container, context.name)
    if blob is None:
        raise blob_not_found()
    if blob.kind != "AppendBlob":
        raise wrong_blob_type()
    conditions.check_write(context, blob)
    if blob.sealed:
        raise StorageError(409, "BlobIsSealed", "The specified blob is sealed and its contents can't be modified.")
    if (place := _number(context, "x-ms-blob-condition-appendpos")) is not None and place != blob.size:
        raise StorageError(412, "AppendPositionConditionNotMet", "The append position condition specified was not met.")
    if (most := _number(context, "x-ms-blob-condition-maxsize")) is not None and blob.size + len(content) > most:
        raise StorageError(412, "MaxBlobSizeConditionNotMet", "The max blob size condition specified was not met.")
    appended = writing.append(context.world, container, context.name, content)
    count = str(len(appended.pieces))
    told = {"x-ms-blob-append-offset": str(blob.size), "x-ms-blob-committed-block-count": count}
    return Response(201, {**written(appended), **told, "Content-MD5": md5(content)})


def body(context: Context) -> bytes:
    """The request's content. Raises StorageError where it is not what ``Content-MD5`` says, or of no known length."""
    if context.header("content-length") is None and context.request.body:
        raise StorageError(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
    given = context.header("content-md5")
    if given is not None and given != md5(context.request.body):
        raise md5_mismatch()
    return context.request.body


def md5_mismatch() -> StorageError:
    """400."""
    return StorageError(
        400,
        "Md5Mismatch",
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    )


def too_large() -> StorageError:
    """413."""
    return StorageError(
        413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
    )


def _number(context: Context, name: str) -> int | None:
    given = context.header(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()):
        raise wrong_header(name, given)
    return int(given)
