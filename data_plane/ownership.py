"""Whose a key is, where several stacks share a pool: each marks its keys with a tag.

A stack that owns its pool leaves its keys unmarked: what bears no mark is its own, or was made by hand. Roles need no
mark: the stacks that share a pool give roles at their own keys only. See docs/adr/0016-several-stacks-on-one-pool.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OWNER_TAG: Final = "managed-by-stack"
"""Its value is ``hsm.owner`` of the stack."""
MOST_TAGS: Final = 15
"""A key can have so many ("About keys", key tags)."""


def owner_of(tags: Mapping[str, str]) -> str | None:
    """The stack that the tags name; None for a key of the pool's own stack, or of nobody's."""
    return tags.get(OWNER_TAG)


def difference(is_: Mapping[str, str], shall: Mapping[str, str]) -> str | None:
    """In words, how a key's tags name another stack than the one that asks; None where they do not."""
    found, wanted = owner_of(is_), owner_of(shall)
    if found == wanted:
        return None
    return f"the owner {found or 'nobody'} (tag {OWNER_TAG}) instead of {wanted or 'nobody'}"
