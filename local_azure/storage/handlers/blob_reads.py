"""Reading blobs: content, properties, metadata."""

from __future__ import annotations

import base64
import hashlib
import re

from local_azure.core.http import Response
from local_azure.storage import conditions
from local_azure.storage.context import Context
from local_azure.storage.errors import StorageError, blob_not_found, out_of_range, wrong_header, wrong_parameter
from local_azure.storage.properties import of_blob
from local_azure.storage.state import Blob

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_MOST_HASHED = 4 * 1024 * 1024


def get(context: Context) -> Response:
    """Get Blob."""
    blob = found(context)
    conditions.check_read(context, blob.etag, blob.modified)
    if blob.tier == "Archive":
        raise StorageError(409, "BlobArchived", "This operation is not permitted on an archived blob.")
    headers = of_blob(context, blob)
    asked = context.header("x-ms-range") or context.header("range")
    with_hash = (context.header("x-ms-range-get-content-md5") or "").lower() == "true"
    if asked is None:
        if with_hash:
            raise wrong_header("x-ms-range-get-content-md5", "true")
        return Response(200, headers, context.blobs.content(blob))
    start, end = _range(asked, blob.size)
    content = context.blobs.content(blob, start, end)
    whole = headers.pop("Content-MD5", None)
    if whole is not None:
        headers["x-ms-blob-content-md5"] = whole
    if with_hash:
        if end - start > _MOST_HASHED:
            raise out_of_range()
        headers["Content-MD5"] = md5(content)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
    return Response(206, headers, content)


def head(context: Context) -> Response:
    """Get Blob Properties."""
    blob = found(context)
    conditions.check_read(context, blob.etag, blob.modified)
    return Response(200, {**of_blob(context, blob), "Content-Length": str(blob.size)})


def metadata(context: Context) -> Response:
    """Get Blob Metadata."""
    blob = found(context)
    conditions.check_read(context, blob.etag, blob.modified)
    told = of_blob(context, blob)
    kept = {name: value for name, value in told.items() if name.startswith("x-ms-meta-")}
    return Response(200, {**kept, "ETag": told["ETag"], "Last-Modified": told["Last-Modified"]})


def found(context: Context) -> Blob:
    """The blob, or the version of it, that is asked for. Raises StorageError 404."""
    container, version = context.container, context.parameter("versionid")
    blob = context.blobs.find(context.account.name, container.name, context.name)
    if version and (blob is None or blob.version != version):
        blob = context.blobs.find(context.account.name, container.name, context.name, version)
        if blob is None and not re.match(r"\d{4}-\d\d-\d\dT", version):
            raise wrong_parameter("versionid", version)
    if blob is None or blob.deleted is not None:
        raise blob_not_found()
    return blob


def md5(content: bytes) -> str:
    """As ``Content-MD5`` has it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _range(asked: str, size: int) -> tuple[int, int]:
    """First byte, and the one behind the last. Raises StorageError ("Specifying the range header")."""
    match = _RANGE.fullmatch(asked)
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        raise wrong_header("Range", asked)
    start = int(match[1])
    if start >= size:
        raise StorageError(
            416,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, min(int(match[2]) + 1 if match[2] else size, size)
