"""How a resource type is declared: where it lives, what its JSON holds, and what happens when it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from local_azure.arm.authentication import Caller
from local_azure.arm.errors import bad_request, conflict
from local_azure.arm.ids import ResourceId
from local_azure.arm.resources import Resources, Stored
from local_azure.arm.schema import Changed, Field, Fields, Invalid, clean
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request, Response
from local_azure.core.world import World


class Poll(Enum):
    """How a client learns that a long-running operation has ended ("Track asynchronous Azure operations")."""

    OPERATION = "Azure-AsyncOperation"
    LOCATION = "Location"
    BOTH = "Azure-AsyncOperation and Location"
    BODY = "properties.provisioningState"


@dataclass(frozen=True)
class LongRunning:
    """An operation that is accepted first and done later."""

    figure: str
    """Its duration: a name in :data:`local_azure.core.latency.AZURE_SECONDS`."""
    poll: Poll = Poll.OPERATION
    status: int = 201
    update_status: int = 200
    update_figure: str | None = None
    """Duration of an update, where it is another one."""
    body: Literal["resource", "object", "none"] = "resource"
    """What the first answer holds: the resource, an empty object, nothing."""
    update_body: Literal["resource", "object", "none"] | None = None
    """The same of an update, where it is something else."""
    state: str = "Updating"
    """``provisioningState`` meanwhile."""
    update_state: str | None = None
    statuses: str = ""
    """Path of the Azure-AsyncOperation resource, with {subscription}, {group}, {location} and {operation}."""
    results: str = ""
    """Path of the Location resource."""
    retry_after: int = 10
    """Seconds that Azure asks clients to wait between two polls."""


@dataclass(frozen=True)
class Arm:
    """What handlers and hooks work with."""

    world: World
    resources: Resources
    types: Mapping[str, ResourceType]
    """By name in lower case."""

    def find(self, resource_id: str) -> Stored | None:
        """The resource of that id."""
        return self.resources.find(resource_id)


@dataclass
class Change:
    """A PUT or PATCH on its way: hooks check it and write into ``stored``."""

    arm: Arm
    caller: Caller
    id: ResourceId
    stored: Stored
    existing: Stored | None
    api_version: str

    @property
    def properties(self) -> JsonObject:
        """The new properties."""
        return self.stored.properties


@dataclass(frozen=True)
class ArmRequest:
    """An authenticated request to something that is no plain resource."""

    arm: Arm
    caller: Caller
    request: Request
    api_version: str

    def __getitem__(self, placeholder: str) -> str:
        return self.request.parameters[placeholder]

    def body(self, fields: Fields, invalid_code: str) -> JsonObject:
        """The request's body, held to these fields. Raises ServiceError 400 with that code, and NotPlayed."""
        try:
            return clean(fields, self.request.json())
        except Invalid as problem:
            raise bad_request(invalid_code, problem.message) from None


@dataclass(frozen=True)
class ArmRoute:
    """One operation that is no plain create, read, update, delete or list of a resource."""

    method: str
    path: str
    handler: Callable[[ArmRequest], Response]
    api_versions: tuple[str, ...]
    action: str | None = None
    """The Azure RBAC action that it takes; None where the handler itself decides."""
    scope: str = ""
    """Where the action must be allowed: a template over the placeholders."""


def _nothing_to_prepare(change: Change) -> None:
    del change


def _nothing_to_do(arm: Arm, stored: Stored) -> None:
    del arm, stored


def _nothing(stored: Stored) -> None:
    del stored


def _as_stored(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del arm, api_version
    return stored.resource


@dataclass(frozen=True)
class ResourceType:
    """One resource type of a provider."""

    name: str
    """For instance ``Microsoft.Network/virtualNetworks/subnets``."""
    api_versions: tuple[str, ...]
    properties: Fields
    envelope: Fields = field(default_factory=dict)
    """Fields beside ``properties``, ``location`` and ``tags``: ``sku``, ``identity``, …"""
    tracked: bool = True
    """Whether it has a location and tags and shows in lists of resources."""
    location: str | None = None
    """The only location that it can have: ``global``."""
    extension: bool = False
    """Whether it is put upon other resources."""
    name_pattern: str = r"[^<>%&:\\?/*+#]{1,260}"
    name_advice: str = "The resource name is invalid."
    name_error: str = "InvalidResourceName"
    write: LongRunning | None = None
    """None: done when answered."""
    delete: LongRunning | None = None
    created_status: int = 201
    patch: Literal["merge", "tags"] | None = "merge"
    etag: Literal["weak", "plain"] | None = None
    system_data: bool = False
    has_state: bool = True
    """Whether it has a ``provisioningState``."""
    methods: frozenset[str] = frozenset({"GET", "PUT", "PATCH", "DELETE"})
    delete_rank: int = 50
    """When a group goes: lower ranks go first."""
    prepare: Callable[[Change], None] = _nothing_to_prepare
    """Checks the change against the rest of the world and fills in what the service computes."""
    written: Callable[[Arm, Stored], None] = _nothing_to_do
    """Takes effect when the write has been accepted."""
    finished: Callable[[Arm, Stored], None] = _nothing_to_do
    """Takes effect when the write has come to its end."""
    check_delete: Callable[[Arm, Stored], None] = _nothing_to_do
    """Refuses where something still needs the resource."""
    delete_shows: bool = False
    """Whether a DELETE that is done at once answers with the resource as it was."""
    deleted: Callable[[Arm, Stored], None] = _nothing_to_do
    """Takes effect when the resource has gone."""
    present: Callable[[Arm, Stored, str], JsonObject] = _as_stored
    """The resource as a GET shows it, given the api-version."""
    awaits: Callable[[Stored], str | None] = _nothing
    """What a write waits for beyond its time: see :func:`local_azure.arm.operations.release`."""
    expansions: Mapping[str, Callable[[Arm, Stored], JsonObject]] = field(default_factory=dict)
    """Properties that a GET shows only where ``$expand`` names them."""
    invalid_code: str = "InvalidRequestContent"
    changed_error: Callable[[str], ServiceError] = field(
        default=lambda path: conflict("PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.")
    )
    missing_read: Callable[[ResourceId], ServiceError] | None = None
    """Another error than ResourceNotFound for a GET of what is not there."""

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.name.partition("/")[0]

    @property
    def is_child(self) -> bool:
        """Whether it lives in another resource."""
        return self.name.count("/") > 1

    @property
    def body(self) -> Fields:
        """Every field of the whole resource."""
        shared: dict[str, Field] = {name: Field("any", read_only=True) for name in ("id", "type", "name", "systemData")}
        shared["etag"] = Field("any", read_only=True)
        if self.tracked:
            shared["location"] = Field(required=self.location is None)
            shared["tags"] = Field("map", items=Field())
        return {**shared, **self.envelope, "properties": Field("object", fields=self.properties, default={})}

    def invalid(self, problem: Invalid) -> ServiceError:
        """The provider's 400."""
        return bad_request(self.invalid_code, problem.message)

    def changed(self, problem: Changed) -> ServiceError:
        """The provider's answer to a change of what cannot change."""
        return self.changed_error(problem.path)
