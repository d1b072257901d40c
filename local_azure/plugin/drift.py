"""What a refresh makes of the inputs: the program's, changed by what has changed in Azure.

Inputs cannot be read back, and most of what is read are defaults of the service that no program ever set. So the
outputs of the last update are compared with those of now, both cut down to what can be an input, and only their
differences go into the inputs (the algorithm of azure-native).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.plugin.values import Values


def apply_drift(inputs: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> Values:
    """The inputs with every difference between ``old`` and ``new`` applied, at any depth."""
    result = {name: value for name, value in inputs.items() if not (name in old and name not in new)}
    for name, value in new.items():
        if name not in old:
            result[name] = value
        elif value != old[name]:
            result[name] = _applied(inputs[name], old[name], value) if name in inputs else value
    return result


def _applied(base: Any, old: Any, new: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(old, Mapping) and isinstance(new, Mapping):
        return apply_drift(base, old, new)
    if isinstance(base, list) and isinstance(old, list) and isinstance(new, list):
        return [
            _element(base[index], old[index], each) if index < min(len(base), len(old)) else each
            for index, each in enumerate(new)
        ]
    return new


def _element(base: Any, old: Any, new: Any) -> Any:
    return base if old == new else _applied(base, old, new)
