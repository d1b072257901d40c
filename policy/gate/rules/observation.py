"""Where the audit log and the metrics go, and the proof of the private path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import TAGS, Kind, changed, difference, says
from policy.gate.state import MISSING, Change

_GOES: Final = says("data-kept-elsewhere")

_ALERT: Final = says("alert-changed")
_AUDIT: Final = "AuditEvent"
"""The category that holds who did what in the data plane ("Managed HSM logging")."""


def _destination(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    added = change.old in (MISSING, None)
    return [Said("new" if added else "diagnostics-removed", difference(change))]


def _logs(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    was, is_ = _logged(change.old), _logged(change.new)
    if was is None or is_ is None:
        return [Said("diagnostics-reduced", difference(change))]
    gone = sorted(was - is_)
    if gone:
        return [
            Said("diagnostics-removed" if _AUDIT in gone else "diagnostics-reduced", f"no longer: {', '.join(gone)}")
        ]
    kept = [_kept(each) for each in (change.old, change.new)]
    shorter = change.old not in (MISSING, None) and any(
        kept[0].get(name, days) != days for name, days in kept[1].items()
    )
    return [Said("diagnostics-reduced" if shorter else "changed", difference(change))]


def _kept(settings: object) -> dict[str, str]:
    """How long each category is kept, as it is written."""
    found = settings if isinstance(settings, list) else []
    return {str(each.get("category") or each.get("categoryGroup")): str(each.get("retentionPolicy")) for each in found}


def _logged(settings: object) -> set[str] | None:
    """The categories that are switched on; None where that cannot be told."""
    if settings in (MISSING, None):
        return set()
    if not isinstance(settings, list) or not all(isinstance(each, Mapping) for each in settings):
        return None
    names = [(each.get("category") or each.get("categoryGroup"), each.get("enabled")) for each in settings]
    if not all(isinstance(name, str) and isinstance(on, bool) for name, on in names):
        return None
    return {name for name, on in names if on}


KINDS: Final[Mapping[str, Kind]] = {
    "azure-native:monitor:DiagnosticSetting": Kind(
        "diagnostic setting",
        says("new"),
        says("diagnostics-removed"),
        says("diagnostics-removed"),
        {
            "logs": _logs,
            "metrics": _logs,
            "storageAccountId": _destination,
            "workspaceId": _destination,
            "eventHubAuthorizationRuleId": _destination,
            "eventHubName": _destination,
            "logAnalyticsDestinationType": changed("diagnostics-reduced"),
            "marketplacePartnerId": _destination,
            "serviceBusRuleId": _destination,
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
        {
            **TAGS,
            "retentionInDays": changed("data-kept-elsewhere"),
            "sku": changed("data-kept-elsewhere"),
            "features": changed("data-access-changed"),
            "publicNetworkAccessForIngestion": changed("data-access-changed"),
            "publicNetworkAccessForQuery": changed("data-access-changed"),
            "workspaceCapping": changed("diagnostics-reduced"),
        },
    ),
    "azure-native:eventhub:Namespace": Kind(
        "event hub namespace",
        says("new"),
        _GOES,
        _GOES,
        {
            **TAGS,
            "sku": changed("data-kept-elsewhere"),
            "disableLocalAuth": changed("data-access-changed"),
            "minimumTlsVersion": changed("data-access-changed"),
            "publicNetworkAccess": changed("data-access-changed"),
        },
    ),
    "azure-native:eventhub:EventHub": Kind(
        "event hub",
        says("new"),
        _GOES,
        _GOES,
        {
            "messageRetentionInDays": changed("data-kept-elsewhere"),
            "partitionCount": changed("changed"),
            "retentionDescription": changed("data-kept-elsewhere"),
        },
    ),
    "azure-native:eventhub:NamespaceAuthorizationRule": Kind(
        "right to send to the event hub",
        says("new"),
        says("diagnostics-removed"),
        says("diagnostics-removed"),
        {"rights": changed("data-access-changed")},
    ),
    "azure-native:storage:StorageAccount": Kind(
        "storage account",
        says("new"),
        _GOES,
        _GOES,
        {
            **TAGS,
            "immutableStorageWithVersioning": changed("data-kept-elsewhere"),
            "sku": changed("data-kept-elsewhere"),
            **{
                name: changed("data-access-changed")
                for name in (
                    "allowBlobPublicAccess",
                    "allowCrossTenantReplication",
                    "allowSharedKeyAccess",
                    "enableHttpsTrafficOnly",
                    "encryption",
                    "minimumTlsVersion",
                    "networkRuleSet",
                    "publicNetworkAccess",
                )
            },
        },
    ),
    # It is left where it is: nothing of it is ever deleted.
    "pulumi-python:dynamic/mhsm:CustodyAccount": Kind(
        "account that keeps the security domain",
        says("new"),
        says("custody-places-changed"),
        says("custody-places-changed"),
        {
            "tags": changed("changed"),
            "replication": changed("data-kept-elsewhere"),
            "retention_days": changed("data-kept-elsewhere"),
            "containers": changed("custody-places-changed"),
            **{
                name: changed("data-access-changed")
                for name in ("principal_id", "public_network_access", "default_action", "bypass", "ip_rules")
            },
        },
    ),
    "azure-native:storage:ManagementPolicy": Kind(
        "retention of logs",
        says("new"),
        says("data-kept-elsewhere"),
        says("data-kept-elsewhere"),
        {"policy": changed("data-kept-elsewhere")},
    ),
    "azure-native:storage:BlobContainer": Kind(
        "blob container",
        says("new"),
        _GOES,
        _GOES,
        {
            "publicAccess": changed("data-access-changed"),
            "immutableStorageWithVersioning": changed("data-kept-elsewhere"),
        },
    ),
    "azure-native:monitor:ActionGroup": Kind(
        "who is told",
        says("new"),
        _ALERT,
        _ALERT,
        {**TAGS, **{name: changed("alert-changed") for name in ("enabled", "emailReceivers", "groupShortName")}},
    ),
    "azure-native:monitor:ScheduledQueryRule": Kind(
        "alert on the log",
        says("new"),
        _ALERT,
        _ALERT,
        {
            **TAGS,
            **{
                name: changed("alert-changed")
                for name in (
                    "actions",
                    "autoMitigate",
                    "criteria",
                    "description",
                    "displayName",
                    "enabled",
                    "evaluationFrequency",
                    "scopes",
                    "severity",
                    "skipQueryValidation",
                    "windowSize",
                )
            },
        },
    ),
    "azure-native:monitor:ActivityLogAlert": Kind(
        "alert on what is done in Azure",
        says("new"),
        _ALERT,
        _ALERT,
        {
            **TAGS,
            **{name: changed("alert-changed") for name in ("actions", "condition", "description", "enabled", "scopes")},
        },
    ),
}
