"""Blobs that are made from another blob of this Azure; they are there at once."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qsl, unquote, urlsplit

from local_azure.core.http import Response
from local_azure.storage import accounts, authorization, conditions, containers, sas, writing
from local_azure.storage.accounts import Account
from local_azure.storage.context import Context, Target, http_date, not_played, parse
from local_azure.storage.errors import StorageError, authentication_failed, wrong_header
from local_azure.storage.properties import content_headers, metadata_of, tier_of, written
from local_azure.storage.state import Blob

_SOURCE = "x-ms-copy-source"


def copy(context: Context) -> Response:
    """Copy Blob, and Copy Blob From URL: 202 both, the status is told at once."""
    source, url = _source(context)
    blob = _write(context, source, source.headers, metadata_of(context) or source.metadata, url)
    return Response(
        202, {**written(blob), "x-ms-copy-id": blob.copied["id"], "x-ms-copy-status": blob.copied["status"]}
    )


def put_from_url(context: Context) -> Response:
    """Put Blob From URL: a block blob that keeps nothing of where it comes from."""
    if context.header("x-ms-blob-type") != "BlockBlob":
        raise wrong_header("x-ms-blob-type", context.header("x-ms-blob-type") or "")
    source, _ = _source(context)
    kept = {} if (context.header("x-ms-copy-source-blob-properties") or "true") == "false" else source.headers
    blob = _write(context, source, {**kept, **content_headers(context, plain=False)}, metadata_of(context), None)
    return Response(201, written(blob))


def _write(context: Context, source: Blob, headers: dict[str, str], metadata: dict[str, str], url: str | None) -> Blob:
    container = context.container
    conditions.check_write(context, writing.live(context.world, container, context.name))
    content = context.blobs.content(source)
    piece = context.blobs.write_piece(context.account.name, container.name, content)
    copied = {}
    if url is not None:
        copied = {
            "id": str(uuid.uuid4()),
            "source": url,
            "status": "success",
            "progress": f"{len(content)}/{len(content)}",
            "completion-time": http_date(context.now),
        }
    kind = source.kind if url is not None else "BlockBlob"
    return writing.replace_blob(
        context.world,
        container,
        context.name,
        [piece] if content else [],
        kind=kind,
        headers=headers,
        metadata=metadata,
        tier=tier_of(context),
        copied=copied,
    )


def _source(context: Context) -> tuple[Blob, str]:
    """The blob that is copied, and its URL without a signature. Raises StorageError, NotPlayed."""
    parts = urlsplit(context.header(_SOURCE) or "")
    account = accounts.by_host(context.world, parts.netloc)
    if parts.scheme != "https" or account is None:
        raise not_played(context, "copies of what is no blob of this Azure")
    query = dict(parse_qsl(parts.query))
    target = parse(unquote(parts.path), restype=None)
    if "snapshot" in query:
        raise not_played(context, "snapshots")
    _authorize(context, account, target, query)
    container = containers.find(context.world, account, target.container)
    blob = None if container is None else writing.live(context.world, container, target.blob or "")
    if container is not None and (version := query.get("versionid")) and (blob is None or blob.version != version):
        blob = context.blobs.find(account.name, container.name, target.blob or "", version)
    if blob is None:
        raise StorageError(404, "CannotVerifyCopySource", "The specified blob does not exist.")
    return blob, f"https://{parts.netloc}{parts.path}"


def _authorize(context: Context, account: Account, target: Target, query: dict[str, str]) -> None:
    """The source is read by its own signature, the caller's key of the same account, or the caller's roles."""
    if sas.is_present(query):
        given = sas.verified(
            context.world, account, query, container=target.container, blob=target.blob, origin=context.request.origin
        )
        given.require("r", "o")
        if given.principal is not None:
            scope = account.container_id(target.container)
            authorization.require_principal(context.world, given.principal, (authorization.READ_BLOB,), scope)
        return
    if context.caller.has_key and account.name == context.account.name:
        return
    if context.caller.claims is not None:
        scope = account.container_id(target.container)
        authorization.require_role(context.world, context.caller.claims, authorization.READ_BLOB, scope)
        return
    raise authentication_failed("The source of the copy is not accessible.")
