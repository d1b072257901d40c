"""The security domain: what only a quorum of custodians can open, and what makes pools share keys.

Wire and file formats follow azure-cli 2.91.0 (``keyvault/security_domain``), azure-powershell
(``src/KeyVault/KeyVault/SecurityDomain``) and one recorded exchange with the live service (azure-cli's
``test_keyvault_hsm_security_domain.yaml``).
"""
