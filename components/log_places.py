"""The places that logs go to: a storage account, an event hub, a Log Analytics workspace, made here or named by id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components import azure_roles
from components.azure_native import NativeResource
from components.azure_roles import AzureRole
from config.access import Principal
from config.diagnostics import Diagnostics, EventHub, LogAnalytics, Storage

_BLOB_READER: Final = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
_LOG_READER: Final = "73c42c96-874c-492b-b04d-ab87d138a893"
"""Azure's built-in roles Storage Blob Data Reader and Log Analytics Reader."""

_CONTAINERS: Final = ("insights-logs-auditevent", "insights-metrics-pt1m")
"""Where Azure Monitor puts audit events and metrics ("Azure resource logs, send to Azure Storage")."""


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
    ready: list[pulumi.Resource] = field(default_factory=list)
    """What has to stand before anything is sent."""


class LogPlaces(pulumi.ComponentResource):
    """Each place that the settings name. Nobody comes publicly to the account unless the settings say from where."""

    destinations: Destinations

    def __init__(self, name: str, args: LogPlacesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:LogPlaces", name, {}, opts)
        self._args = args
        settings, ready = args.diagnostics, list[pulumi.Resource]()
        self.destinations = Destinations(
            storage_id=self._storage(settings.storage, ready),
            event_hub_rule_id=self._event_hub(settings.event_hub, ready),
            event_hub=settings.event_hub.hub if settings.event_hub else None,
            workspace_id=self._workspace(settings.log_analytics, ready),
            ready=ready,
        )
        self.register_outputs({})

    def _storage(self, storage: Storage | None, ready: list[pulumi.Resource]) -> pulumi.Input[str] | None:
        if storage is None or storage.name is None:
            return None if storage is None else storage.id
        account = self._make("storage:StorageAccount", "log-storage", _account(storage, self._args.location))
        ready.append(account)
        if storage.retention_days is not None:
            inputs = {"accountName": storage.name, "managementPolicyName": "default", "policy": _deletion(storage)}
            self._make("storage:ManagementPolicy", "log-retention", inputs, account)
        self._let_read(_BLOB_READER, "the log storage", account)
        return account.id

    def _event_hub(self, hub: EventHub | None, ready: list[pulumi.Resource]) -> pulumi.Input[str] | None:
        if hub is None or hub.name is None:
            return None if hub is None else hub.id
        namespace = self._make(
            "eventhub:Namespace",
            "log-event-hubs",
            {
                "namespaceName": hub.name,
                "location": self._args.location,
                "sku": {"name": "Standard", "tier": "Standard", "capacity": 1},
                "minimumTlsVersion": "1.2",
            },
        )
        made = {"namespaceName": hub.name, "eventHubName": hub.hub, "partitionCount": 2}
        if hub.retention_days is not None:
            made["messageRetentionInDays"] = hub.retention_days
        ready.append(self._make("eventhub:EventHub", "log-event-hub", made, namespace))
        # With a hub that is named, a diagnostic setting needs no more than to send.
        sending = {"namespaceName": hub.name, "authorizationRuleName": "diagnostics", "rights": ["Send"]}
        return self._make("eventhub:NamespaceAuthorizationRule", "log-event-hub-rule", sending, namespace).id

    def _workspace(self, workspace: LogAnalytics | None, ready: list[pulumi.Resource]) -> pulumi.Input[str] | None:
        if workspace is None or workspace.name is None:
            return None if workspace is None else workspace.id
        inputs: dict[str, Any] = {
            "workspaceName": workspace.name,
            "location": self._args.location,
            "sku": {"name": "PerGB2018"},
            # Who may read is said by roles; the keys of a workspace are not asked.
            "features": {"disableLocalAuth": True, "enableLogAccessUsingOnlyResourcePermissions": True},
        }
        if workspace.retention_days is not None:
            inputs["retentionInDays"] = workspace.retention_days
        made = self._make("operationalinsights:Workspace", "log-workspace", inputs)
        ready.append(made)
        self._let_read(_LOG_READER, "the log workspace", made)
        return made.id

    def _make(self, token: str, name: str, inputs: dict[str, Any], *after: pulumi.Resource) -> NativeResource:
        options = pulumi.ResourceOptions(
            parent=self,
            depends_on=list(after),
            protect=self._args.protect,
            retain_on_delete=self._args.retain_on_delete,
        )
        return NativeResource(token, name, {"resourceGroupName": self._args.resource_group, **inputs}, options)

    def _let_read(self, role_guid: str, what: str, place: NativeResource) -> None:
        for reader in self._args.diagnostics.readers:
            principal_id = self._args.principal_id(reader)
            role = AzureRole(role_guid, reader, principal_id, place.id, self._args.subscription_id)
            name = f"reads {what}: {reader.value or reader.kind}"
            azure_roles.assign(
                name, role, pulumi.ResourceOptions(parent=self, retain_on_delete=self._args.retain_on_delete)
            )


def _account(storage: Storage, location: str) -> dict[str, Any]:
    """An account for logs alone, which Azure Monitor reaches as a trusted service, and nobody by a key."""
    inputs: dict[str, Any] = {
        "accountName": storage.name,
        "location": location,
        "kind": "StorageV2",
        "sku": {"name": storage.replication},
        "minimumTlsVersion": "TLS1_2",
        "enableHttpsTrafficOnly": True,
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "allowCrossTenantReplication": False,
        "publicNetworkAccess": "Enabled" if storage.ip_rules else "Disabled",
        "networkRuleSet": {
            "bypass": "AzureServices",
            "defaultAction": "Deny",
            "ipRules": [{"iPAddressOrRange": rule, "action": "Allow"} for rule in storage.ip_rules],
            "virtualNetworkRules": [],
        },
    }
    if storage.immutability in ("Unlocked", "Locked"):
        inputs["immutableStorageWithVersioning"] = {
            "enabled": True,
            "immutabilityPolicy": {
                "state": storage.immutability,
                "immutabilityPeriodSinceCreationInDays": storage.retention_days,
                # A log grows: Azure Monitor adds to the blob of the hour.
                "allowProtectedAppendWrites": True,
            },
        }
    return inputs


def _deletion(storage: Storage) -> dict[str, Any]:
    """Azure no longer takes a retention in the diagnostic setting: the account's own rules delete."""
    rule = {
        "name": "delete-old-logs",
        "type": "Lifecycle",
        "enabled": True,
        "definition": {
            "filters": {"blobTypes": ["appendBlob"], "prefixMatch": [f"{each}/" for each in _CONTAINERS]},
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": storage.retention_days}}},
        },
    }
    return {"rules": [rule]}
