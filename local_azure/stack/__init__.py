"""What ``make up`` and ``make down`` do around Pulumi for the stack dev on the local Azure."""
