"""What a backup holds, sealed under the security domain's backup key.

Everything that is in the pool: keys with versions, attributes and tags, role assignments; and, as a restore "returns it
to the same state", the soft-deleted keys, role definitions and settings too.
"""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.managed_hsm.keys.backup_blob import open_document, seal_document
from local_azure.managed_hsm.keys.state import Key
from local_azure.managed_hsm.pools import DATA_COLLECTION_PREFIX, Pool
from local_azure.managed_hsm.security_domain.state import backup_key, domain_id

BLOB = "mhsm.backup"
"""The blob's name in the backup's folder; the service's own names are not published."""
_KEYS = "keys"
_COLLECTIONS = (_KEYS, "deleted_keys", "role_assignments", "role_definitions", "settings")


def capture(world: World, pool: Pool) -> bytes:
    """The pool as it is now, sealed."""
    prefix = f"{pool.instance_id}/"
    with world.store.transaction():
        content = {
            name: {key.removeprefix(prefix): document for key, document in world.store.scan(_collection(name), prefix)}
            for name in _COLLECTIONS
        }
    return seal_document(content, domain_id(world, pool), backup_key(world, pool)).encode()


def opened(world: World, pool: Pool, blob: bytes | None) -> JsonObject | None:
    """What the blob holds; None where there is none, it is damaged, or it is of another security domain."""
    if blob is None:
        return None
    try:
        content: JsonObject = open_document(blob, domain_id(world, pool), backup_key(world, pool))
    except ServiceError:
        return None
    return content if all(isinstance(content.get(name), dict) for name in _COLLECTIONS) else None


def restore(world: World, pool: Pool, content: JsonObject) -> None:
    """Puts the content in place of everything that is in the pool."""
    prefix = f"{pool.instance_id}/"
    with world.store.transaction():
        for name in _COLLECTIONS:
            world.store.delete_prefix(_collection(name), prefix)
            for key, document in content[name].items():
                world.store.put(_collection(name), prefix + key, document)


def key_in(content: JsonObject, name: str) -> Key | None:
    """The key of that name, with all its versions."""
    document = content[_KEYS].get(name.lower())
    return None if document is None else Key.of(document)


def _collection(name: str) -> str:
    return DATA_COLLECTION_PREFIX + name
