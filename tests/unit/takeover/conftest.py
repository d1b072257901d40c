"""Pools to be taken over."""

from tests.unit.dynamic.conftest import active_pool, pool, signed_in, usable_pool

__all__ = ["active_pool", "pool", "signed_in", "usable_pool"]
