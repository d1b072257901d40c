"""Entra ID: who there is, and tokens that prove it."""
