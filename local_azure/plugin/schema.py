"""The package schema, as much of it as the engine and ``pulumi import`` ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from local_azure.plugin import tables
from local_azure.plugin.resource_types import ResourceType

_ANY = {"$ref": "pulumi.json#/Any"}


def schema(name: str, version: str) -> str:
    """JSON: every type with its properties, of any type each."""
    return json.dumps(
        {
            "name": name,
            "version": version,
            "resources": {f"{name}:{each.token}": _resource(each) for each in tables.all_resource_types()},
            "functions": {f"{name}:{each.token}": {} for each in tables.all_functions()},
        }
    )


def _resource(resource_type: ResourceType) -> dict[str, Any]:
    inputs, outputs = resource_type.inputs, resource_type.outputs
    required = [name for name in resource_type.path_parameters if name != resource_type.name_parameter]
    return {
        "inputProperties": _properties(inputs - {"id"}),
        "requiredInputs": required,
        "properties": _properties(outputs - {"id"}),
    }


def _properties(names: Iterable[str]) -> dict[str, Any]:
    return dict.fromkeys(sorted(names), _ANY)
