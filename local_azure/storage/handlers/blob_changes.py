"""Changes of blobs that are there: what is said of them, their tier, their end and their return."""

from __future__ import annotations

from dataclasses import replace

from local_azure.core.http import Response
from local_azure.storage import conditions, writing
from local_azure.storage.context import Context, not_played
from local_azure.storage.errors import StorageError, blob_not_found, wrong_blob_type, wrong_parameter
from local_azure.storage.handlers.blob_reads import found
from local_azure.storage.properties import content_headers, metadata_of, tier_of, written
from local_azure.storage.state import Blob, renewed


def set_metadata(context: Context) -> Response:
    """Set Blob Metadata: in place of all that was noted before."""
    blob = _changeable(context)
    changed = renewed(blob, context.now, metadata=metadata_of(context))
    return Response(200, written(writing.save(context.world, context.account, changed, blob)))


def set_properties(context: Context) -> Response:
    """Set Blob Properties: what the request does not say is cleared."""
    if context.header("x-ms-blob-content-length") or context.header("x-ms-sequence-number-action"):
        raise not_played(context, "page blobs")
    blob = _changeable(context)
    changed = renewed(blob, context.now, headers=content_headers(context, plain=False))
    context.blobs.put(changed)
    return Response(200, written(changed))


def set_tier(context: Context) -> Response:
    """Set Blob Tier; back from the archive at once."""
    blob = found(context)
    if blob.kind != "BlockBlob":
        raise wrong_blob_type()
    context.blobs.put(replace(blob, tier=tier_of(context, required=True)))
    return Response(200)


def seal(context: Context) -> Response:
    """Append Blob Seal: read-only from now on."""
    blob = _changeable(context)
    if blob.kind != "AppendBlob":
        raise wrong_blob_type()
    sealed = renewed(blob, context.now, sealed=True)
    context.blobs.put(sealed)
    return Response(200, {**written(sealed), "x-ms-blob-sealed": "true"})


def undelete(context: Context) -> Response:
    """Undelete Blob: within the account's retention."""
    container = context.container
    blob = context.blobs.find(context.account.name, container.name, context.name)
    if blob is None or writing.is_past_retention(context.world, context.account, blob):
        raise blob_not_found()
    context.blobs.put(replace(blob, deleted=None))
    return Response(200)


def delete(context: Context) -> Response:
    """Delete Blob, or one version of it."""
    container = context.container
    snapshots = context.header("x-ms-delete-snapshots")
    if snapshots == "only":
        raise not_played(context, "snapshots")
    if context.parameter("deletetype") is not None:
        raise not_played(context, "permanent deletion")
    if context.parameter("versionid") is None:
        conditions.check_write(context, writing.live(context.world, container, context.name))
        writing.delete(context.world, container, context.name)
        return Response(202, {"x-ms-delete-type-permanent": _permanent(context)})
    version = found(context)
    if version.current:
        raise wrong_parameter("versionid", version.version or "", "The current version is deleted without its id.")
    writing.check_changeable(context.world, container, version)
    context.blobs.remove(version)
    return Response(202, {"x-ms-delete-type-permanent": "true"})


def _permanent(context: Context) -> str:
    kept = context.blobs.find(context.account.name, context.target.container, context.name)
    return "false" if kept is not None else "true"


def _changeable(context: Context) -> Blob:
    """The blob, where it may be changed. Raises StorageError."""
    container = context.container
    blob = writing.live(context.world, container, context.name)
    if blob is None:
        raise blob_not_found()
    if context.parameter("versionid") is not None:
        raise StorageError(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
        )
    conditions.check_change(context, blob.etag, blob.modified)
    writing.check_changeable(context.world, container, blob)
    return blob
