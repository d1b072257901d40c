"""Changes of blobs, with what is kept of what was there before: versions, soft-deleted blobs, immutable ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from local_azure.arm.resources import Resources
from local_azure.core.clock import iso
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.storage.accounts import Account
from local_azure.storage.containers import Container
from local_azure.storage.errors import StorageError, blob_not_found, immutable, wrong_blob_type
from local_azure.storage.state import Blob, BlobStore, Piece, new_etag, renewed

_MOST_APPENDS = 50_000
_DEFAULT_TYPE = "application/octet-stream"


def put(
    world: World,
    container: Container,
    name: str,
    content: bytes,
    *,
    kind: str = "BlockBlob",
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    tier: str | None = None,
) -> Blob:
    """Writes a whole blob in place of what was there. Raises StorageError where that is immutable."""
    blobs = BlobStore(world.store)
    pieces = [blobs.write_piece(container.account.name, container.name, content)] if content else []
    return replace_blob(world, container, name, pieces, kind=kind, headers=headers, metadata=metadata, tier=tier)


def replace_blob(
    world: World,
    container: Container,
    name: str,
    pieces: list[Piece],
    *,
    kind: str,
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    tier: str | None = None,
    copied: Mapping[str, str] | None = None,
) -> Blob:
    """Makes the blob that consists of these pieces, in place of what was there."""
    account, blobs, now = container.account, BlobStore(world.store), world.clock.timestamp()
    earlier = live(world, container, name)
    if earlier is not None:
        check_changeable(world, container, earlier)
    blob = Blob(
        account=account.name.lower(),
        container=container.name,
        name=name,
        kind=kind,
        created=now if earlier is None else earlier.created,
        modified=now,
        etag=new_etag(),
        pieces=pieces,
        headers={"Content-Type": _DEFAULT_TYPE, **(headers or {})},
        metadata=dict(metadata or {}),
        tier=tier,
        copied=dict(copied or {}),
    )
    save(world, account, blob, earlier)
    blobs.forget_staged(account.name, container.name, name, keep=pieces)
    return blob


def save(world: World, account: Account, blob: Blob, earlier: Blob | None) -> Blob:
    """Writes the blob as the current one; ``earlier`` becomes a version of it where the account keeps versions."""
    blobs = BlobStore(world.store)
    if service_of(world, account).get("isVersioningEnabled"):
        if earlier is not None and earlier.version is not None:
            blobs.put(replace(earlier, current=False))
        blob = replace(blob, version=_version(world, blob))
    else:
        blob = replace(blob, version=None)
    blobs.put(blob)
    if earlier is not None:
        blobs.drop_pieces(blob, earlier.pieces)
    return blob


def append(world: World, container: Container, name: str, content: bytes) -> Blob:
    """Adds to an append blob. Raises StorageError."""
    blob = live(world, container, name)
    if blob is None:
        raise blob_not_found()
    if blob.kind != "AppendBlob":
        raise wrong_blob_type()
    check_changeable(world, container, blob, appending=True)
    if len(blob.pieces) >= _MOST_APPENDS:
        raise StorageError(
            409, "BlockCountExceedsLimit", "The committed block count cannot exceed the maximum limit of 50,000 blocks."
        )
    blobs = BlobStore(world.store)
    piece = blobs.write_piece(container.account.name, container.name, content)
    appended = renewed(blob, world.clock.timestamp(), pieces=[*blob.pieces, piece])
    blobs.put(appended)
    return appended


def delete(world: World, container: Container, name: str) -> None:
    """Deletes the current blob: it becomes a version, or is kept as deleted, or is gone."""
    blob = live(world, container, name)
    if blob is None:
        raise blob_not_found()
    check_changeable(world, container, blob)
    blobs, service = BlobStore(world.store), service_of(world, container.account)
    blobs.forget_staged(blob.account, blob.container, name)
    if service.get("isVersioningEnabled") and blob.version is not None:
        blobs.put(replace(blob, current=False))
        blobs.remove(blob)
    elif service.get("deleteRetentionPolicy", {}).get("enabled"):
        blobs.put(replace(blob, deleted=world.clock.timestamp()))
    else:
        blobs.remove(blob)


def live(world: World, container: Container, name: str) -> Blob | None:
    """The current blob of that name, unless it is deleted."""
    blob = BlobStore(world.store).find(container.account.name, container.name, name)
    return None if blob is None or blob.deleted is not None else blob


def is_past_retention(world: World, account: Account, blob: Blob) -> bool:
    """Whether a deleted blob has been kept for as long as the account keeps such."""
    if blob.deleted is None:
        return False
    days = int((service_of(world, account).get("deleteRetentionPolicy") or {}).get("days") or 0)
    return world.clock.timestamp() >= blob.deleted + timedelta(days=days).total_seconds()


def check_changeable(world: World, container: Container, blob: Blob, *, appending: bool = False) -> None:
    """Raises StorageError 409 where the blob must stay as it is ("Immutable storage for blob data")."""
    if blob.legal_hold or container.legal_holds:
        raise immutable("hold")
    now = world.clock.timestamp()
    if blob.policy and blob.policy["until"] > now:
        raise immutable("policy")
    policy = container.retention
    if policy is None or blob.created + timedelta(days=policy["days"]).total_seconds() <= now:
        return
    if not (appending and blob.kind == "AppendBlob" and policy.get("appends")):
        raise immutable("policy")


def service_of(world: World, account: Account) -> JsonObject:
    """The properties of the account's blob service."""
    found = Resources(world).find(f"{account.arm_id}/blobServices/default")
    return {} if found is None else found.properties


def _version(world: World, blob: Blob) -> str:
    """The time of the version, later than that of any other of the same blob."""
    taken = {each.version for each in BlobStore(world.store).versions(blob)}
    moment = datetime.fromtimestamp(blob.modified, UTC)
    while iso(moment) in taken:
        moment += timedelta(microseconds=1)
    return iso(moment)
