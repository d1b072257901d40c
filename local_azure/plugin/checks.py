"""Check: what the provider fills in where the program says nothing, and what it refuses before any call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_azure.plugin.naming import Proposal, automatic_name
from local_azure.plugin.resource_types import ResourceType
from local_azure.plugin.shapes import Property, Shape, Shapes
from local_azure.plugin.values import UNKNOWN, Values, has_unknown

CREATE_BEFORE_DELETE = "__createBeforeDelete"
"""Beside the inputs in the state: the name was made up, so a replacement can be made first."""

_SET_LOCATION = ". Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'."


@dataclass(frozen=True)
class Failure:
    """An input that is refused."""

    property: str
    reason: str


@dataclass(frozen=True)
class Defaults:
    """Where values come from that the program leaves out."""

    urn: str
    seed: bytes
    proposal: Proposal | None
    location: str | None
    """The provider's configuration."""
    group_location: Callable[[str], str | None]
    """Asks ARM where a resource group is."""


def with_defaults(
    resource_type: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any], defaults: Defaults
) -> Values:
    """The new inputs with name, location and api-version filled in; what was filled in before stays."""
    inputs = dict(new)
    name = resource_type.name_parameter
    if name not in inputs:
        if name in old:
            inputs[name] = old[name]
            if old.get(CREATE_BEFORE_DELETE):
                inputs[CREATE_BEFORE_DELETE] = True
        elif named := automatic_name(resource_type.auto_name, defaults.urn, defaults.seed, defaults.proposal):
            inputs[name] = named[0]
            if named[1]:
                inputs[CREATE_BEFORE_DELETE] = True
    if "location" not in inputs and "location" in resource_type.shape.inputs:
        location = _location(old, inputs, defaults)
        if location is not None:
            inputs["location"] = location
    inputs.setdefault("azureApiVersion", resource_type.api_version)
    return inputs


def failures(resource_type: ResourceType, inputs: Mapping[str, Any]) -> list[Failure]:
    """Everything that the inputs lack or have in a wrong form; what is not known yet passes."""
    found = [_missing(name) for name in resource_type.path_parameters if name not in inputs]
    for name in resource_type.path_parameters:
        value = inputs.get(name)
        if value is not None and value is not UNKNOWN and (not isinstance(value, str) or not value):
            found.append(Failure(name, f"'{name}' should be of type 'string' and not empty"))
    for each in _in_object(resource_type.shapes, resource_type.shape, inputs, ""):
        found.append(Failure(each.property, each.reason + (_SET_LOCATION if each.property == "location" else "")))
    return found


def _location(old: Mapping[str, Any], new: Mapping[str, Any], defaults: Defaults) -> Any:
    if "location" in old:
        return old["location"]
    if defaults.location is not None:
        return defaults.location
    group = new.get("resourceGroupName")
    if has_unknown(group):
        return UNKNOWN
    return defaults.group_location(group) if isinstance(group, str) else None


def _in_object(shapes: Shapes, shape: Shape, values: Mapping[str, Any], path: str) -> Iterator[Failure]:
    for name, each in shape.inputs.items():
        here = f"{path}{name}"
        if name in values:
            yield from _in_property(shapes, each, values[name], here)
        elif each.is_required:
            yield _missing(here)


def _in_property(shapes: Shapes, each: Property, value: Any, path: str) -> Iterator[Failure]:
    if each.shape is None or value is UNKNOWN:
        return
    if each.kind == "set":
        if not isinstance(value, list):
            yield Failure(path, f"'{path}' should be of type 'array'")
        return
    inner = shapes[each.shape]
    if each.kind == "list":
        if not isinstance(value, list):
            yield Failure(path, f"'{path}' should be of type 'array'")
            return
        elements: list[tuple[str, Any]] = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        elements = [(path, value)]
    for here, item in elements:
        if isinstance(item, Mapping):
            yield from _in_object(shapes, inner, item, here + ".")
        elif item is not UNKNOWN:
            yield Failure(here, f"'{here}' should be of type 'object'")


def _missing(path: str) -> Failure:
    return Failure(path, f"missing required property '{path}'")
