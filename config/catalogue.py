"""Every key of the configuration as a tree: what each one means and accepts, for messages and for the reference.

Made by walking the models, so that it cannot differ from them.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from config.settings import Settings

ANY = "*"
"""The child that stands for every item of a list and every entry of a mapping."""


@dataclass(frozen=True)
class Node:
    """A key of the configuration, or one of several forms that a key's value may have (children named ``<form>``)."""

    info: FieldInfo | None = None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def accepted(self) -> str:
        """What the key accepts, in plain words."""
        extra = self.info.json_schema_extra if self.info else None
        return str(extra["accepted"]) if isinstance(extra, dict) and "accepted" in extra else ""

    @property
    def example(self) -> Any:
        """A value that the key accepts."""
        return self.info.examples[0] if self.info and self.info.examples else None

    @property
    def required(self) -> bool:
        """Whether the key has to be there."""
        return self.info is not None and self.info.is_required()


@cache
def root() -> Node:
    """The tree of the whole configuration."""
    return Node(children=_children(Settings))


def find(location: Sequence[int | str]) -> Node:
    """The node of a location as pydantic tells it; a node without a field where there is none."""
    node = root()
    for step in location:
        children = node.children
        node = children.get(str(step), Node()) if str(step) in children else children.get(ANY, Node())
    return node


def known_keys(location: Sequence[int | str]) -> list[str]:
    """The keys that a mapping at this location may have."""
    children = find(location).children
    return [name for name in children if name != ANY and not is_form(name)]


def is_form(step: int | str) -> bool:
    """Whether a step of a location names one of several forms of a value instead of a key."""
    return isinstance(step, str) and step.startswith("<") and step.endswith(">")


def _children(annotation: Any) -> dict[str, Node]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {
            info.alias or name: Node(info, _children(info.annotation)) for name, info in annotation.model_fields.items()
        }
    origin = get_origin(annotation)
    if origin is Annotated:
        return _children(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return dict(_forms(get_args(annotation)))
    if origin in (tuple, dict):
        item = get_args(annotation)[0 if origin is tuple else 1]
        return {ANY: Node(children=_children(item))}
    return {}


def _forms(members: Sequence[Any]) -> Iterator[tuple[str, Node]]:
    for member in members:
        tag = next((mark.tag for mark in getattr(member, "__metadata__", ()) if isinstance(mark, Tag)), None)
        if tag is None:
            yield from _children(member).items()
        else:
            yield tag, Node(children=_children(member))
