"""The policy pack: what a stack with a Managed HSM must be, whoever reviews it (``pulumi preview --policy-pack``)."""
