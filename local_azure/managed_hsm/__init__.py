"""The Managed HSM data plane: ``https://<name>.managedhsm.azure.net``."""
