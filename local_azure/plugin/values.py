"""Property values between the engine's wire form and plain Python.

See "Pulumi resource provider protocol, property values": secrets and other special values are objects that carry a
signature; what is not known yet is a string that stands for it, one for each type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local_azure.plugin.protocol import struct_pb2

Values = dict[str, Any]


class Unknown:
    """A value that is known only after an update."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()

_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_STRINGS = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's mark of a secret, none itself


def from_struct(struct: struct_pb2.Struct) -> Values:
    """The values, without those that are null; whole numbers are integers; secrets are opened."""
    return {name: value for name, wire in struct.fields.items() if (value := _from_value(wire)) is not None}


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The wire form; None is left out."""
    struct = struct_pb2.Struct()
    for name, value in values.items():
        if value is not None:
            struct.fields[name].CopyFrom(_to_value(value))
    return struct


def has_unknown(value: object) -> bool:
    """Whether anything in it is not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(has_unknown(each) for each in value)
    return value is UNKNOWN


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text in _UNKNOWN_STRINGS else text
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_from_value(each) for each in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
                return _from_value(fields["value"])
            return from_struct(value.struct_value)
        case _:
            return None


def _to_value(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN_STRING)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case list() | tuple():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_to_value(each) for each in value]))
        case Mapping():
            return struct_pb2.Value(struct_value=to_struct(value))
        case _:
            raise TypeError(f"{type(value).__name__} is no property value")
