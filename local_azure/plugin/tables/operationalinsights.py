"""Microsoft.OperationalInsights, api-version 2023-09-01 (Workspaces.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, Function, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "operationalinsights:Workspace": (
        "identity:Identity location* tags etag! name! systemData!:SystemData type! properties> "
        "defaultDataCollectionRuleResourceId features:WorkspaceFeatures forceCmkForQuery "
        "publicNetworkAccessForIngestion publicNetworkAccessForQuery retentionInDays sku:WorkspaceSku "
        "workspaceCapping:WorkspaceCapping createdDate! customerId! modifiedDate! "
        "privateLinkScopedResources!:[PrivateLinkScopedResource] provisioningState!"
    ),
    "WorkspaceFeatures": (
        "clusterResourceId disableLocalAuth enableDataExport enableLogAccessUsingOnlyResourcePermissions "
        "immediatePurgeDataOn30Days unifiedSentinelBillingOnly!"
    ),
    "Identity": "type* userAssignedIdentities:set(UserIdentityProperties) principalId! tenantId!",
    "UserIdentityProperties": "clientId! principalId!",
    "WorkspaceSku": "name* capacityReservationLevel lastSkuUpdate!",
    "WorkspaceCapping": "dailyQuotaGb dataIngestionStatus! quotaNextResetTime!",
    "PrivateLinkScopedResource": "resourceId! scopeId!",
    "SharedKeys": "primarySharedKey! secondarySharedKey!",
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.OperationalInsights"

RESOURCE_TYPES = (
    ResourceType(
        "operationalinsights:Workspace",
        path=_PROVIDER + "/workspaces/{workspaceName}",
        api_version="2023-09-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
)

FUNCTIONS = (
    Function(
        "operationalinsights:getSharedKeys",
        path=_PROVIDER + "/workspaces/{workspaceName}/sharedKeys",
        api_version="2023-09-01",
        shapes=SHAPES,
        shape="SharedKeys",
    ),
)
