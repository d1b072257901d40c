"""Taking over what exists: the configuration of a pool that was made by hand, as a stack's file."""
