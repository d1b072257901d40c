"""What is said of containers and blobs in headers, both ways."""

from __future__ import annotations

import re

from local_azure.storage.containers import Container
from local_azure.storage.context import Context, http_date
from local_azure.storage.errors import StorageError, wrong_header
from local_azure.storage.sas import OVERRIDES
from local_azure.storage.state import Blob

_METADATA = "x-ms-meta-"
_METADATA_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_METADATA = 8 * 1024
_CONTENT_HEADERS = {
    "x-ms-blob-content-type": "Content-Type",
    "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language",
    "x-ms-blob-content-disposition": "Content-Disposition",
    "x-ms-blob-cache-control": "Cache-Control",
    "x-ms-blob-content-md5": "Content-MD5",
}
TIERS = ("Hot", "Cool", "Cold", "Archive")


def metadata_of(context: Context) -> dict[str, str]:
    """The metadata that a request brings; names in lower case. Raises StorageError 400."""
    found: dict[str, str] = {}
    for header, value in context.request.headers.items():
        if header.startswith(_METADATA):
            name = header.removeprefix(_METADATA)
            if not _METADATA_NAME.fullmatch(name):
                raise StorageError(
                    400,
                    "InvalidMetadata",
                    "The metadata specified is invalid. It has characters that are not permitted.",
                )
            found[name] = value
    if sum(len(name) + len(value) for name, value in found.items()) > _MOST_METADATA:
        raise StorageError(
            400, "MetadataTooLarge", "The metadata specified exceeds the maximum permissible limit (8KB)."
        )
    return found


def content_headers(context: Context, *, plain: bool) -> dict[str, str]:
    """The headers that readers shall get. ``plain``: those of the request itself count where it says no others."""
    found: dict[str, str] = {}
    for header, name in _CONTENT_HEADERS.items():
        value = context.header(header)
        if value is None and plain and name != "Content-MD5":
            value = context.header(name.lower())
        if value is not None:
            found[name] = value
    return found


def tier_of(context: Context, *, required: bool = False) -> str | None:
    """The access tier that a request asks for. Raises StorageError 400."""
    given = context.header("x-ms-access-tier")
    if given is None and not required:
        return None
    if given not in TIERS:
        raise wrong_header("x-ms-access-tier", given or "")
    return given


def of_container(container: Container) -> dict[str, str]:
    """The headers that describe a container."""
    access = container.public_access
    return {
        "ETag": container.etag,
        "Last-Modified": http_date(container.modified),
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-has-immutability-policy": _flag(container.retention is not None),
        "x-ms-has-legal-hold": _flag(bool(container.legal_holds)),
        "x-ms-immutable-storage-with-versioning-enabled": _flag(container.keeps_versions),
        "x-ms-default-encryption-scope": "$account-encryption-key",
        "x-ms-deny-encryption-scope-override": "false",
        **({} if access == "None" else {"x-ms-blob-public-access": access.lower()}),
        **{f"{_METADATA}{name}": value for name, value in container.metadata.items()},
    }


def written(blob: Blob) -> dict[str, str]:
    """The headers of an answer to a change."""
    return {
        "ETag": blob.etag,
        "Last-Modified": http_date(blob.modified),
        "x-ms-request-server-encrypted": "true",
        **({"x-ms-version-id": blob.version} if blob.version else {}),
    }


def of_blob(context: Context, blob: Blob) -> dict[str, str]:
    """The headers that describe a blob to its reader."""
    headers = {
        **blob.headers,
        "ETag": blob.etag,
        "Last-Modified": http_date(blob.modified),
        "Accept-Ranges": "bytes",
        "x-ms-creation-time": http_date(blob.created),
        "x-ms-blob-type": blob.kind,
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
        **{f"{_METADATA}{name}": value for name, value in blob.metadata.items()},
        **{f"x-ms-copy-{name}": value for name, value in blob.copied.items()},
        **_retention(blob),
    }
    if blob.version:
        headers["x-ms-version-id"] = blob.version
        if blob.current:
            headers["x-ms-is-current-version"] = "true"
    if blob.kind == "AppendBlob":
        headers["x-ms-blob-committed-block-count"] = str(len(blob.pieces))
        if blob.sealed:
            headers["x-ms-blob-sealed"] = "true"
    elif context.account.kind != "Storage":
        headers["x-ms-access-tier"] = blob.tier or default_tier(context)
        if blob.tier is None:
            headers["x-ms-access-tier-inferred"] = "true"
    if context.caller.grant is not None:
        given = context.request.query
        headers |= {header: given[name] for name, header in OVERRIDES.items() if given.get(name)}
    return headers


def default_tier(context: Context) -> str:
    """The tier of blobs that were given none."""
    return str(context.account.properties.get("accessTier") or "Hot")


def _retention(blob: Blob) -> dict[str, str]:
    headers = {"x-ms-legal-hold": "true"} if blob.legal_hold else {}
    if blob.policy:
        headers["x-ms-immutability-policy-until-date"] = http_date(blob.policy["until"])
        headers["x-ms-immutability-policy-mode"] = str(blob.policy["mode"]).lower()
    return headers


def _flag(value: bool) -> str:
    return "true" if value else "false"
