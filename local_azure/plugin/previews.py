"""Outputs as a preview shows them: what is set is known, what the service computes is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.plugin.bodies import convert, to_inputs
from local_azure.plugin.shapes import Property, Shape, Shapes
from local_azure.plugin.values import UNKNOWN, Values


def created(shapes: Shapes, shape: Shape, inputs: Mapping[str, Any]) -> Values:
    """The outputs of a resource that is yet to be made: every output that is no input is unknown, at any depth."""
    return {
        name: _created_value(shapes, each, inputs[name]) if name in inputs else UNKNOWN
        for name, each in shape.outputs.items()
    }


def updated(shapes: Shapes, shape: Shape, inputs: Mapping[str, Any], old: Mapping[str, Any]) -> Values:
    """The outputs of a resource that is yet to be changed.

    What was known stays known, or else whatever depends on an id or an address of it would preview as replaced.
    """
    outputs = {name: old[name] for name in shape.outputs if name in old}
    for name, each in shape.outputs.items():
        if name in inputs:
            outputs[name] = _updated_value(shapes, each, inputs[name], old.get(name))
    return outputs


def _updated_object(shapes: Shapes, shape: Shape, inputs: Mapping[str, Any], old: Mapping[str, Any]) -> Values:
    """As :func:`updated`; where plain values change, what was not there becomes unknown: an identity's principal."""
    outputs = updated(shapes, shape, inputs, old)
    if _plain_values_change(shape, inputs, to_inputs(shapes, shape, old)):
        return {**dict.fromkeys(shape.outputs, UNKNOWN), **outputs}
    return outputs


def _created_value(shapes: Shapes, each: Property, value: Any) -> Any:
    if each.kind == "set":
        return UNKNOWN
    return convert(shapes, each, value, lambda shape, values: created(shapes, shape, values))


def _updated_value(shapes: Shapes, each: Property, value: Any, old: Any) -> Any:
    if old is None:
        return _created_value(shapes, each, value)
    if each.shape is None:
        return value
    if each.kind == "set":
        return old if isinstance(value, list) and set(map(str, value)) == set(old) else UNKNOWN
    inner = shapes[each.shape]
    if each.kind == "one" and isinstance(value, Mapping) and isinstance(old, Mapping):
        return _updated_object(shapes, inner, value, old)
    if each.kind == "list" and isinstance(value, list) and isinstance(old, list) and len(value) == len(old):
        return [_updated_element(shapes, inner, new, before) for new, before in zip(value, old, strict=True)]
    return _created_value(shapes, each, value)


def _updated_element(shapes: Shapes, shape: Shape, value: Any, old: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    # An element of another name is another element: nothing of it is known yet.
    if isinstance(old, Mapping) and value.get("name") == old.get("name", value.get("name")):
        return _updated_object(shapes, shape, value, old)
    return created(shapes, shape, value)


def _plain_values_change(shape: Shape, inputs: Mapping[str, Any], old_inputs: Mapping[str, Any]) -> bool:
    return any(
        inputs[name] != old_inputs.get(name)
        for name, each in shape.inputs.items()
        if each.shape is None and name in inputs
    )
