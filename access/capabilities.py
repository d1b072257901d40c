"""Data actions as people think of them: what concerns the pool, and what somebody may do with a key, in six groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from access.effective import ASSIGNING, DEFINING
from data_plane import data_actions
from data_plane.data_actions import full, short


@dataclass(frozen=True)
class Capability:
    """A group of data actions that are told together."""

    code: str
    """How the page colours it."""
    name: str
    meaning: str
    actions: tuple[str, ...]
    """With their prefix."""


def _capability(code: str, name: str, meaning: str, *actions: str) -> Capability:
    return Capability(code, name, meaning, tuple(map(full, actions)))


WITH_KEYS: Final = (
    _capability(
        "see", "See", "read a key's attributes and public part", "keys/read/action", "keys/deletedKeys/read/action"
    ),
    _capability("use", "Use", "work with the key: sign, decrypt, unwrap and the like", *data_actions.KEY_USES),
    _capability(
        "manage",
        "Manage",
        "make, change, rotate and bring back keys",
        "keys/create",
        "keys/import/action",
        "keys/write/action",
        "keys/rotate/action",
        "keys/restore/action",
        "keys/deletedKeys/recover/action",
    ),
    _capability(
        "out",
        "Take out",
        "get the key out of the pool: as an encrypted backup, released to an enclave, exported",
        "keys/backup/action",
        "keys/release/action",
        "keys/export/action",
    ),
    _capability("end", "Destroy", "delete a key, or purge it for good", "keys/delete", "keys/deletedKeys/delete"),
    Capability("rule", "Give roles", "give anybody, also itself, any right to the key", (ASSIGNING,)),
)
"""What somebody may do with a key, the harmless first."""

OVER_POOL: Final = (
    Capability("rule", "Give roles", "give anybody, also itself, any role", (ASSIGNING,)),
    Capability("rule", "Define roles", "change what the pool's own roles permit", (DEFINING,)),
    _capability(
        "end",
        "Security domain",
        "download it for certificates of one's own: with a full backup, every key",
        "securitydomain/download/action",
    ),
    _capability("out", "Full backup", "copy all keys, encrypted, to a storage account", "backup/start/action"),
    _capability("end", "Full restore", "replace everything in the pool by a backup", "restore/start/action"),
    _capability("manage", "Settings", "change the pool's settings", "settings/write/action"),
    _capability("manage", "External keys", "connect key managers outside of Azure", "ekm/write/action"),
    _capability("see", "See roles", "read who has which role", "roleAssignments/read/action"),
    _capability("use", "Random numbers", "ask the HSM for random bytes", "rng/action"),
)
"""What concerns the pool as a whole, the gravest first."""

_WORDS: Final = {
    "keys/write/action": "change",
    "keys/backup/action": "back up",
    "keys/deletedKeys/read/action": "see deleted",
    "keys/deletedKeys/recover/action": "recover",
    "keys/deletedKeys/delete": "purge",
    "roleAssignments/write/action": "give roles",
}


def words_of(action: str) -> str:
    """A data action in a word or two."""
    plain = short(action)
    if plain in _WORDS:
        return _WORDS[plain]
    return plain.removeprefix("keys/").removesuffix("/action").replace("/", " ")
