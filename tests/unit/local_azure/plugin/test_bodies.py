from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_azure.plugin import previews, tables
from local_azure.plugin.bodies import to_body, to_inputs, to_outputs, without_empty
from local_azure.plugin.differences import differences
from local_azure.plugin.drift import apply_drift
from local_azure.plugin.resource_types import ResourceType
from local_azure.plugin.shapes import Property, Shape, Shapes
from local_azure.plugin.values import UNKNOWN, Values, from_struct, has_unknown, to_struct

TYPES = list(tables.all_resource_types())
DEPTH = 3
PLAIN = st.one_of(st.booleans(), st.integers(-(2**31), 2**31), st.text("abcXYZ1é", max_size=4), st.just(["a", "b"]))


@st.composite
def _inputs(draw: st.DrawFn, shapes: Shapes, shape: Shape, depth: int = DEPTH) -> Values:
    """Some of the properties that are inputs and outputs, with values of their shapes."""
    names = [name for name, each in shape.properties.items() if each.is_input and each.is_output]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4)) if names else []
    return {name: draw(_value(shapes, shape.properties[name], depth)) for name in chosen}


def _value(shapes: Shapes, each: Property, depth: int) -> st.SearchStrategy[Any]:
    if each.shape is None:
        return PLAIN
    if each.kind == "set":
        return st.lists(st.text("abc", min_size=1), unique=True).map(sorted)
    inner = _inputs(shapes, shapes[each.shape], depth - 1) if depth else st.just(dict[str, Any]())
    return {"one": inner, "list": st.lists(inner, max_size=2), "map": st.dictionaries(st.text("k"), inner, max_size=2)}[
        each.kind
    ]


@st.composite
def _resources(draw: st.DrawFn) -> tuple[ResourceType, Values]:
    resource_type = draw(st.sampled_from(TYPES))
    return resource_type, draw(_inputs(resource_type.shapes, resource_type.shape))


@given(_resources())
@settings(max_examples=300, deadline=None)
def test_what_is_sent_reads_back_as_it_was_set(resource: tuple[ResourceType, Values]) -> None:
    resource_type, inputs = resource
    shapes, shape = resource_type.shapes, resource_type.shape
    outputs = to_outputs(shapes, shape, to_body(shapes, shape, inputs))
    assert to_inputs(shapes, shape, outputs) == inputs


@given(_resources(), _resources())
@settings(max_examples=200, deadline=None)
def test_what_has_not_changed_in_azure_changes_no_input(
    resource: tuple[ResourceType, Values], other: tuple[ResourceType, Values]
) -> None:
    resource_type, inputs = resource
    assert apply_drift(inputs, other[1], other[1]) == inputs
    assert differences(resource_type, inputs, inputs, {}) == []


@given(_resources(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_refresh_that_saw_everything_leaves_the_live_values(
    resource: tuple[ResourceType, Values], data: st.DataObject
) -> None:
    resource_type, before = resource
    now = data.draw(_inputs(resource_type.shapes, resource_type.shape))
    assert apply_drift(before, before, now) == now


@given(_resources())
@settings(max_examples=200, deadline=None)
def test_every_difference_has_its_own_path_and_none_are_left_out(resource: tuple[ResourceType, Values]) -> None:
    resource_type, inputs = resource
    found = differences(resource_type, {}, inputs, {})
    assert [each.path for each in found] == sorted(inputs)
    assert {each.property for each in differences(resource_type, inputs, {}, {})} == set(inputs)


@given(_resources())
@settings(max_examples=200, deadline=None)
def test_a_preview_keeps_every_input_and_lacks_no_output(resource: tuple[ResourceType, Values]) -> None:
    resource_type, inputs = resource
    shapes, shape = resource_type.shapes, resource_type.shape
    made = previews.created(shapes, shape, inputs)
    assert set(made) == set(shape.outputs)
    assert all(made[name] is UNKNOWN for name in set(made) - set(inputs))
    old = to_outputs(shapes, shape, to_body(shapes, shape, inputs))
    assert not has_unknown(previews.updated(shapes, shape, inputs, old))
    assert previews.updated(shapes, shape, inputs, old) == old


@given(_resources())
@settings(max_examples=100, deadline=None)
def test_values_survive_the_way_to_the_engine_and_back(resource: tuple[ResourceType, Values]) -> None:
    assert from_struct(to_struct(resource[1])) == resource[1]


def test_secrets_are_opened_and_every_kind_of_unknown_is_known_as_such() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": {"a": 1}}
    number = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"
    assert from_struct(to_struct({"s": secret, "n": number, "gone": None, "half": 1.5})) == {
        "s": {"a": 1},
        "n": UNKNOWN,
        "half": 1.5,
    }


@pytest.mark.parametrize(
    ("value", "left"),
    [({"a": {}, "b": [{}], "c": 0}, {"c": 0}), ([], None), ("", ""), ({"a": {"b": [[], "x"]}}, {"a": {"b": ["x"]}})],
)
def test_an_import_leaves_empty_collections_out(value: Mapping[str, Any], left: Any) -> None:
    assert without_empty(value) == left
