"""Keys of a Managed HSM: made, imported and used with real cryptography, soft-deleted, backed up, rotated.

What goes over the wire follows the TypeSpec description ``Security.KeyVault.Keys`` of Azure/azure-rest-api-specs and
the exchanges with the live service that the official clients' repositories keep (Azure/azure-sdk-assets,
Azure/azure-cli); where the two differ, the recordings hold.
"""
