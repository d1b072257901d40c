"""Microsoft.KeyVault, api-version 2024-11-01 (managedHsm.json and keyvault.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "keyvault:ManagedHsm": (
        "identity:ManagedServiceIdentity location name! properties:ManagedHsmProperties sku:ManagedHsmSku tags "
        "systemData!:SystemData type!"
    ),
    "ManagedServiceIdentity": "type* userAssignedIdentities:set(UserAssignedIdentity) principalId! tenantId!",
    "UserAssignedIdentity": "clientId! principalId!",
    "ManagedHsmProperties": (
        "createMode+ enablePurgeProtection enableSoftDelete initialAdminObjectIds networkAcls:MHSMNetworkRuleSet "
        "publicNetworkAccess regions:[MHSMGeoReplicatedRegion] softDeleteRetentionInDays tenantId hsmUri! "
        "privateEndpointConnections!:[MHSMPrivateEndpointConnectionItem] provisioningState! scheduledPurgeDate! "
        "securityDomainProperties!:ManagedHSMSecurityDomainProperties statusMessage!"
    ),
    "MHSMNetworkRuleSet": "bypass defaultAction ipRules:[MHSMIPRule] virtualNetworkRules:[MHSMVirtualNetworkRule]",
    "MHSMIPRule": "value*",
    "MHSMVirtualNetworkRule": "id*",
    "MHSMGeoReplicatedRegion": "isPrimary name provisioningState!",
    "MHSMPrivateEndpointConnectionItem": (
        "etag! id! properties> provisioningState! privateEndpoint!:MHSMPrivateEndpoint "
        "privateLinkServiceConnectionState!:MHSMPrivateLinkServiceConnectionState"
    ),
    "MHSMPrivateEndpoint": "id!",
    "MHSMPrivateLinkServiceConnectionState": "actionsRequired description status",
    "ManagedHSMSecurityDomainProperties": "activationStatus! activationStatusMessage!",
    "ManagedHsmSku": "family* name*",
    "keyvault:Vault": "properties*:VaultProperties location* tags name! systemData!:SystemData type!",
    "VaultProperties": (
        "sku*:Sku tenantId* accessPolicies:[AccessPolicyEntry] createMode+ enablePurgeProtection "
        "enableRbacAuthorization enableSoftDelete enabledForDeployment enabledForDiskEncryption "
        "enabledForTemplateDeployment networkAcls:NetworkRuleSet publicNetworkAccess softDeleteRetentionInDays "
        "hsmPoolResourceId! privateEndpointConnections!:[PrivateEndpointConnectionItem] provisioningState! "
        "vaultUri!"
    ),
    "Sku": "family* name*",
    "AccessPolicyEntry": "objectId* permissions*:Permissions tenantId* applicationId",
    "Permissions": "certificates keys secrets storage",
    "NetworkRuleSet": "bypass defaultAction ipRules:[IPRule] virtualNetworkRules:[VirtualNetworkRule]",
    "IPRule": "value*",
    "VirtualNetworkRule": "id* ignoreMissingVnetServiceEndpoint",
    "PrivateEndpointConnectionItem": (
        "etag! id! properties> provisioningState! privateEndpoint!:PrivateEndpoint "
        "privateLinkServiceConnectionState!:PrivateLinkServiceConnectionState"
    ),
    "PrivateEndpoint": "id!",
    "PrivateLinkServiceConnectionState": "actionsRequired! description! status!",
    "keyvault:Secret": "properties*:SecretProperties tags location! name! type!",
    "SecretProperties": "attributes:SecretAttributes contentType value secretUri! secretUriWithVersion!",
    "SecretAttributes": "enabled expires notBefore created! updated!",
    "keyvault:MHSMPrivateEndpointConnection": (
        "name! identity:ManagedServiceIdentity location sku:ManagedHsmSku tags etag! systemData!:SystemData type! "
        "properties> privateLinkServiceConnectionState:MHSMPrivateLinkServiceConnectionState "
        "privateEndpoint!:MHSMPrivateEndpoint provisioningState!"
    ),
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.KeyVault"

RESOURCE_TYPES = (
    ResourceType(
        "keyvault:ManagedHsm",
        path=_PROVIDER + "/managedHSMs/{name}",
        api_version="2024-11-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
    ResourceType(
        "keyvault:MHSMPrivateEndpointConnection",
        path=_PROVIDER + "/managedHSMs/{name}/privateEndpointConnections/{privateEndpointConnectionName}",
        api_version="2024-11-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
    ResourceType(
        "keyvault:Vault",
        path=_PROVIDER + "/vaults/{vaultName}",
        api_version="2024-11-01",
        shapes=SHAPES,
        subresources=("properties.accessPolicies",),
    ),
    ResourceType(
        "keyvault:Secret",
        path=_PROVIDER + "/vaults/{vaultName}/secrets/{secretName}",
        api_version="2024-11-01",
        shapes=SHAPES,
        delete_by="vault",
    ),
)
