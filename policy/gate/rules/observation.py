"""Where the audit log and the metrics go, and the proof of the private path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.gate.rules.kind import TAGS, Kind, changed, says

_GOES: Final = says("data-kept-elsewhere")

KINDS: Final[Mapping[str, Kind]] = {
    "azure-native:monitor:DiagnosticSetting": Kind(
        "diagnostic setting",
        says("new"),
        says("diagnostics-removed"),
        says("diagnostics-removed"),
        {
            name: changed("diagnostics-reduced")
            for name in (
                "logs",
                "metrics",
                "storageAccountId",
                "workspaceId",
                "eventHubAuthorizationRuleId",
                "eventHubName",
                "logAnalyticsDestinationType",
                "marketplacePartnerId",
                "serviceBusRuleId",
            )
        },
    ),
    "pulumi-python:dynamic/mhsm:Proof": Kind(
        "proof of the private path",
        says("new"),
        says("proof-removed"),
        says("repeated"),
        {
            name: changed("repeated")
            for name in (
                "again",
                "client_id",
                "firewall",
                "host",
                "key",
                "key_version",
                "lists",
                "location",
                "machine_instance",
                "patience_seconds",
                "principal_id",
                "private_addresses",
                "public_way",
                "role_assignments",
                "script",
                "vm_id",
            )
        },
        silent=True,
    ),
    "azure-native:operationalinsights:Workspace": Kind(
        "log workspace",
        says("new"),
        _GOES,
        _GOES,
        {**TAGS, "retentionInDays": changed("data-kept-elsewhere"), "sku": changed("changed")},
    ),
    "azure-native:eventhub:Namespace": Kind("event hub namespace", says("new"), _GOES, _GOES, TAGS),
    "azure-native:eventhub:EventHub": Kind(
        "event hub", says("new"), _GOES, _GOES, {"messageRetentionInDays": changed("data-kept-elsewhere")}
    ),
    "azure-native:storage:StorageAccount": Kind("storage account", says("new"), _GOES, _GOES, TAGS),
    "azure-native:storage:BlobContainer": Kind("blob container", says("new"), _GOES, _GOES),
}
