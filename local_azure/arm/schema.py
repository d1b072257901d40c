"""What a resource's JSON may hold, declared field by field, and the checking of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject

Kind = Literal["string", "boolean", "integer", "object", "array", "map", "any"]
Fields = Mapping[str, "Field"]


class Invalid(Exception):
    """A value is not what the field takes; ``path`` is dotted, ``message`` a sentence."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


class Changed(Exception):
    """A field that cannot be changed would be."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True)
class Field:
    """One field: its kind and what the service makes of it."""

    kind: Kind = "string"
    required: bool = False
    read_only: bool = False
    """The service writes it; clients may send it back, to no effect."""
    immutable: bool = False
    write_only: bool = False
    """Taken, and neither kept nor shown: passwords."""
    default: Any = None
    """What the service takes where the client says nothing; None: nothing."""
    values: tuple[str, ...] = ()
    """All that a string may be; case does not matter and is put right."""
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    fields: Fields | None = None
    """Of an object."""
    items: Field | None = None
    """Of an array, or of the values of a map."""


STRING = Field()
BOOLEAN = Field("boolean")
INTEGER = Field("integer")
ANYTHING = Field("any")
"""Kept as it comes: parts of a resource that the local Azure stores without looking into them."""
READ_ONLY = Field("any", read_only=True)
STRINGS = Field("array", items=STRING)
STRING_MAP = Field("map", items=STRING)
REFERENCE = Field("object", fields={"id": Field(required=True)})
"""``{"id": …}``: another resource."""
EMBEDDED_REFERENCE = Field("object", fields={"id": Field(required=True), "properties": ANYTHING})
"""A reference where the API description has the whole resource: Azure takes the rest and looks at the id alone."""


def obj(required: bool = False, read_only: bool = False, default: Any = None, **fields: Field) -> Field:
    """An object with these fields and no others."""
    return Field("object", required=required, read_only=read_only, default=default, fields=fields)


def array(items: Field, **options: Any) -> Field:
    """An array of such items."""
    return replace(Field("array", items=items), **options)


def choice(*values: str, **options: Any) -> Field:
    """A string that is one of these."""
    return replace(Field(values=values), **options)


def clean(fields: Fields, value: JsonObject, path: str = "") -> JsonObject:
    """The object as the service takes it: known names, right kinds, defaults put in, read-only fields left out.

    Raises Invalid; NotPlayed for a field that the local Azure does not know.
    """
    names = {name.lower(): name for name in fields}
    result: JsonObject = {}
    for given, item in value.items():
        name = names.get(given.lower())
        where = f"{path}.{given}" if path else given
        if name is None:
            raise NotPlayed(f"the property '{where}'")
        if item is None or fields[name].read_only:
            continue
        result[name] = _checked(fields[name], item, where)
    for name, field in fields.items():
        where = f"{path}.{name}" if path else name
        if name not in result and field.default is not None and not field.read_only:
            result[name] = _checked(field, copy.deepcopy(field.default), where)
        if field.required and name not in result:
            raise Invalid(where, f"The required property '{where}' is missing.")
    return result


def refuse_changes(fields: Fields, new: JsonObject, old: JsonObject, path: str = "") -> None:
    """Raises Changed where a field that is immutable differs; leaving it out is no change."""
    for name, field in fields.items():
        if name not in new or name not in old:
            continue
        where = f"{path}.{name}" if path else name
        if field.immutable and _comparable(new[name]) != _comparable(old[name]):
            raise Changed(where)
        if field.kind == "object" and field.fields is not None:
            refuse_changes(field.fields, new[name], old[name], where)


def carry_over(fields: Fields, new: JsonObject, old: JsonObject) -> None:
    """Puts what the service wrote, and what cannot be changed, from the old object into the new one."""
    for name, field in fields.items():
        if name in old and name not in new and (field.read_only or field.immutable):
            new[name] = old[name]
        elif name in old and name in new and field.kind == "object" and field.fields is not None:
            carry_over(field.fields, new[name], old[name])


def keep_unchangeable(fields: Fields, new: JsonObject, old: JsonObject) -> JsonObject:
    """The new object with what cannot be changed taken from the old one where it says nothing: no default for that."""
    given = {name.lower() for name in new}
    result = dict(new)
    for name, field in fields.items():
        if field.immutable and name.lower() not in given and name in old:
            result[name] = old[name]
        elif field.kind == "object" and field.fields is not None and isinstance(new.get(name), dict) and name in old:
            result[name] = keep_unchangeable(field.fields, new[name], old[name])
    return result


def shown(fields: Fields, value: JsonObject) -> JsonObject:
    """The object without what is taken but never kept."""
    result: JsonObject = {}
    for name, item in value.items():
        field = fields.get(name)
        if field is not None and field.write_only:
            continue
        if field is not None and field.kind == "object" and field.fields is not None and isinstance(item, dict):
            item = shown(field.fields, item)
        result[name] = item
    return result


def merged(old: JsonObject, patch: JsonObject) -> JsonObject:
    """RFC 7396: objects merge, null removes, everything else replaces."""
    result = dict(old)
    for name, item in patch.items():
        if item is None:
            result.pop(name, None)
        elif isinstance(item, dict):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, dict) else {}, item)
        else:
            result[name] = item
    return result


def _checked(field: Field, item: Any, where: str) -> Any:
    match field.kind:
        case "any":
            return item
        case "string":
            return _string(field, item, where)
        case "boolean":
            return _boolean(item, where)
        case "integer":
            return _integer(field, item, where)
        case "object":
            _of_kind(dict, "object", item, where)
            return clean(field.fields or {}, item, where)
        case "map":
            _of_kind(dict, "object", item, where)
            return {name: _checked(field.items or ANYTHING, each, f"{where}.{name}") for name, each in item.items()}
        case "array":
            _of_kind(list, "array", item, where)
            return [_checked(field.items or ANYTHING, each, f"{where}[{at}]") for at, each in enumerate(item)]


def _string(field: Field, item: Any, where: str) -> str:
    text: str = _of_kind(str, "string", item, where)
    if field.values:
        for value in field.values:
            if value.lower() == text.lower():
                return value
        raise Invalid(
            where, f"The value '{text}' of '{where}' is invalid. Allowed values are: {_listed(field.values)}."
        )
    if field.pattern is not None and not re.fullmatch(field.pattern, text):
        raise Invalid(where, f"The value '{text}' of '{where}' is invalid.")
    return text


def _boolean(item: Any, where: str) -> bool:
    """The providers read JSON as .NET does: a string that spells a boolean is one."""
    if isinstance(item, str) and item.lower() in ("true", "false"):
        return item.lower() == "true"
    return bool(_of_kind(bool, "boolean", item, where))


def _integer(field: Field, item: Any, where: str) -> int:
    """A string that spells an integer is one, as .NET reads it (azure-cli sends retention days so); 28.0 is none."""
    if isinstance(item, str) and re.fullmatch(r"-?[0-9]{1,10}", item):
        item = int(item)
    if isinstance(item, bool) or not isinstance(item, int):
        raise Invalid(where, f"The value of '{where}' must be an integer.")
    low, high = field.minimum, field.maximum
    if (low is not None and item < low) or (high is not None and item > high):
        raise Invalid(where, f"The value {item} of '{where}' is out of range. It must be between {low} and {high}.")
    return item


def _of_kind(kind: type, name: str, item: Any, where: str) -> Any:
    if not isinstance(item, kind):
        raise Invalid(where, f"The value of '{where}' must be of type {name}.")
    return item


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _comparable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
