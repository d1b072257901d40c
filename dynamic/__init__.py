"""Pulumi dynamic providers. Module and class names are part of every stack's state: they never change."""
