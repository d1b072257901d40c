"""Shapes: what a JSON object is called in ARM's REST and in the Pulumi SDK, property by property.

A shape is written as one line of words::

    "id name etag! properties> addressPrefix natGateway:SubResource ipConfigurations!:[IPConfiguration]"

Each word is a property by its SDK name, followed by what sets it apart:

- ``=wire`` another name in the REST body,
- ``*`` required as an input, ``!`` only an output, ``+`` only an input,
- ``:Name`` an object of that shape, ``:[Name]`` a list and ``:{Name}`` a map of them,
- ``:set(Name)`` a list of strings as an input, on the wire and as an output a map with those keys.

``properties>`` says that the words after it lie in the REST object ``properties``, which the SDK flattens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Container = Literal["one", "list", "map", "set"]

_WORD = re.compile(
    r"(?P<name>\w+)(?:=(?P<wire>\w+))?(?P<flag>[*!+]?)"
    r"(?::(?:\[(?P<list>\w+)\]|\{(?P<map>\w+)\}|set\((?P<set>\w+)\)|(?P<one>\w+)))?"
)


@dataclass(frozen=True)
class Property:
    """One property of a shape."""

    name: str
    """In the SDK."""
    wire: str
    """In the REST body."""
    container: str | None
    """The REST object that it lies in, None at the top."""
    is_input: bool
    is_output: bool
    is_required: bool
    kind: Container = "one"
    shape: str | None = None
    """Name of the elements' shape; None for plain values, which pass as they are."""


@dataclass(frozen=True)
class Shape:
    """The properties of an object, by SDK name."""

    properties: Mapping[str, Property]

    @cached_property
    def inputs(self) -> Mapping[str, Property]:
        """What a program can set."""
        return {name: each for name, each in self.properties.items() if each.is_input}

    @cached_property
    def outputs(self) -> Mapping[str, Property]:
        """What a program can read."""
        return {name: each for name, each in self.properties.items() if each.is_output}


class Shapes:
    """The shapes of one service, by name; each is parsed when it is first asked for."""

    def __init__(self, *tables: Mapping[str, str]) -> None:
        """Later tables win."""
        self._texts = {name: text for table in tables for name, text in table.items()}
        self._parsed: dict[str, Shape] = {}

    @property
    def names(self) -> frozenset[str]:
        """Every shape that is there."""
        return frozenset(self._texts)

    def __getitem__(self, name: str) -> Shape:
        """KeyError where there is no such shape, ValueError where its text is malformed."""
        if name not in self._parsed:
            self._parsed[name] = parse(self._texts[name])
        return self._parsed[name]


def parse(text: str) -> Shape:
    """The shape that a text describes; ValueError names the word that is none."""
    properties: dict[str, Property] = {}
    container: str | None = None
    for word in text.split():
        if word.endswith(">"):
            container = word[:-1]
            continue
        match = _WORD.fullmatch(word)
        if match is None or match["name"] in properties:
            raise ValueError(f"'{word}' is no property, or one that was there before")
        properties[match["name"]] = _property(match, container)
    return Shape(properties)


def _property(match: re.Match[str], container: str | None) -> Property:
    kinds: tuple[Container, ...] = ("one", "list", "map", "set")
    kind: Container = next((each for each in kinds if match[each]), "one")
    return Property(
        name=match["name"],
        wire=match["wire"] or match["name"],
        container=container,
        is_input=match["flag"] != "!",
        is_output=match["flag"] != "+",
        is_required=match["flag"] == "*",
        kind=kind,
        shape=match[kind],
    )
