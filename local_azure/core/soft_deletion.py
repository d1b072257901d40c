"""Named things that can be deleted softly: kept as documents, found without regard to case, listed page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from local_azure.core.world import World

_SECONDS_A_DAY = 86_400


class Item(Protocol):
    """What can be kept."""

    @property
    def name(self) -> str:
        """As written by whoever made it."""

    def document(self) -> dict[str, Any]:
        """As JSON keeps it."""


ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Deleted(Generic[ItemT]):
    """One that is soft-deleted. Times are seconds since 1970."""

    item: ItemT
    deleted: int
    purge: int
    """When the service purges it by itself."""


@dataclass(frozen=True)
class Kind(Generic[ItemT]):
    """What a store keeps, and where."""

    live: str
    """The collection of those in use."""
    deleted: str
    """The collection of those that are deleted."""
    of: Callable[[dict[str, Any]], ItemT]
    """The item of its document."""


class SoftDeletionStore(Generic[ItemT]):
    """All of one kind in one container, whose documents begin with ``prefix``."""

    def __init__(self, world: World, kind: Kind[ItemT], prefix: str) -> None:
        self._world, self._kind, self._prefix = world, kind, prefix

    def now(self) -> int:
        """Seconds since 1970, by the local Azure's clock."""
        return int(self._world.clock.timestamp())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is read inside is not changed by anyone else before what is written inside."""
        with self._world.store.transaction():
            yield

    def find(self, name: str) -> ItemT | None:
        """The live one of that name."""
        document = self._world.store.get(self._kind.live, self._document_key(name))
        return None if document is None else self._kind.of(document)

    def put(self, item: ItemT) -> None:
        """Keeps the item, in place of what was known of it."""
        self._world.store.put(self._kind.live, self._document_key(item.name), item.document())

    def page(self, after: str, limit: int = -1) -> list[ItemT]:
        """At most ``limit`` whose names in lower case come after ``after``, in that order; -1 is all."""
        rows = self._world.store.scan(self._kind.live, self._prefix, self._prefix + after, limit)
        return [self._kind.of(document) for _, document in rows]

    def find_deleted(self, name: str) -> Deleted[ItemT] | None:
        """The soft-deleted one of that name; one whose time is over is purged and gone."""
        document = self._world.store.get(self._kind.deleted, self._document_key(name))
        if document is None:
            return None
        deleted = self._deleted_of(document)
        if deleted.purge > self.now():
            return deleted
        self.purge(name)
        return None

    def soft_delete(self, item: ItemT, retention_days: int) -> Deleted[ItemT]:
        """Takes the item out of use and keeps it for that long."""
        now = self.now()
        deleted = Deleted(item, deleted=now, purge=now + retention_days * _SECONDS_A_DAY)
        document = {"item": item.document(), "deleted": deleted.deleted, "purge": deleted.purge}
        with self.transaction():
            self._world.store.put(self._kind.deleted, self._document_key(item.name), document)
            self._world.store.delete(self._kind.live, self._document_key(item.name))
        return deleted

    def recover(self, deleted: Deleted[ItemT]) -> None:
        """Puts a soft-deleted one back into use as it was."""
        with self.transaction():
            self.put(deleted.item)
            self.purge(deleted.item.name)

    def purge(self, name: str) -> None:
        """Forgets a soft-deleted one."""
        self._world.store.delete(self._kind.deleted, self._document_key(name))

    def deleted_page(self, after: str, limit: int) -> list[Deleted[ItemT]]:
        """As :meth:`page`, of the soft-deleted ones whose time is not over."""
        rows = self._world.store.scan(self._kind.deleted, self._prefix, self._prefix + after)
        alive = (deleted for _, document in rows if (deleted := self._deleted_of(document)).purge > self.now())
        return [deleted for deleted, _ in zip(alive, range(limit), strict=False)]

    def forget(self) -> None:
        """The container is purged, and whatever was in it."""
        for collection in (self._kind.live, self._kind.deleted):
            self._world.store.delete_prefix(collection, self._prefix)

    def _document_key(self, name: str) -> str:
        return self._prefix + name.lower()

    def _deleted_of(self, document: dict[str, Any]) -> Deleted[ItemT]:
        return Deleted(self._kind.of(document["item"]), document["deleted"], document["purge"])
