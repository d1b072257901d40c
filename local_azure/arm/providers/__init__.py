"""The resource providers, a module each; each says what types it has and what else it answers."""
