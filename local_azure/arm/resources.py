"""The resources that exist: one document each, in a collection by type, found by id without regard to case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local_azure.arm import ids
from local_azure.core.http import JsonObject
from local_azure.core.world import World


@dataclass
class Stored:
    """A resource as ARM shows it, and what belongs to it but is never shown."""

    resource: JsonObject
    hidden: JsonObject = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its resource id."""
        return str(self.resource["id"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.resource["name"])

    @property
    def location(self) -> str:
        """Its region; empty where it has none."""
        return str(self.resource.get("location", ""))

    @property
    def properties(self) -> JsonObject:
        """The part of it that its provider describes."""
        found: JsonObject = self.resource.setdefault("properties", {})
        return found


class Resources:
    """Finds, writes and removes resources of one world."""

    def __init__(self, world: World) -> None:
        self._store = world.store

    def find(self, resource_id: str) -> Stored | None:
        """The resource of that id."""
        document = self._store.get(_collection(ids.type_of(resource_id)), _key(resource_id))
        return None if document is None else Stored(**document)

    def put(self, stored: Stored) -> None:
        """Writes the resource, in place of an earlier one."""
        document: dict[str, Any] = {"resource": stored.resource, "hidden": stored.hidden}
        self._store.put(_collection(ids.type_of(stored.id)), _key(stored.id), document)

    def remove(self, resource_id: str) -> None:
        """Removes the resource; nothing happens where there is none."""
        self._store.delete(_collection(ids.type_of(resource_id)), _key(resource_id))

    def of_type(self, type_name: str, scope: str = "") -> list[Stored]:
        """The resources of a type that lie within a scope, in the order of their ids."""
        prefix = f"{_key(scope)}/" if scope.strip("/") else ""
        return [Stored(**document) for _, document in self._store.scan(_collection(type_name), prefix)]


def _collection(type_name: str) -> str:
    return f"arm.{type_name.lower()}"


def _key(resource_id: str) -> str:
    return resource_id.rstrip("/").lower()
