"""Microsoft.Storage, api-version 2024-01-01 (storage.json and blob.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, Function, ResourceType
from local_azure.plugin.shapes import Shapes

_SHAPES: Mapping[str, str] = {
    "storage:StorageAccount": (
        "kind* sku*:Sku extendedLocation:ExtendedLocation identity:Identity location* tags name! type! properties> "
        "accessTier allowBlobPublicAccess allowCrossTenantReplication allowSharedKeyAccess allowedCopyScope "
        "azureFilesIdentityBasedAuthentication:AzureFilesIdentityBasedAuthentication customDomain:CustomDomain "
        "defaultToOAuthAuthentication dnsEndpointType enableExtendedGroups "
        "enableHttpsTrafficOnly=supportsHttpsTrafficOnly enableNfsV3=isNfsV3Enabled encryption:Encryption "
        "immutableStorageWithVersioning:ImmutableStorageAccount isHnsEnabled isLocalUserEnabled isSftpEnabled "
        "keyPolicy:KeyPolicy largeFileSharesState minimumTlsVersion networkRuleSet=networkAcls:NetworkRuleSet "
        "publicNetworkAccess routingPreference:RoutingPreference sasPolicy:SasPolicy accountMigrationInProgress! "
        "blobRestoreStatus!:BlobRestoreStatus creationTime! failoverInProgress! "
        "geoReplicationStats!:GeoReplicationStats isSkuConversionBlocked! keyCreationTime!:KeyCreationTime "
        "lastGeoFailoverTime! primaryEndpoints!:Endpoints primaryLocation! "
        "privateEndpointConnections!:[PrivateEndpointConnection] provisioningState! secondaryEndpoints!:Endpoints "
        "secondaryLocation! statusOfPrimary! statusOfSecondary! "
        "storageAccountSkuConversionStatus!:StorageAccountSkuConversionStatus"
    ),
    "Sku": "name* tier!",
    "AzureFilesIdentityBasedAuthentication": (
        "directoryServiceOptions* activeDirectoryProperties:ActiveDirectoryProperties defaultSharePermission"
    ),
    "ActiveDirectoryProperties": (
        "domainGuid* domainName* accountType azureStorageSid domainSid forestName netBiosDomainName samAccountName"
    ),
    "CustomDomain": "name* useSubDomainName",
    "Encryption": (
        "encryptionIdentity=identity:EncryptionIdentity keySource "
        "keyVaultProperties=keyvaultproperties:KeyVaultProperties requireInfrastructureEncryption "
        "services:EncryptionServices"
    ),
    "EncryptionIdentity": (
        "encryptionFederatedIdentityClientId=federatedIdentityClientId "
        "encryptionUserAssignedIdentity=userAssignedIdentity"
    ),
    "KeyVaultProperties": (
        "keyName=keyname keyVaultUri=keyvaulturi keyVersion=keyversion currentVersionedKeyExpirationTimestamp! "
        "currentVersionedKeyIdentifier! lastKeyRotationTimestamp!"
    ),
    "EncryptionServices": (
        "blob:EncryptionService file:EncryptionService queue:EncryptionService table:EncryptionService"
    ),
    "EncryptionService": "enabled keyType lastEnabledTime!",
    "ExtendedLocation": "name type",
    "Identity": "type* userAssignedIdentities:set(UserAssignedIdentity) principalId! tenantId!",
    "UserAssignedIdentity": "clientId! principalId!",
    "ImmutableStorageAccount": "enabled immutabilityPolicy:AccountImmutabilityPolicyProperties",
    "AccountImmutabilityPolicyProperties": "allowProtectedAppendWrites immutabilityPeriodSinceCreationInDays state",
    "KeyPolicy": "keyExpirationPeriodInDays*",
    "NetworkRuleSet": (
        "defaultAction bypass ipRules:[IPRule] resourceAccessRules:[ResourceAccessRule] "
        "virtualNetworkRules:[VirtualNetworkRule]"
    ),
    "IPRule": "iPAddressOrRange=value* action",
    "ResourceAccessRule": "resourceId tenantId",
    "VirtualNetworkRule": "virtualNetworkResourceId=id* action state",
    "RoutingPreference": "publishInternetEndpoints publishMicrosoftEndpoints routingChoice",
    "SasPolicy": "expirationAction sasExpirationPeriod*",
    "BlobRestoreStatus": "failureReason! parameters!:BlobRestoreParameters restoreId! status!",
    "BlobRestoreParameters": "blobRanges!:[BlobRestoreRange] timeToRestore!",
    "BlobRestoreRange": "endRange! startRange!",
    "GeoReplicationStats": (
        "canFailover! canPlannedFailover! lastSyncTime! postFailoverRedundancy! postPlannedFailoverRedundancy! status!"
    ),
    "KeyCreationTime": "key1! key2!",
    "Endpoints": (
        "blob! dfs! file! queue! table! web! internetEndpoints!:StorageAccountInternetEndpoints "
        "microsoftEndpoints!:StorageAccountMicrosoftEndpoints"
    ),
    "StorageAccountInternetEndpoints": "blob! dfs! file! web!",
    "StorageAccountMicrosoftEndpoints": "blob! dfs! file! queue! table! web!",
    "PrivateEndpointConnection": (
        "id! name! type! properties> privateLinkServiceConnectionState!:PrivateLinkServiceConnectionState "
        "provisioningState! privateEndpoint!:PrivateEndpoint"
    ),
    "PrivateLinkServiceConnectionState": "actionRequired! description! status!",
    "PrivateEndpoint": "id!",
    "StorageAccountSkuConversionStatus": "endTime! skuConversionStatus! startTime! targetSkuName!",
    "storage:BlobContainer": (
        "etag! name! type! properties> defaultEncryptionScope denyEncryptionScopeOverride enableNfsV3AllSquash "
        "enableNfsV3RootSquash immutableStorageWithVersioning:ImmutableStorageWithVersioning metadata publicAccess "
        "deleted! deletedTime! hasImmutabilityPolicy! hasLegalHold! "
        "immutabilityPolicy!:ImmutabilityPolicyProperties lastModifiedTime! leaseDuration! leaseState! "
        "leaseStatus! legalHold!:LegalHoldProperties remainingRetentionDays! version!"
    ),
    "ImmutableStorageWithVersioning": "enabled migrationState! timeStamp!",
    "ImmutabilityPolicyProperties": (
        "etag! updateHistory!:[UpdateHistoryProperty] properties> state! allowProtectedAppendWrites! "
        "allowProtectedAppendWritesAll! immutabilityPeriodSinceCreationInDays!"
    ),
    "UpdateHistoryProperty": (
        "immutabilityPeriodSinceCreationInDays! objectIdentifier! tenantId! timestamp! update! upn! "
        "allowProtectedAppendWrites! allowProtectedAppendWritesAll!"
    ),
    "LegalHoldProperties": (
        "hasLegalHold! protectedAppendWritesHistory!:ProtectedAppendWritesHistory tags!:[TagProperty]"
    ),
    "ProtectedAppendWritesHistory": "timestamp! allowProtectedAppendWritesAll!",
    "TagProperty": "objectIdentifier! tag! tenantId! timestamp! upn!",
    "storage:ManagementPolicy": "name! type! properties> policy*:ManagementPolicySchema lastModifiedTime!",
    "ManagementPolicySchema": "rules*:[ManagementPolicyRule]",
    "ManagementPolicyRule": "definition*:ManagementPolicyDefinition name* type* enabled",
    "ManagementPolicyDefinition": "actions*:ManagementPolicyAction filters:ManagementPolicyFilter",
    "ManagementPolicyAction": (
        "baseBlob:ManagementPolicyBaseBlob snapshot:ManagementPolicySnapShot version:ManagementPolicyVersion"
    ),
    "ManagementPolicyBaseBlob": (
        "delete:DateAfterModification enableAutoTierToHotFromCool tierToArchive:DateAfterModification "
        "tierToCold:DateAfterModification tierToCool:DateAfterModification tierToHot:DateAfterModification"
    ),
    "ManagementPolicySnapShot": (
        "delete:DateAfterCreation tierToArchive:DateAfterCreation tierToCold:DateAfterCreation "
        "tierToCool:DateAfterCreation tierToHot:DateAfterCreation"
    ),
    "ManagementPolicyVersion": (
        "delete:DateAfterCreation tierToArchive:DateAfterCreation tierToCold:DateAfterCreation "
        "tierToCool:DateAfterCreation tierToHot:DateAfterCreation"
    ),
    "DateAfterModification": (
        "daysAfterCreationGreaterThan daysAfterLastAccessTimeGreaterThan daysAfterLastTierChangeGreaterThan "
        "daysAfterModificationGreaterThan"
    ),
    "DateAfterCreation": "daysAfterCreationGreaterThan* daysAfterLastTierChangeGreaterThan",
    "ManagementPolicyFilter": "blobTypes* blobIndexMatch:[TagFilter] prefixMatch",
    "TagFilter": "name* op* value*",
    "StorageAccountKeys": "keys!:[StorageAccountKey]",
    "StorageAccountKey": "creationTime! keyName! permissions! value!",
}
SHAPES = Shapes(_SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.Storage"

RESOURCE_TYPES = (
    ResourceType(
        "storage:StorageAccount",
        path=_PROVIDER + "/storageAccounts/{accountName}",
        api_version="2024-01-01",
        shapes=SHAPES,
        force_new=frozenset({"isHnsEnabled", "location"}),
        restored={
            "networkRuleSet": {
                "bypass": "AzureServices",
                "defaultAction": "Allow",
                "ipRules": [],
                "virtualNetworkRules": [],
            }
        },
    ),
    ResourceType(
        "storage:BlobContainer",
        path=_PROVIDER + "/storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
        api_version="2024-01-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "storage:ManagementPolicy",
        path=_PROVIDER + "/storageAccounts/{accountName}/managementPolicies/{managementPolicyName}",
        api_version="2024-01-01",
        shapes=SHAPES,
    ),
)

FUNCTIONS = (
    Function(
        "storage:listStorageAccountKeys",
        path=_PROVIDER + "/storageAccounts/{accountName}/listKeys",
        api_version="2024-01-01",
        shapes=SHAPES,
        shape="StorageAccountKeys",
        query={"expand": "$expand"},
    ),
)
