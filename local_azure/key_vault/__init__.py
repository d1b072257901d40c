"""Key Vault: the data plane of vaults, as far as it holds secrets."""
