"""What the configuration can say and the program does not do: refused, so that nobody believes that it was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic.alias_generators import to_snake

from config.problems import Problem
from config.settings import NAMESPACE, Settings

NOT_CARRIED_OUT: tuple[str, ...] = ()
"""The keys that nothing follows from (``*``: every entry)."""


def problems(settings: Settings) -> Iterator[Problem]:
    """A line for each key that is set and not carried out."""
    for pattern in NOT_CARRIED_OUT:
        section, *steps = pattern.split(".")
        for path in _paths(getattr(settings, to_snake(section)), steps, f"{NAMESPACE}:{section}"):
            yield Problem(path, "is not carried out yet; leave it out")


def _paths(value: object, steps: list[str], path: str) -> Iterator[str]:
    """The paths of what is set at ``steps`` below ``value``."""
    if not value:
        return
    if not steps:
        yield path
        return
    step, *rest = steps
    if step != "*":
        yield from _paths(getattr(value, to_snake(step), None), rest, f"{path}.{step}")
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _paths(entry, rest, f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from _paths(entry, rest, f"{path}[{index}]")
