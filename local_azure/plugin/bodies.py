"""Inputs to REST bodies, REST bodies to outputs, outputs back to inputs: all by the shapes of a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local_azure.core.http import JsonObject
from local_azure.plugin.shapes import Property, Shape, Shapes
from local_azure.plugin.values import Values

_Convert = Callable[[Shape, Mapping[str, Any]], Values]


def to_body(shapes: Shapes, shape: Shape, inputs: Mapping[str, Any]) -> JsonObject:
    """The REST body that sets these inputs. What the shape does not know is left out, as azure-native does."""
    body: JsonObject = {}
    for name, each in shape.inputs.items():
        if name in inputs:
            inner = body if each.container is None else body.setdefault(each.container, {})
            inner[each.wire] = _wire_value(shapes, each, inputs[name])
    return body


def to_outputs(shapes: Shapes, shape: Shape, body: Mapping[str, Any]) -> Values:
    """The outputs that a REST body holds; nulls are left out."""
    outputs: Values = {}
    for name, each in shape.outputs.items():
        inner = body if each.container is None else body.get(each.container)
        value = inner.get(each.wire) if isinstance(inner, Mapping) else None
        if value is not None:
            outputs[name] = convert(shapes, each, value, lambda shape, values: to_outputs(shapes, shape, values))
    return outputs


def to_inputs(shapes: Shapes, shape: Shape, outputs: Mapping[str, Any]) -> Values:
    """The part of the outputs that a program could have set."""
    inputs: Values = {}
    for name, each in shape.inputs.items():
        if name in outputs:
            value = outputs[name]
            if each.kind == "set" and isinstance(value, Mapping):
                inputs[name] = sorted(value)
            else:
                inputs[name] = convert(shapes, each, value, lambda shape, values: to_inputs(shapes, shape, values))
    return inputs


def convert(shapes: Shapes, each: Property, value: Any, object_to: _Convert) -> Any:
    """The value with ``object_to`` applied to every object of the property's shape in it; others pass as they are."""
    if each.shape is None:
        return value
    inner = shapes[each.shape]
    if each.kind == "one":
        return object_to(inner, value) if isinstance(value, Mapping) else value
    if each.kind == "list":
        if not isinstance(value, list):
            return value
        return [object_to(inner, item) if isinstance(item, Mapping) else item for item in value]
    if not isinstance(value, Mapping):
        return value
    return {key: object_to(inner, item) if isinstance(item, Mapping) else item for key, item in value.items()}


def without_empty(value: Any) -> Any:
    """The value without empty objects and lists in it; None where nothing is left."""
    if isinstance(value, Mapping):
        kept = {key: inner for key, item in value.items() if (inner := without_empty(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return [inner for item in value if (inner := without_empty(item)) is not None] or None
    return value


def _wire_value(shapes: Shapes, each: Property, value: Any) -> Any:
    if each.kind == "set":
        return {item: {} for item in value} if isinstance(value, list) else value
    return convert(shapes, each, value, lambda shape, values: to_body(shapes, shape, values))
