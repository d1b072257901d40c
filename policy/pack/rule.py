"""What a rule is: why it is there, what it looks at, how it is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Settings = Mapping[str, Any]
"""What the configuration of the pack says for a rule."""
Level = Literal["mandatory", "advisory"]


class Unknown:
    """A value that only the update will know."""

    def __repr__(self) -> str:
        return "not known yet"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Declared:
    """A resource as the program declares it."""

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    """Plain data; whatever is not known yet is UNKNOWN."""
    protected: bool = False

    def input(self, path: str) -> Any:
        """The input at a dotted path; None where there is none, UNKNOWN where only the update will know it."""
        value: Any = self.inputs
        for step in path.split("."):
            if value is UNKNOWN:
                return UNKNOWN
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def inputs_of(self, path: str) -> list[Any]:
        """What is known of the list at a dotted path; empty where there is none."""
        value = self.input(path)
        return [each for each in value if each is not UNKNOWN] if isinstance(value, list) else []


@dataclass(frozen=True)
class Violation:
    """Where a rule does not hold."""

    property: str
    found: str
    """What is there, in words."""
    at: Declared | None = None
    """The resource, where the rule looks at the whole stack."""


Check = Callable[[Sequence[Declared], Settings], Iterator[Violation]]


@dataclass(frozen=True)
class Option:
    """A setting of a rule."""

    default: Any
    schema: Mapping[str, Any]
    """JSON schema, without the default."""


@dataclass(frozen=True)
class Rule:
    """One rule. ``check`` is given one resource of ``types`` at a time, or the whole stack where there are no types."""

    name: str
    why: str
    """A sentence."""
    way_out: str
    """A sentence with the configuration key that mends it."""
    check: Check
    types: tuple[str, ...] = ()
    level: Level = "mandatory"
    options: Mapping[str, Option] = field(default_factory=dict)

    def settings(self, given: Settings) -> Settings:
        """What is given, with the defaults for what is not."""
        return {**{name: option.default for name, option in self.options.items()}, **given}

    def violations(self, resources: Sequence[Declared], given: Settings) -> list[Violation]:
        """Where the rule does not hold among these resources."""
        return list(self.check(resources, self.settings(given)))

    def message(self, violation: Violation) -> str:
        """What a reviewer reads below the reason, in one line."""
        where = f"{violation.at.name}, " if violation.at else ""
        return f"{where}{violation.property}: {violation.found}. {self.way_out}"
