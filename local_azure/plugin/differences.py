"""Differences between two sets of inputs, and what they do to a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local_azure.plugin.resource_types import ResourceType


class Kind(Enum):
    """What happens to a property."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True)
class Difference:
    """One property that differs."""

    path: str
    """As the engine writes it: ``subnets[0].addressPrefix``."""
    kind: Kind
    replaces: bool = False

    @property
    def property(self) -> str:
        """The top-level property that it lies in."""
        return self.path.partition(".")[0].partition("[")[0]


def differences(
    resource_type: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any], old_outputs: Mapping[str, Any]
) -> list[Difference]:
    """How the new inputs differ from the old ones, in the order of their paths.

    Properties whose names begin with two underscores are the provider's own and do not count; locations and names of
    resource groups are compared as Azure compares them. To set what the service had chosen itself replaces nothing.
    """
    forced = {*resource_type.path_parameters, *resource_type.force_new}
    found: list[Difference] = []
    for each in _in_objects(old, new, "", "", forced):
        name = each.path
        if name in _SAME and name in old and name in new and _SAME[name](old[name], new[name]):
            continue
        if each.kind is Kind.ADD and each.replaces and name in new and old_outputs.get(name) == new[name]:
            found.append(Difference(name, Kind.ADD))
        else:
            found.append(each)
    return sorted(found, key=lambda each: each.path)


def normal_location(location: Any) -> Any:
    """``East US 2`` and ``eastus2`` are the same place."""
    return location.lower().replace(" ", "") if isinstance(location, str) else location


def _same_location(old: Any, new: Any) -> bool:
    return bool(normal_location(old) == normal_location(new))


def _same_group(old: Any, new: Any) -> bool:
    return isinstance(old, str) and isinstance(new, str) and old.lower() == new.lower()


_SAME = {"location": _same_location, "resourceGroupName": _same_group}


def _in_objects(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str, pattern: str, forced: Set[str]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if name.startswith("__"):
            continue
        here, kind = f"{path}{name}", f"{pattern}{name}"
        if name not in new:
            yield Difference(here, Kind.DELETE, kind in forced)
        elif name not in old:
            yield Difference(here, Kind.ADD, kind in forced)
        else:
            yield from _in_values(old[name], new[name], here, kind, forced)


def _in_values(old: Any, new: Any, path: str, pattern: str, forced: Set[str]) -> Iterator[Difference]:
    replaces = pattern in forced
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for each in _in_objects(old, new, path + ".", pattern + ".", forced):
            yield Difference(each.path, each.kind, each.replaces or (replaces and each.kind is Kind.UPDATE))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(old, new, path, pattern, forced)
    elif (type(old) is not type(new) and not _numbers(old, new)) or old != new:
        yield Difference(path, Kind.UPDATE, replaces)


def _in_lists(old: list[Any], new: list[Any], path: str, pattern: str, forced: Set[str]) -> Iterator[Difference]:
    for index in range(max(len(old), len(new))):
        here = f"{path}[{index}]"
        if index >= len(old):
            yield Difference(here, Kind.ADD)
        elif index >= len(new):
            yield Difference(here, Kind.DELETE)
        else:
            yield from _in_values(old[index], new[index], here, pattern + "[]", forced)


def _numbers(old: Any, new: Any) -> bool:
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in (old, new))
