"""Secrets that the preview shows, or that are about to be kept in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.gate.events import Outputs, is_secret
from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.state import PRIVATE_KEY, SECRET, texts

_ALWAYS_SECRET: Final = {"azure-native:keyvault:Secret": ("properties.value",)}
"""Inputs that are secrets whatever they were before."""


def secrets_shown(step: Step) -> Iterator[Said]:
    """Values of a step that were secrets and are none any more, or that nobody should ever see. Names paths only."""
    if step.new is None:
        return
    found = set[str]()
    if step.old is not None:
        for part in ("inputs", "outputs"):
            found |= set(_uncovered(part, getattr(step.old, part), getattr(step.new, part)))
    for path in _ALWAYS_SECRET.get(step.type, ()):
        value = step.new.input(path)
        if value is not None and value != SECRET:
            found.add(f"inputs.{path}")
    found |= {path for path, text in texts("inputs", step.new.inputs) if PRIVATE_KEY.search(text)}
    found |= {path for path, text in texts("outputs", step.new.outputs) if PRIVATE_KEY.search(text)}
    for path in sorted(found):
        yield Said("secret-shown", path)


def texts_shown(preview: Preview) -> Iterator[Said]:
    """Private keys in the configuration, or in what the program said."""
    for name, value in preview.config.items():
        if PRIVATE_KEY.search(value):
            yield Said("secret-shown", f"a private key in the configuration, {name}")
    if any(PRIVATE_KEY.search(message) for message in preview.messages):
        yield Said("secret-shown", "a private key in what the program said")


def outputs_mean(outputs: Outputs) -> Iterator[Said]:
    """Outputs of the stack that were secrets and are none any more, and new ones: whether those are, a person says."""
    for name, value in sorted(outputs.new.items()):
        if name not in outputs.old:
            if not is_secret(value):
                yield Said("output-added", f"output {name}")
        elif is_secret(outputs.old[name]) and not is_secret(value):
            yield Said("secret-shown", f"output {name}")
        if any(PRIVATE_KEY.search(text) for _, text in texts(name, value)):
            yield Said("secret-shown", f"a private key in the output {name}")


def _uncovered(path: str, old: Any, new: Any) -> Iterator[str]:
    """Paths where a secret stood and something else that is there stands now."""
    if old == SECRET:
        if new is not None and new != SECRET:
            yield path
    elif type(old) is not type(new):
        if new not in (None, SECRET) and any(text == SECRET for _, text in texts(path, old)):
            yield path
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in old.keys() & new.keys():
            yield from _uncovered(f"{path}.{name}", old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _uncovered(f"{path}[{index}]", before, after)
