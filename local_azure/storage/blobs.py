"""Blobs for the other services of the local Azure: those that write into an account, as a backup or a log does.

``account`` is a name; what these functions raise is a :class:`local_azure.storage.errors.StorageError`, a ServiceError
as the blob service would answer it. None of them asks who is calling: :func:`authorize_token` and
:func:`authorize_sas` do.
"""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.core.http import Origin
from local_azure.core.world import World
from local_azure.entra.tokens import Claims
from local_azure.storage import accounts, authorization, containers, sas, writing
from local_azure.storage.accounts import Account
from local_azure.storage.errors import StorageError, blob_not_found
from local_azure.storage.state import BlobStore


def put_blob(
    world: World, account: str, container: str, name: str, content: bytes, *, blob_type: str = "BlockBlob"
) -> None:
    """Writes a whole blob in place of an earlier one."""
    with world.store.transaction():
        place = containers.require(world, require_account(world, account), container)
        writing.put(world, place, name, content, kind=blob_type)


def append_blob(world: World, account: str, container: str, name: str, content: bytes) -> None:
    """Adds to an append blob; makes it, and the container too, where there is none, as a service that logs does."""
    with world.store.transaction():
        known = require_account(world, account)
        place = containers.find(world, known, container) or containers.create(world, known, container)
        if BlobStore(world.store).find(known.name, container, name) is None:
            writing.put(world, place, name, b"", kind="AppendBlob")
        writing.append(world, place, name, content)


def get_blob(world: World, account: str, container: str, name: str) -> bytes | None:
    """The blob's bytes, or None where there is no such account, container or blob."""
    blobs = BlobStore(world.store)
    blob = blobs.find(account, container, name)
    return None if blob is None or blob.deleted is not None else blobs.content(blob)


def list_blobs(world: World, account: str, container: str, prefix: str = "") -> list[str]:
    """Names that begin so, in order."""
    found = BlobStore(world.store).within(account, container, prefix)
    return sorted({blob.name for blob in found if blob.deleted is None and blob.current})


def delete_blob(world: World, account: str, container: str, name: str) -> None:
    """Deletes the blob; softly where the account says so."""
    with world.store.transaction():
        place = containers.require(world, require_account(world, account), container)
        if get_blob(world, account, container, name) is None:
            raise blob_not_found()
        writing.delete(world, place, name)


def container_exists(world: World, account: str, container: str) -> bool:
    """Whether there is such a container."""
    known = accounts.by_name(world, account)
    return known is not None and containers.find(world, known, container) is not None


def create_container(world: World, account: str, container: str) -> None:
    """Makes a container that only its account's owner reads."""
    with world.store.transaction():
        containers.create(world, require_account(world, account), container)


def authorize_token(world: World, account: str, container: str, claims: Claims, data_action: str) -> None:
    """Raises unless the token's bearer may do it: Azure RBAC at the container, or above it.

    ``data_action`` is one of a role definition, for instance
    ``Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write``.
    """
    known = require_account(world, account)
    authorization.require_role(world, claims, data_action, known.container_id(container))


def authorize_sas(
    world: World,
    account: str,
    container: str,
    query: Mapping[str, str],
    permission: str,
    *,
    blob: str | None = None,
    origin: Origin | None = None,
) -> None:
    """Raises unless the shared access signature is good for it: signature, time, place and permission (one letter).

    ``query``: the parameters of the signature, percent-decoded. ``blob``: the one that it is used for; None where the
    container itself is what is asked for. ``origin``: who uses it, where that is known.
    """
    known = require_account(world, account)
    granted = sas.verified(world, known, query, container=container, blob=blob, origin=origin)
    granted.require(permission, "o" if blob is not None else "c")


def require_account(world: World, name: str) -> Account:
    """The account of that name; where there is none, its host does not resolve. Raises StorageError 404."""
    found = accounts.by_name(world, name)
    if found is None:
        raise StorageError(404, "AccountNotFound", f"There is no storage account named {name}.")
    return found
