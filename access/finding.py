"""What a finding is: one questionable thing in a pool's access, and which kinds there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Level = Literal["danger", "warning", "note"]
LEVELS: Final[tuple[Level, ...]] = ("danger", "warning", "note")

CODES: Final = {
    "no-administrator": "nobody administers the pool, or nobody would any more",
    "only-administrator": "one Administrator, and nobody to stand in",
    "standing-administrator": "Administrator at all times",
    "could-become-administrator": "may give itself the role Administrator, or widen its own",
    "could-give-itself-keys": "may give itself every right to keys",
    "two-duties": "uses keys, and also gives roles or purges",
    "custody": "could take the security domain or a full backup",
    "deployer": "what the deployer may do beyond managing keys",
    "user": "a user where a group would do",
    "every-key": "a workload with rights at every key",
    "unknown-role": "a role that nobody here knows",
    "deleted-principal": "a role of somebody who is no more",
    "global-administrators": "Entra Global Administrators",
}
"""Every code, with what it is about."""


@dataclass(frozen=True)
class Finding:
    """One of them."""

    code: str
    level: Level
    who: str
    what: str
    why: str
    way_out: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.who} {self.what}: {self.why} — {self.way_out} [{self.code}]"
