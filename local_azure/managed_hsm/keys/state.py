"""What a pool remembers of its keys: one document a key, all versions and the rotation policy in it.

The documents play the inside of the HSM: they hold the private material, which no answer ever takes from here.
Names are kept as written and found without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.managed_hsm.pools import DATA_COLLECTION_PREFIX, Pool

_KEYS, _DELETED = DATA_COLLECTION_PREFIX + "keys", DATA_COLLECTION_PREFIX + "deleted_keys"


@dataclass(frozen=True)
class KeyVersion:
    """One version. Times are seconds since 1970."""

    version: str
    """32 hexadecimal digits."""
    kty: str
    size: int
    """Bits."""
    curve: str | None
    public_exponent: int
    public: dict[str, str]
    secret: str = field(repr=False)
    operations: list[str]
    enabled: bool
    not_before: int | None
    expires: int | None
    created: int
    updated: int
    exportable: bool
    tags: dict[str, str]
    release_policy: JsonObject | None


@dataclass(frozen=True)
class Key:
    """A key with its versions, the oldest first."""

    name: str
    versions: tuple[KeyVersion, ...]
    rotation_policy: JsonObject | None = None

    @property
    def latest(self) -> KeyVersion:
        """The version that answers where none is named."""
        return self.versions[-1]

    def find(self, version: str | None) -> KeyVersion | None:
        """That version, the latest for None; None where there is no such version."""
        if version is None:
            return self.latest
        return next((known for known in self.versions if known.version == version.lower()), None)

    def with_version(self, version: KeyVersion) -> Key:
        """The key with one more version, which is the latest."""
        return replace(self, versions=(*self.versions, version))

    def with_changed(self, version: KeyVersion) -> Key:
        """The key with that version in place of the one of the same name."""
        changed = (version if known.version == version.version else known for known in self.versions)
        return replace(self, versions=tuple(changed))

    def document(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @staticmethod
    def of(document: dict[str, Any]) -> Key:
        """Of :meth:`document`."""
        versions = tuple(KeyVersion(**version) for version in document["versions"])
        return Key(document["name"], versions, document["rotation_policy"])


@dataclass(frozen=True)
class DeletedKey:
    """A soft-deleted key."""

    key: Key
    deleted: int
    purge: int
    """When the service purges it by itself."""


class KeyStore:
    """The keys of one pool."""

    def __init__(self, world: World, pool: Pool) -> None:
        self._world = world
        self._prefix = f"{pool.instance_id}/"

    def now(self) -> int:
        """Seconds since 1970, by the local Azure's clock."""
        return int(self._world.clock.timestamp())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is read inside is not changed by anyone else before what is written inside."""
        with self._world.store.transaction():
            yield

    def find(self, name: str) -> Key | None:
        """The live key of that name."""
        document = self._world.store.get(_KEYS, self._document_key(name))
        return None if document is None else Key.of(document)

    def put(self, key: Key) -> None:
        """Keeps the key, in place of what was known of it."""
        self._world.store.put(_KEYS, self._document_key(key.name), key.document())

    def page(self, after: str, limit: int) -> list[Key]:
        """At most ``limit`` keys whose names in lower case come after ``after``, in that order."""
        rows = self._world.store.scan(_KEYS, self._prefix, self._prefix + after, limit)
        return [Key.of(document) for _, document in rows]

    def find_deleted(self, name: str) -> DeletedKey | None:
        """The soft-deleted key of that name; one whose time is over is purged and gone."""
        document = self._world.store.get(_DELETED, self._document_key(name))
        if document is None:
            return None
        deleted = _deleted_of(document)
        if deleted.purge > self.now():
            return deleted
        self.purge(name)
        return None

    def soft_delete(self, key: Key, retention_days: int) -> DeletedKey:
        """Takes the key out of use and keeps it for that long."""
        now = self.now()
        deleted = DeletedKey(key, deleted=now, purge=now + retention_days * 86_400)
        document = {"key": key.document(), "deleted": deleted.deleted, "purge": deleted.purge}
        with self.transaction():
            self._world.store.put(_DELETED, self._document_key(key.name), document)
            self._world.store.delete(_KEYS, self._document_key(key.name))
        return deleted

    def recover(self, deleted: DeletedKey) -> None:
        """Puts a soft-deleted key back into use as it was."""
        with self.transaction():
            self.put(deleted.key)
            self.purge(deleted.key.name)

    def purge(self, name: str) -> None:
        """Forgets a soft-deleted key."""
        self._world.store.delete(_DELETED, self._document_key(name))

    def deleted_page(self, after: str, limit: int) -> list[DeletedKey]:
        """As :meth:`page`, of the soft-deleted keys whose time is not over."""
        found: list[DeletedKey] = []
        while len(found) < limit:
            rows = self._world.store.scan(_DELETED, self._prefix, self._prefix + after, limit)
            page = [_deleted_of(document) for _, document in rows]
            found += [deleted for deleted in page if deleted.purge > self.now()]
            if len(rows) < limit:
                break
            after = page[-1].key.name.lower()
        return found[:limit]

    def _document_key(self, name: str) -> str:
        return self._prefix + name.lower()


def _deleted_of(document: dict[str, Any]) -> DeletedKey:
    return DeletedKey(Key.of(document["key"]), document["deleted"], document["purge"])
