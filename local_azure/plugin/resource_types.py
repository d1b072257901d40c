"""What the plugin knows of a resource type and of a function: path, api-version, shape, what replaces it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Literal

from local_azure.plugin.shapes import Shape, Shapes

SUBSCRIPTION = "/subscriptions/{subscriptionId}"
GROUP = SUBSCRIPTION + "/resourceGroups/{resourceGroupName}"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SCOPES = frozenset({"scope", "resourceUri"})
"""Parameters that hold a whole resource id, slashes included."""


class AutoName(Enum):
    """What becomes of a name that the program leaves out."""

    RANDOM = "random"
    """The resource's name in the program and eight hexadecimal digits."""
    COPY = "copy"
    """The resource's name in the program."""
    UUID = "uuid"
    """A random GUID."""


@dataclass(frozen=True)
class ResourceType:
    """A resource type as it is played to the engine."""

    token: str
    """Module and name: ``network:Subnet``."""
    path: str
    """ARM path with placeholders, as the API description writes it."""
    api_version: str
    shapes: Shapes
    """Of its service; its own goes by the token."""
    force_new: frozenset[str] = frozenset()
    """SDK paths of body properties whose change replaces the resource."""
    subresources: tuple[str, ...] = ()
    """SDK paths of lists whose elements are resources of their own as well: what the program does not set stays."""
    restored: Mapping[str, Any] = field(default_factory=dict)
    """What a property that the program no longer sets goes back to, where Azure takes "left out" as "unchanged"."""
    delete_by: Literal["arm", "vault"] = "arm"
    """``vault``: ARM has no DELETE for it, the vault's data plane does."""

    @property
    def shape(self) -> Shape:
        """Its body: what the program sets beside the path's parameters, and reads."""
        return self.shapes[self.token]

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """Inputs that make up the path."""
        return tuple(name for name in _PLACEHOLDER.findall(self.path) if name != "subscriptionId")

    @property
    def name_parameter(self) -> str:
        """The last of them: the one that is named automatically."""
        return self.path_parameters[-1]

    @property
    def inputs(self) -> frozenset[str]:
        """Everything that the program can set."""
        return frozenset({*self.path_parameters, *self.shape.inputs})

    @property
    def outputs(self) -> frozenset[str]:
        """Everything that the program can read, the id aside."""
        return frozenset({"azureApiVersion", *self.shape.outputs})

    @property
    def auto_name(self) -> AutoName:
        """By azure-native's rule: what lives right in a group, a subscription or a scope gets a random suffix."""
        if self.name_parameter == "roleAssignmentName":
            return AutoName.UUID
        own_path = self.path.lower().split("microsoft.")
        return AutoName.RANDOM if len(own_path) == 1 or own_path[-1].count("{") == 1 else AutoName.COPY

    def resource_id(self, inputs: Mapping[str, Any], subscription_id: str) -> str:
        """The ARM id that the inputs name. KeyError where a parameter is missing."""
        return fill(self.path, inputs, subscription_id)

    def parse_id(self, resource_id: str) -> dict[str, str] | None:
        """The path's parameters in an id, compared without regard to case; None where it is of another type."""
        pattern, end = "", 0
        for match in _PLACEHOLDER.finditer(self.path):
            pattern += re.escape(self.path[end : match.start()])
            pattern += f"(?P<{match[1]}>{'.+?' if match[1] in _SCOPES else '[^/]+'})"
            end = match.end()
        found = re.fullmatch(pattern + re.escape(self.path[end:]), resource_id, re.IGNORECASE)
        return None if found is None else {name: found[name] for name in self.path_parameters}


@dataclass(frozen=True)
class Function:
    """A function that asks ARM for something."""

    token: str
    """Module and name: ``storage:listStorageAccountKeys``."""
    path: str
    api_version: str
    shapes: Shapes
    shape: str
    """Of the answer."""
    method: Literal["GET", "POST"] = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    """Query parameters by the argument that sets them."""
    is_resource: bool = False
    """Whether the answer is a resource, with its id and the api-version."""

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """Arguments that make up the path."""
        return tuple(name for name in _PLACEHOLDER.findall(self.path) if name != "subscriptionId")


def getter(resource_type: ResourceType, query: Mapping[str, str] | None = None) -> Function:
    """The function that reads a resource of that type: ``network:getSubnet``."""
    module, _, name = resource_type.token.partition(":")
    return Function(
        token=f"{module}:get{name}",
        path=resource_type.path,
        api_version=resource_type.api_version,
        shapes=resource_type.shapes,
        shape=resource_type.token,
        method="GET",
        query=query or {},
        is_resource=True,
    )


def fill(path: str, values: Mapping[str, Any], subscription_id: str) -> str:
    """The path with its placeholders filled; scopes lose the slashes at their ends. KeyError where one is missing."""
    everything = {"subscriptionId": subscription_id, **values}

    def value(match: re.Match[str]) -> str:
        return str(everything[match[1]]).strip("/")

    return _PLACEHOLDER.sub(value, path)
