"""The rehearsal of a recovery: a security domain, a quorum and a key backup, tried in a pool that nobody depends on."""
