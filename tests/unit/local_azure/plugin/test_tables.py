from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pulumi import _types

from local_azure.plugin import tables
from local_azure.plugin.resource_types import Function, ResourceType
from local_azure.plugin.shapes import Property, Shape, Shapes

TYPES = list(tables.all_resource_types())
FUNCTIONS = list(tables.all_functions())


def _sdk(token: str) -> tuple[type, type]:
    module, _, name = token.partition(":")
    package = importlib.import_module(f"pulumi_azure_native.{module}")
    arguments = getattr(package, f"{name}InitArgs", None) or getattr(package, f"{name}Args")
    return getattr(package, name), arguments


def _function_name(function: Function) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function.token.partition(":")[2]).lower().replace("m_h_s_m", "mhsm")


def _sdk_function(function: Function) -> Any:
    module, name = function.token.partition(":")[0], _function_name(function)
    return getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)


def _element(hint: Any) -> tuple[str, type | None]:
    """one, list, map or plain, and the class of the objects in it."""
    if isinstance(hint, type) and (_types.is_input_type(hint) or _types.is_output_type(hint)):
        return "one", hint
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        found = [_element(each) for each in arguments if each is not NoneType]
        return next((each for each in found if each[1] is not None), found[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return ("map", _element(arguments[1])[1])
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return ("list", _element(arguments[0])[1])
    return "plain", None


def _required(arguments: type) -> set[str]:
    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters.values()  # type: ignore[misc]
    return {
        names[each.name]
        for each in parameters
        if each.kind is inspect.Parameter.KEYWORD_ONLY and each.default is inspect.Parameter.empty
    }


def _differences(
    shapes: Shapes, shape: Shape, sdk_inputs: type | None, outputs: Mapping[str, Any], seen: set[Any], path: str
) -> Iterator[str]:
    inputs = {} if sdk_inputs is None else _types.input_type_types(sdk_inputs)
    if sdk_inputs is not None:
        for name in set(shape.inputs) ^ set(inputs):
            yield f"{path}.{name}: an input of {'the SDK' if name in inputs else 'the table'} only"
        required = {name for name, each in shape.inputs.items() if each.is_required}
        yield from (f"{path}.{name}: required?" for name in required ^ _required(sdk_inputs))
    for name in (set(shape.outputs) ^ set(outputs)) if outputs else ():
        yield f"{path}.{name}: an output of {'the SDK' if name in outputs else 'the table'} only"
    for name, each in shape.properties.items():
        yield from _below(shapes, each, inputs.get(name), outputs.get(name), seen, f"{path}.{name}")


def _below(
    shapes: Shapes, each: Property, input_hint: Any, output_hint: Any, seen: set[Any], path: str
) -> Iterator[str]:
    if input_hint is None and output_hint is None:
        return
    found_in, found_out = _element(input_hint), _element(output_hint)
    kinds = {kind for kind, of in (found_in, found_out) if of is not None}
    if each.kind == "set":
        if found_in[0] != "list" or kinds != {"map"}:
            yield f"{path}: no set"
        found_in = ("plain", None)
    elif bool(kinds) != (each.shape is not None):
        yield f"{path}: {kinds or 'plain'} in the SDK, {each.shape} in the table"
        return
    elif kinds and kinds != {each.kind}:
        yield f"{path}: {kinds} in the SDK, {each.kind} in the table"
    if each.shape is None or (each.shape, found_in[1], found_out[1]) in seen:
        return
    seen.add((each.shape, found_in[1], found_out[1]))
    outputs = {} if found_out[1] is None else _types.output_type_types(found_out[1])
    yield from _differences(shapes, shapes[each.shape], found_in[1], outputs, seen, path)


@pytest.mark.parametrize("resource_type", TYPES, ids=lambda each: each.token)
def test_a_type_has_the_inputs_and_outputs_of_the_sdk_at_every_depth(resource_type: ResourceType) -> None:
    resource, arguments = _sdk(resource_type.token)
    # The path's parameters are inputs beside those of the body; the SDK does not ask for what is filled in.
    sdk_inputs = set(_types.input_type_types(arguments))
    assert resource_type.inputs == sdk_inputs
    filled_in = {resource_type.name_parameter, "location"}
    required = {name for name, each in resource_type.shape.inputs.items() if each.is_required}
    assert ({*required, *resource_type.path_parameters} - filled_in) == _required(arguments) - filled_in
    assert resource_type.outputs == set(_types.resource_types(resource))
    problems: list[str] = []
    seen: set[Any] = set()
    hints, outputs = _types.input_type_types(arguments), _types.resource_types(resource)
    for name, each in resource_type.shape.properties.items():
        input_hint = hints.get(name) if each.is_input else None
        problems += _below(resource_type.shapes, each, input_hint, outputs.get(name), seen, name)
    assert problems == []


@pytest.mark.parametrize("resource_type", TYPES, ids=lambda each: each.token)
def test_a_type_has_the_api_version_of_the_sdk(resource_type: ResourceType) -> None:
    resource, _ = _sdk(resource_type.token)
    source = inspect.getsource(inspect.getmodule(resource))  # type: ignore[arg-type]
    assert f"Uses Azure REST API version {resource_type.api_version}." in source


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.token)
def test_a_function_takes_and_answers_what_the_sdk_says(function: Function) -> None:
    called = _sdk_function(function)
    source = inspect.getsource(inspect.getmodule(called))  # type: ignore[arg-type]
    assert f"Uses Azure REST API version {function.api_version}." in source
    arguments = set(re.findall(r"__args__\['(\w+)'\]", inspect.getsource(called)))
    assert {*function.path_parameters, *function.query} == arguments
    result = inspect.getmodule(called).__dict__[re.search(r"typ=(\w+)\)", inspect.getsource(called))[1]]  # type: ignore[index]
    outputs = set(function.shapes[function.shape].outputs)
    if function.is_resource:
        outputs |= {"id", "azureApiVersion"}
    assert outputs == set(_types.output_type_types(result))


def test_every_shape_that_is_named_is_there_and_every_one_that_is_there_is_named() -> None:
    for service in tables.SERVICES:
        table = importlib.import_module(f"local_azure.plugin.tables.{service}")
        shapes: Shapes = table.SHAPES
        named = {each.token for each in table.RESOURCE_TYPES} | {each.shape for each in getattr(table, "FUNCTIONS", ())}
        for name in shapes.names:
            named |= {each.shape for each in shapes[name].properties.values() if each.shape}
        assert named == shapes.names


def test_a_malformed_shape_is_refused() -> None:
    from local_azure.plugin.shapes import parse

    with pytest.raises(ValueError, match="'na-me' is no property"):
        parse("id na-me")
    with pytest.raises(ValueError, match="'id' is no property, or one that was there before"):
        parse("id id")


def test_names_that_are_left_out_follow_the_rule_of_the_real_plugin() -> None:
    names = {each.token: each.auto_name.value for each in TYPES}
    assert {token for token, kind in names.items() if kind == "uuid"} == {"authorization:RoleAssignment"}
    assert names["network:VirtualNetwork"] == "random"
    assert names["monitor:DiagnosticSetting"] == "random"
    assert names["network:Subnet"] == "copy"
    assert names["privatedns:PrivateRecordSet"] == "copy"
