"""Every rule of the pack."""

from __future__ import annotations

from typing import Final

from policy.pack.rule import Rule
from policy.pack.rules import access, custody, keys, network, pool, stack

RULES: Final[tuple[Rule, ...]] = (
    *stack.RULES,
    *pool.RULES,
    *custody.RULES,
    *network.RULES,
    *access.RULES,
    *keys.RULES,
)
