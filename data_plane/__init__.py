"""What talks to the Managed HSM: typed, without Pulumi, usable alone."""
