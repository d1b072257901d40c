"""Create, read, update and delete of one resource, in ARM's REST."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local_azure.core.http import JsonObject
from local_azure.plugin import operations
from local_azure.plugin.bodies import to_body, to_inputs, to_outputs, without_empty
from local_azure.plugin.drift import apply_drift
from local_azure.plugin.errors import ArmError, ConnectionFailed, PluginError, Stopped
from local_azure.plugin.resource_types import ResourceType
from local_azure.plugin.session import Session
from local_azure.plugin.values import Values
from local_azure.plugin.waiting import Deadline

Path = tuple[str, ...]

_VAULT_VERSION = "7.4"
_LAST_LOOK = 30.0
"""Seconds to find out what a failed operation has left."""


@dataclass(frozen=True)
class State:
    """A resource as the engine keeps it."""

    id: str
    outputs: Values
    inputs: Values


class PartlyDone(PluginError):
    """ARM has the resource, but what was asked of it did not come to a good end."""

    def __init__(self, reason: PluginError, state: State) -> None:
        super().__init__(str(reason))
        self.state = state


@dataclass(frozen=True)
class Lifecycle:
    """The operations on resources of one type."""

    type: ResourceType
    session: Session
    deadline: Deadline

    def create(self, inputs: Mapping[str, Any]) -> State:
        """Makes the resource. Raises PluginError where it exists, PartlyDone where ARM has it all the same."""
        resource_id = self._resource_id(inputs)
        if self._get(resource_id) is not None:
            raise PluginError(f"cannot create already existing resource '{resource_id}'")
        body = self._body(inputs)
        for path in self.type.subresources:
            _set_default(body, self._wire_path(path), [])
        return self._written(resource_id, inputs, body)

    def update(self, resource_id: str, inputs: Mapping[str, Any], old_outputs: Mapping[str, Any]) -> State:
        """Writes the resource anew. Raises PartlyDone where only a part of it was."""
        wanted = dict(inputs)
        for name, value in self.type.restored.items():
            if name not in wanted and name in old_outputs:
                wanted[name] = value
        body = self._body(wanted)
        missing = [path for path in map(self._wire_path, self.type.subresources) if not _has(body, path)]
        if missing:
            live = self._get(resource_id) or {}
            for path in missing:
                if _has(live, path):
                    _set_default(body, path, _at(live, path))
        return self._written(resource_id, inputs, body)

    def read(self, resource_id: str, inputs: Mapping[str, Any], old_outputs: Mapping[str, Any]) -> State | None:
        """The resource as it is; None where it is gone.

        With inputs it is a refresh: what has changed in Azure goes into them. Without it is an import: they are made
        up from the id and everything that can be set.
        """
        if self.type.parse_id(resource_id) is None:
            raise PluginError(f"'{resource_id}' is no id of azure-native:{self.type.token}: {self.type.path}")
        body = self._get(resource_id)
        if body is None:
            return None
        outputs = self._outputs(body)
        if not inputs:
            return State(resource_id, outputs, self._imported(resource_id, outputs))
        before, now = (to_inputs(self.type.shapes, self.type.shape, each) for each in (old_outputs, outputs))
        for path in self.type.subresources:
            if not _has(inputs, tuple(path.split("."))):
                before, now = (_without(each, tuple(path.split("."))) for each in (before, now))
        return State(resource_id, outputs, apply_drift(inputs, before, now))

    def delete(self, resource_id: str) -> None:
        """Deletes the resource; what is gone already counts as deleted."""
        if self.type.delete_by == "vault":
            self._delete_from_vault(resource_id)
            return
        client, api_version = self.session.client, self.type.api_version
        try:
            answer = client.send("DELETE", resource_id, api_version, self.deadline)
        except ArmError as error:
            if error.status == 404:
                return
            raise
        operations.wait_until_deleted(client, answer, resource_id, api_version, self.deadline)

    def _resource_id(self, inputs: Mapping[str, Any]) -> str:
        return self.type.resource_id(inputs, self.session.subscription_id)

    def _get(self, resource_id: str) -> dict[str, Any] | None:
        return self.session.client.read(resource_id, self.type.api_version, self.deadline)

    def _body(self, inputs: Mapping[str, Any]) -> JsonObject:
        body = to_body(self.type.shapes, self.type.shape, inputs)
        if any(each.container == "properties" for each in self.type.shape.inputs.values()):
            body.setdefault("properties", {})
        return body

    def _outputs(self, body: Mapping[str, Any]) -> Values:
        outputs = to_outputs(self.type.shapes, self.type.shape, body)
        return {**outputs, "azureApiVersion": self.type.api_version}

    def _written(self, resource_id: str, inputs: Mapping[str, Any], body: JsonObject) -> State:
        client, api_version = self.session.client, self.type.api_version
        accepted = False
        try:
            answer = client.send("PUT", resource_id, api_version, self.deadline, body)
            accepted = True
            operations.wait_until_written(client, answer, resource_id, api_version, self.deadline)
            return self._state(resource_id, inputs)
        except (ConnectionFailed, Stopped) as error:
            # Whether the PUT got there is not known.
            raise self._partly_done(resource_id, inputs, error) from error
        except ArmError as error:
            if not accepted:
                raise
            raise self._partly_done(resource_id, inputs, error) from error

    def _state(self, resource_id: str, inputs: Mapping[str, Any]) -> State:
        client = self.session.client
        live = client.send("GET", resource_id, self.type.api_version, self.deadline).json()
        return State(str(live.get("id", resource_id)), self._outputs(live), dict(inputs))

    def _partly_done(self, resource_id: str, inputs: Mapping[str, Any], reason: PluginError) -> PluginError:
        """What to raise: the reason alone where ARM has nothing, else with what it has, so that it is not forgotten."""
        try:
            live = self.session.client.read(resource_id, self.type.api_version, Deadline(threading.Event(), _LAST_LOOK))
        except PluginError:
            live = {}
        if live is None:
            return reason
        return PartlyDone(reason, State(resource_id, self._outputs(live), dict(inputs)))

    def _imported(self, resource_id: str, outputs: Values) -> Values:
        inputs = to_inputs(self.type.shapes, self.type.shape, outputs)
        settable = {name: kept for name, value in inputs.items() if (kept := without_empty(value)) is not None}
        return {**settable, **(self.type.parse_id(resource_id) or {})}

    def _delete_from_vault(self, resource_id: str) -> None:
        # ARM has no DELETE for secrets; azure-native asks the vault itself too.
        client = self.session.client
        names = self.type.parse_id(resource_id) or {}
        suffix = client.cloud.vault_suffix
        url = f"https://{names['vaultName']}.{suffix}/secrets/{quote(names['secretName'])}?api-version={_VAULT_VERSION}"
        try:
            client.send_to("DELETE", url, resource_id, f"https://{suffix}/.default", self.deadline)
        except ArmError as error:
            if error.status != 404:
                raise

    def _wire_path(self, path: str) -> Path:
        """Where a property lies in the body, given its SDK path."""
        shape, wire = self.type.shape, list[str]()
        for name in path.split("."):
            each = shape.properties[name]
            wire += [each.wire] if each.container is None else [each.container, each.wire]
            if each.shape is not None:
                shape = self.type.shapes[each.shape]
        return tuple(wire)


def _has(value: object, path: Path) -> bool:
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return True


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def _set_default(body: JsonObject, path: Path, value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body.setdefault(path[-1], value)


def _without(values: Values, path: Path) -> Values:
    if not _has(values, path):
        return values
    if len(path) == 1:
        return {name: value for name, value in values.items() if name != path[0]}
    return {**values, path[0]: _without(values[path[0]], path[1:])}
