"""Azure Attestation, as far as secure key release needs one: providers' keys, and tokens signed with them."""
