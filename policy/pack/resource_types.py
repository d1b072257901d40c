"""The resource types that rules look at."""

from __future__ import annotations

from typing import Final

MANAGED_HSM: Final = "azure-native:keyvault:ManagedHsm"
VAULT: Final = "azure-native:keyvault:Vault"
PRIVATE_ENDPOINT: Final = "azure-native:network:PrivateEndpoint"
DIAGNOSTIC_SETTING: Final = "azure-native:monitor:DiagnosticSetting"
STORAGE_ACCOUNT: Final = "azure-native:storage:StorageAccount"
EVENT_HUB_NAMESPACE: Final = "azure-native:eventhub:Namespace"

SECURITY_DOMAIN: Final = "pulumi-python:dynamic/mhsm:SecurityDomain"
KEY: Final = "pulumi-python:dynamic/mhsm:Key"
ROLE_ASSIGNMENT: Final = "pulumi-python:dynamic/mhsm:RoleAssignment"
ROLE_DEFINITION: Final = "pulumi-python:dynamic/mhsm:RoleDefinition"
CUSTODY_ACCOUNT: Final = "pulumi-python:dynamic/mhsm:CustodyAccount"

SETUP: Final = "mhsm:components:HsmSetup"
"""The component that says whose stack it is: its outputs are ``environment`` and ``deployer`` (an object id)."""
