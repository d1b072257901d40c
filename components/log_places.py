"""The places that logs go to: a storage account, an event hub, a Log Analytics workspace, made here or named by id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components import azure_roles
from components.azure_roles import AzureRole
from config.access import Principal
from config.diagnostics import Diagnostics

_BLOB_READER: Final = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
_LOG_READER: Final = "73c42c96-874c-492b-b04d-ab87d138a893"
"""Azure's built-in roles Storage Blob Data Reader and Log Analytics Reader."""


@dataclass(frozen=True)
class LogPlacesArgs:
    """What the places are made from."""

    resource_group: pulumi.Input[str]
    location: str
    subscription_id: str
    diagnostics: Diagnostics
    principal_id: Callable[[Principal], pulumi.Input[str]]
    protect: bool
    retain_on_delete: bool
    """Whether a destroy leaves what is made here, as it leaves the pool whose log it is."""


@dataclass(frozen=True)
class Destinations:
    """Where a diagnostic setting sends what it lets through."""

    storage_id: pulumi.Input[str] | None = None
    event_hub_rule_id: pulumi.Input[str] | None = None
    event_hub: str | None = None
    workspace_id: pulumi.Input[str] | None = None
    ready: Sequence[pulumi.Resource] = ()
    """What has to stand before anything is sent."""


class LogPlaces(pulumi.ComponentResource):
    """Each place that the settings name. Of the SDK only the modules of those are loaded."""

    destinations: Destinations

    def __init__(self, name: str, args: LogPlacesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:LogPlaces", name, {}, opts)
        self._args = args
        self._ready: list[pulumi.Resource] = []
        hub = args.diagnostics.event_hub
        storage_id, rule_id, workspace_id = self._storage(), self._event_hub(), self._workspace()
        self.destinations = Destinations(storage_id, rule_id, hub.hub if hub else None, workspace_id, self._ready)
        self.register_outputs({})

    def _storage(self) -> pulumi.Input[str] | None:
        storage = self._args.diagnostics.storage
        if storage is None or storage.name is None:
            return None if storage is None else storage.id
        from components import log_storage

        made = log_storage.make(storage, self._args.resource_group, self._args.location, self._options())
        self._ready.append(made)
        storage_id: pulumi.Output[str] = made.id
        self._let_read(_BLOB_READER, "the log storage", storage_id)
        return storage_id

    def _event_hub(self) -> pulumi.Input[str] | None:
        hub = self._args.diagnostics.event_hub
        if hub is None or hub.name is None:
            return None if hub is None else hub.id
        from components import log_event_hub

        rule, made = log_event_hub.make(hub, self._args.resource_group, self._args.location, self._options())
        self._ready.append(made)
        rule_id: pulumi.Output[str] = rule.id
        return rule_id

    def _workspace(self) -> pulumi.Input[str] | None:
        workspace = self._args.diagnostics.log_analytics
        if workspace is None or workspace.name is None:
            return None if workspace is None else workspace.id
        from components import log_workspace

        made = log_workspace.make(workspace, self._args.resource_group, self._args.location, self._options())
        self._ready.append(made)
        workspace_id: pulumi.Output[str] = made.id
        self._let_read(_LOG_READER, "the log workspace", workspace_id)
        return workspace_id

    def _options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, protect=self._args.protect, retain_on_delete=self._args.retain_on_delete
        )

    def _let_read(self, role_guid: str, what: str, place: pulumi.Output[str]) -> None:
        for reader in self._args.diagnostics.readers:
            role = AzureRole(role_guid, reader, self._args.principal_id(reader), place, self._args.subscription_id)
            options = pulumi.ResourceOptions(parent=self, retain_on_delete=self._args.retain_on_delete)
            azure_roles.assign(f"reads {what}: {reader.value or reader.kind}", role, options)
