"""What a pool remembers of its keys: one document a key, all versions and the rotation policy in it.

The documents play the inside of the HSM: they hold the private material, which no answer ever takes from here.
Names are kept as written and found without regard to case.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local_azure.core.http import JsonObject
from local_azure.core.soft_deletion import Deleted, Kind, SoftDeletionStore
from local_azure.core.world import World
from local_azure.managed_hsm.pools import DATA_COLLECTION_PREFIX, Pool


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


DeletedKey = Deleted[Key]


class KeyStore(SoftDeletionStore[Key]):
    """The keys of one pool."""

    def __init__(self, world: World, pool: Pool) -> None:
        super().__init__(world, _KIND, f"{pool.instance_id}/")


_KIND = Kind(live=DATA_COLLECTION_PREFIX + "keys", deleted=DATA_COLLECTION_PREFIX + "deleted_keys", of=Key.of)
