"""Microsoft.EventHub, api-version 2024-01-01 (eventhubs.json, namespaces.json, AuthorizationRules.json)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, Function, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "eventhub:Namespace": (
        "identity:Identity location sku:Sku tags name! systemData!:SystemData type! properties> alternateName "
        "clusterArmId disableLocalAuth encryption:Encryption isAutoInflateEnabled kafkaEnabled "
        "maximumThroughputUnits minimumTlsVersion privateEndpointConnections:[PrivateEndpointConnection] "
        "publicNetworkAccess zoneRedundant createdAt! metricId! provisioningState! serviceBusEndpoint! status! "
        "updatedAt!"
    ),
    "Encryption": "keySource keyVaultProperties:[KeyVaultProperties] requireInfrastructureEncryption",
    "KeyVaultProperties": "identity:UserAssignedIdentityProperties keyName keyVaultUri keyVersion",
    "UserAssignedIdentityProperties": "userAssignedIdentity",
    "Identity": "type userAssignedIdentities:set(UserAssignedIdentity) principalId! tenantId!",
    "UserAssignedIdentity": "clientId! principalId!",
    "PrivateEndpointConnection": (
        "id! location! name! systemData!:SystemData type! properties> privateEndpoint:PrivateEndpoint "
        "privateLinkServiceConnectionState:ConnectionState provisioningState"
    ),
    "PrivateEndpoint": "id",
    "ConnectionState": "description status",
    "Sku": "name* capacity tier",
    "eventhub:EventHub": (
        "location! name! systemData!:SystemData type! properties> captureDescription:CaptureDescription "
        "messageRetentionInDays partitionCount retentionDescription:RetentionDescription status userMetadata "
        "createdAt! partitionIds! updatedAt!"
    ),
    "CaptureDescription": (
        "destination:Destination enabled encoding intervalInSeconds sizeLimitInBytes skipEmptyArchives"
    ),
    "Destination": (
        "identity:CaptureIdentity name properties> archiveNameFormat blobContainer dataLakeAccountName "
        "dataLakeFolderPath dataLakeSubscriptionId storageAccountResourceId"
    ),
    "CaptureIdentity": "type userAssignedIdentity",
    "RetentionDescription": "cleanupPolicy retentionTimeInHours tombstoneRetentionTimeInHours",
    "eventhub:NamespaceAuthorizationRule": "location! name! systemData!:SystemData type! properties> rights*",
    "eventhub:EventHubAuthorizationRule": "location! name! systemData!:SystemData type! properties> rights*",
    "AccessKeys": (
        "aliasPrimaryConnectionString! aliasSecondaryConnectionString! keyName! primaryConnectionString! primaryKey! "
        "secondaryConnectionString! secondaryKey!"
    ),
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.EventHub"

RESOURCE_TYPES = (
    ResourceType(
        "eventhub:Namespace",
        path=_PROVIDER + "/namespaces/{namespaceName}",
        api_version="2024-01-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
    ResourceType(
        "eventhub:EventHub",
        path=_PROVIDER + "/namespaces/{namespaceName}/eventhubs/{eventHubName}",
        api_version="2024-01-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "eventhub:NamespaceAuthorizationRule",
        path=_PROVIDER + "/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}",
        api_version="2024-01-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "eventhub:EventHubAuthorizationRule",
        path=(
            _PROVIDER + "/namespaces/{namespaceName}/eventhubs/{eventHubName}"
            "/authorizationRules/{authorizationRuleName}"
        ),
        api_version="2024-01-01",
        shapes=SHAPES,
    ),
)

FUNCTIONS = (
    Function(
        "eventhub:listNamespaceKeys",
        path=_PROVIDER + "/namespaces/{namespaceName}/authorizationRules/{authorizationRuleName}/listKeys",
        api_version="2024-01-01",
        shapes=SHAPES,
        shape="AccessKeys",
    ),
    Function(
        "eventhub:listEventHubKeys",
        path=(
            _PROVIDER + "/namespaces/{namespaceName}/eventhubs/{eventHubName}"
            "/authorizationRules/{authorizationRuleName}/listKeys"
        ),
        api_version="2024-01-01",
        shapes=SHAPES,
        shape="AccessKeys",
    ),
)
