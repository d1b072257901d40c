"""List Blobs: flat or by a delimiter, page by page, with versions and deleted blobs where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from local_azure.core.http import Response
from local_azure.storage import documents, paging
from local_azure.storage.context import Context, http_date, not_played
from local_azure.storage.errors import wrong_parameter
from local_azure.storage.properties import default_tier
from local_azure.storage.state import Blob
from local_azure.storage.writing import is_past_retention, service_of

_INCLUDED = frozenset(
    {"metadata", "versions", "deleted", "uncommittedblobs", "snapshots", "copy", "immutabilitypolicy", "legalhold"}
)
_NOT_PLAYED = frozenset({"tags", "deletedwithversions", "permissions"})
_IN_PROPERTIES = ("Content-Type", "Content-Encoding", "Content-Language", "Content-MD5", "Cache-Control")


def list_blobs(context: Context) -> Response:
    """List Blobs."""
    container, included = context.container, _included(context)
    prefix, _, most = paging.asked(context)
    delimiter = context.parameter("delimiter") or ""
    after = paging.place(context)
    root = Element(
        "EnumerationResults",
        ServiceEndpoint=f"https://{context.account.name}.blob.core.windows.net/",
        ContainerName=container.name,
    )
    paging.repeat(root, context)
    if delimiter:
        documents.add(root, "Delimiter", delimiter)
    listed, last, more = documents.add(root, "Blobs"), "", False
    shown = 0
    for place, item in _items(context, included, prefix, delimiter):
        if after and place <= after:
            continue
        if shown == most:
            more = True
            break
        if isinstance(item, Blob):
            _add(listed, context, item, included)
        else:
            documents.add_name(documents.add(listed, "BlobPrefix"), item)
        shown, last = shown + 1, place
    documents.add(root, "NextMarker", paging.marker(last) if more else None)
    return documents.answer(root)


def _included(context: Context) -> frozenset[str]:
    included = frozenset(each for each in (context.parameter("include") or "").lower().split(",") if each)
    if unknown := included - _INCLUDED - _NOT_PLAYED:
        raise wrong_parameter("include", ",".join(sorted(unknown)))
    if missing := included & _NOT_PLAYED:
        raise not_played(context, f"include={','.join(sorted(missing))}")
    return included


def _items(context: Context, included: frozenset[str], prefix: str, delimiter: str) -> Iterator[tuple[str, Blob | str]]:
    """Each blob or common beginning of names, and its place in the order; the beginnings once."""
    seen = ""
    names = _with_uncommitted if "uncommittedblobs" in included else _blobs
    for blob in names(context, included, prefix):
        rest = blob.name[len(prefix) :]
        if delimiter and delimiter in rest:
            beginning = prefix + rest[: rest.index(delimiter) + len(delimiter)]
            if beginning != seen:
                seen = beginning
                yield beginning, beginning
            continue
        # Versions of a name come from old to new, the current one last: so they are told apart and stay in order.
        yield f"{blob.name}\x01{'~' if blob.current else blob.version}", blob


def _blobs(context: Context, included: frozenset[str], prefix: str) -> Iterator[Blob]:
    found = context.blobs.within(context.account.name, context.container.name, prefix)
    for blob in sorted(found, key=lambda each: (each.name, each.current, each.version or "")):
        if blob.deleted is not None and ("deleted" not in included or _is_gone(context, blob)):
            continue
        if blob.current or "versions" in included:
            yield blob


def _is_gone(context: Context, blob: Blob) -> bool:
    return is_past_retention(context.world, context.account, blob)


def _with_uncommitted(context: Context, included: frozenset[str], prefix: str) -> Iterator[Blob]:
    """Those of which only blocks are there count as well: without any content."""
    account, container = context.account.name, context.container.name
    found = {blob.name: blob for blob in _blobs(context, included, prefix) if blob.current}
    for name in context.blobs.staged_names(account, container, prefix):
        found.setdefault(name, Blob(account, container, name, "BlockBlob", context.now, context.now, ""))
    yield from (found[name] for name in sorted(found))


def _add(listed: Element, context: Context, blob: Blob, included: frozenset[str]) -> None:
    item = documents.add(listed, "Blob")
    documents.add_name(item, blob.name)
    if blob.version and "versions" in included:
        documents.add(item, "VersionId", blob.version)
        if blob.current:
            documents.add(item, "IsCurrentVersion", "true")
    if blob.deleted is not None:
        documents.add(item, "Deleted", "true")
    facts = documents.add(item, "Properties")
    documents.add(facts, "Creation-Time", http_date(blob.created))
    documents.add(facts, "Last-Modified", http_date(blob.modified))
    documents.add(facts, "Etag", blob.etag.strip('"'))
    documents.add(facts, "Content-Length", blob.size)
    for name in _IN_PROPERTIES:
        documents.add(facts, name, blob.headers.get(name))
    documents.add(facts, "Content-Disposition", blob.headers.get("Content-Disposition"))
    documents.add(facts, "BlobType", blob.kind)
    if blob.kind == "BlockBlob" and context.account.kind != "Storage":
        documents.add(facts, "AccessTier", blob.tier or default_tier(context))
        if blob.tier is None:
            documents.add(facts, "AccessTierInferred", "true")
    documents.add(facts, "LeaseStatus", "unlocked")
    documents.add(facts, "LeaseState", "available")
    documents.add(facts, "ServerEncrypted", "true")
    _add_more(facts, context, blob, included)
    if "metadata" in included:
        noted = documents.add(item, "Metadata")
        for name, value in blob.metadata.items():
            documents.add(noted, name, value)


def _add_more(facts: Element, context: Context, blob: Blob, included: frozenset[str]) -> None:
    if blob.deleted is not None:
        documents.add(facts, "DeletedTime", http_date(blob.deleted))
        documents.add(facts, "RemainingRetentionDays", _remaining_days(context, blob.deleted))
    if "copy" in included:
        for name, value in blob.copied.items():
            documents.add(facts, f"Copy{''.join(part.title() for part in name.split('-'))}", value)
    if "immutabilitypolicy" in included and blob.policy:
        documents.add(facts, "ImmutabilityPolicyUntilDate", http_date(blob.policy["until"]))
        documents.add(facts, "ImmutabilityPolicyMode", str(blob.policy["mode"]).lower())
    if "legalhold" in included and blob.legal_hold:
        documents.add(facts, "LegalHold", "true")


def _remaining_days(context: Context, deleted: float) -> int:
    days = int((service_of(context.world, context.account).get("deleteRetentionPolicy") or {}).get("days") or 1)
    return max(0, days - int((context.now - deleted) // 86_400))
