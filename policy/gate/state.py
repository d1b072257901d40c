"""A resource before or after a step, and what is different between the two."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SECRET: Final = "[secret]"  # noqa: S105 - what the engine writes instead of one
"""What stands for a secret (``massagePropertyValue`` of the engine's display)."""
UNKNOWN: Final = frozenset(
    (
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    )
)
"""What stands for a value that a preview does not know (``sdk/go/common/resource/plugin/rpc.go``): boolean, number,
string, list, asset, archive, object."""
PROVIDER_KEY: Final = "__provider"
"""What the engine keeps among a dynamic resource's inputs: the class that carries it out."""

HIDDEN: Final = "[hidden]"
"""What the gate writes instead of what was a secret until now."""
PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
"""RFC 7468, and what OpenSSL and OpenSSH write."""

MISSING: Final = object()
"""No value at all."""

OPTIONS: Final = (
    "protect",
    "retainOnDelete",
    "deletedWith",
    "ignoreChanges",
    "additionalSecretOutputs",
    "resourceHooks",
    "external",
    "taint",
    "importID",
)
"""What the engine keeps of a resource besides its properties and that changes what happens to it."""


@dataclass(frozen=True)
class State:
    """A resource as the engine keeps it (``apitype.ResourceV3``)."""

    content: Mapping[str, Any]

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program asks for."""
        found: Mapping[str, Any] = self.content.get("inputs", {})
        return found

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the provider answered."""
        found: Mapping[str, Any] = self.content.get("outputs", {})
        return found

    @property
    def id(self) -> str:
        """The provider's id; empty where there is none yet."""
        return str(self.content.get("id", ""))

    @property
    def protected(self) -> bool:
        """Whether the engine refuses to delete it."""
        return self.content.get("protect") is True

    @property
    def retained(self) -> bool:
        """Whether a deletion only forgets it."""
        return self.content.get("retainOnDelete") is True

    @property
    def pending(self) -> bool:
        """Whether it waits for its deletion since a replacement."""
        return self.content.get("delete") is True

    def input(self, path: str) -> Any:
        """An input by its dotted path; None where there is none."""
        found: Any = self.inputs
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


@dataclass(frozen=True)
class Change:
    """One property that is different, or that the engine names without showing a difference."""

    path: str
    """Dotted, without the places in lists."""
    old: Any
    """MISSING where there was none."""
    new: Any
    """MISSING where there is none."""


def changes(old: State, new: State, reasons: tuple[str, ...]) -> list[Change]:
    """What is different among the inputs, and what the engine names besides (values that only it has seen)."""
    found = {change.path: change for change in _different("", old.inputs, new.inputs)}
    for reason in reasons:
        path = plain_path(reason)
        if not any(each == path or each.startswith(f"{path}.") or path.startswith(f"{each}.") for each in found):
            found[path] = Change(path, _at(old, path), _at(new, path))
    return [
        Change(path, change.old, hidden(change.new, among=_strings(change.old)))
        for path, change in sorted(found.items())
    ]


def hidden(value: Any, among: Sequence[str]) -> Any:
    """``value`` without what nobody may see: private keys, and where a secret stood whatever was not there before."""
    if isinstance(value, str):
        covered = SECRET in among and value not in among and value not in UNKNOWN
        return HIDDEN if covered or PRIVATE_KEY.search(value) else value
    if isinstance(value, Mapping):
        return {name: hidden(each, among) for name, each in value.items()}
    if isinstance(value, list):
        return [hidden(each, among) for each in value]
    return value


def texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text within a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from texts(f"{path}.{name}", each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from texts(f"{path}[{index}]", each)


def _strings(value: Any) -> list[str]:
    return [text for _, text in texts("", value)]


def options(old: State, new: State) -> list[Change]:
    """What is different among what the engine keeps besides the properties."""
    pairs = [(name, old.content.get(name, MISSING), new.content.get(name, MISSING)) for name in OPTIONS]
    return [Change(name, before, after) for name, before, after in pairs if _meaning(before) != _meaning(after)]


def plain_path(path: str) -> str:
    """A path as the engine writes it (``a.b[0].c``, ``a["b.c"]``) without places in lists."""
    return re.sub(r"\[(?:\"[^\"]*\"|\d+)\].*$", "", path)


def is_unknown(value: object) -> bool:
    """Whether the preview does not know the value yet."""
    return isinstance(value, str) and value in UNKNOWN


def shown(value: object) -> str:
    """A value as a person reads it, in at most a line."""
    if value is MISSING or value is None:
        return "(none)"
    if is_unknown(value):
        return "(known only later)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        return f"[{', '.join(shown(each) for each in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {shown(each)}' for name, each in value.items())}}}"
    return " ".join(str(value).split()) or '""'


def _meaning(value: object) -> object:
    """The engine leaves out what is false or empty."""
    return None if value is MISSING or not value else value


def _different(path: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in old.keys() | new.keys():
            inner = f"{path}.{name}" if path else str(name)
            yield from _different(inner, old.get(name, MISSING), new.get(name, MISSING))
    elif not _same(old, new):
        yield Change(path, old, new)


def _same(old: Any, new: Any) -> bool:
    """JSON's true is no 1, for all that Python thinks."""
    if isinstance(old, bool) is not isinstance(new, bool):
        return False
    return bool(old == new)


def _at(state: State, path: str) -> Any:
    found: Any = state.inputs
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return MISSING
        found = found[part]
    return found
