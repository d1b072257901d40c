"""Azure's built-in roles, those that concern what is played here ("Azure built-in roles" lists them)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BuiltInRole:
    """A role definition that every tenant has."""

    guid: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


_COMMON = ("Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.ResourceHealth/*/read")
_GROUPS = (
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)
_VAULT_DATA = "Microsoft.KeyVault/vaults/"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/"
_DELEGATION = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"

BUILT_IN_ROLES = (
    BuiltInRole(
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Owner",
        "Full access to all resources, and may assign roles in Azure RBAC.",
        ("*",),
    ),
    BuiltInRole(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Full access to all resources, without assigning roles.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    BuiltInRole("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Sees all resources, changes none.", ("*/read",)),
    BuiltInRole(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Manages access to Azure resources.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    BuiltInRole(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Manages access to Azure resources by assigning roles in Azure RBAC.",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "18500a29-7fe2-46b2-a342-b16a415e101d",
        "Managed HSM contributor",
        "Manages managed HSM pools, without access to what is in them.",
        (
            "Microsoft.KeyVault/managedHSMs/*",
            "Microsoft.KeyVault/deletedManagedHsms/read",
            "Microsoft.KeyVault/locations/deletedManagedHsms/read",
            "Microsoft.KeyVault/locations/deletedManagedHsms/purge/action",
            "Microsoft.KeyVault/locations/managedHsmOperationResults/read",
        ),
    ),
    BuiltInRole(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        "Manages key vaults, without access to what is in them.",
        (*_COMMON, *_GROUPS, "Microsoft.KeyVault/*"),
        (
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    BuiltInRole(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Does everything on the data plane of a key vault.",
        (*_COMMON, *_GROUPS, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
        data_actions=(f"{_VAULT_DATA}*",),
    ),
    BuiltInRole(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        "Does everything with the secrets of a key vault.",
        (*_COMMON, *_GROUPS, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
        data_actions=(f"{_VAULT_DATA}secrets/*",),
    ),
    BuiltInRole(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        "Reads the contents of secrets.",
        data_actions=(f"{_VAULT_DATA}secrets/getSecret/action", f"{_VAULT_DATA}secrets/readMetadata/action"),
    ),
    BuiltInRole(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Reads metadata of key vaults and of what is in them.",
        (*_COMMON, *_GROUPS, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
        data_actions=(f"{_VAULT_DATA}*/read", f"{_VAULT_DATA}secrets/readMetadata/action"),
    ),
    BuiltInRole(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        "Manages networks, without access to them.",
        (*_COMMON, *_GROUPS, "Microsoft.Network/*"),
    ),
    BuiltInRole(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        "Manages private DNS zones, but not the virtual networks that they are linked to.",
        (
            *_COMMON,
            *_GROUPS,
            "Microsoft.Network/privateDnsZones/*",
            "Microsoft.Network/privateDnsOperationResults/*",
            "Microsoft.Network/privateDnsOperationStatuses/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/join/action",
        ),
    ),
    BuiltInRole(
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
        "Virtual Machine Contributor",
        "Manages virtual machines, without access to them or to the networks they are in.",
        (
            *_COMMON,
            *_GROUPS,
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
        ),
    ),
    BuiltInRole(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Reads and assigns user-assigned identities.",
        (
            *_COMMON,
            *_GROUPS,
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        ),
    ),
    BuiltInRole(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        "Creates, reads, updates and deletes user-assigned identities.",
        (
            *_COMMON,
            *_GROUPS,
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
        ),
    ),
    BuiltInRole(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        "Manages storage accounts.",
        (*_COMMON, *_GROUPS, "Microsoft.Insights/diagnosticSettings/*", "Microsoft.Storage/storageAccounts/*"),
    ),
    BuiltInRole(
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Owner",
        "Full access to blob containers and data.",
        (f"{_BLOBS}*", _DELEGATION),
        data_actions=(f"{_BLOBS}blobs/*",),
    ),
    BuiltInRole(
        "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
        "Storage Blob Delegator",
        "Gets keys that sign for whoever asks for them, for a while.",
        (_DELEGATION,),
    ),
    BuiltInRole(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        "Reads, writes and deletes blob containers and data.",
        (f"{_BLOBS}delete", f"{_BLOBS}read", f"{_BLOBS}write", _DELEGATION),
        data_actions=tuple(
            f"{_BLOBS}blobs/{action}" for action in ("delete", "read", "write", "move/action", "add/action")
        ),
    ),
    BuiltInRole(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        "Reads blob containers and data.",
        (f"{_BLOBS}read", _DELEGATION),
        data_actions=(f"{_BLOBS}blobs/read",),
    ),
    BuiltInRole(
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        "Monitoring Contributor",
        "Reads all monitoring data and edits monitoring settings.",
        (
            "*/read",
            "Microsoft.Insights/*",
            "Microsoft.OperationalInsights/workspaces/write",
            "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        "Log Analytics Contributor",
        "Reads all monitoring data and edits where logs go.",
        (
            "*/read",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.OperationalInsights/*",
            "Microsoft.Support/*",
        ),
    ),
    BuiltInRole(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        "Reads and searches all monitoring data, and sees where logs go.",
        (
            "*/read",
            "Microsoft.OperationalInsights/workspaces/analytics/query/action",
            "Microsoft.OperationalInsights/workspaces/search/action",
            "Microsoft.Support/*",
        ),
        ("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
    BuiltInRole(
        "f526a384-b230-433a-b45c-95f59c4a2dec",
        "Azure Event Hubs Data Owner",
        "Full access to Event Hubs resources.",
        ("Microsoft.EventHub/*",),
        data_actions=("Microsoft.EventHub/*",),
    ),
)
"""Scopes are left out: every one of them can be assigned anywhere."""

OWNER = BUILT_IN_ROLES[0]
