"""Microsoft.Insights: diagnostic settings, put upon any resource (diagnosticsSettings_API.json)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "monitor:DiagnosticSetting": (
        "name! systemData!:SystemData type! properties> eventHubAuthorizationRuleId eventHubName "
        "logAnalyticsDestinationType logs:[DiagnosticsLogSettings] marketplacePartnerId "
        "metrics:[DiagnosticsMetricSettings] serviceBusRuleId storageAccountId workspaceId"
    ),
    "DiagnosticsLogSettings": "enabled* category categoryGroup retentionPolicy:MicrosoftCommonRetentionPolicy",
    "MicrosoftCommonRetentionPolicy": "days* enabled*",
    "DiagnosticsMetricSettings": "enabled* category retentionPolicy:MicrosoftCommonRetentionPolicy timeGrain",
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

RESOURCE_TYPES = (
    ResourceType(
        "monitor:DiagnosticSetting",
        path="/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        api_version="2021-05-01-preview",
        shapes=SHAPES,
    ),
)
