"""Who did what in a pool or a vault: its audit log, read from where it is kept."""
