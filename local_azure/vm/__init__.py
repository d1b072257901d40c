"""Virtual machines: each a network namespace with its addresses, its resolver and its metadata service."""
