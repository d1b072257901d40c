"""Microsoft Graph, as far as people and tools look principals up."""
