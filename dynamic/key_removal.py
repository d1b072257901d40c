"""How a key goes: softly, for good where that was asked, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_plane.errors import ConflictError
from dynamic.base import Props, tell

if TYPE_CHECKING:
    from data_plane.keys import Keys


def remove(keys: Keys, known: Props) -> None:
    """Deletes the key that this stack made, and no other of its name; purges it only where that was asked.

    Raises ConflictError before anything is deleted where the purge is impossible, and the other DataPlaneErrors.
    """
    from data_plane import customer_managed_keys, ownership, session
    from data_plane.key_model import can_be_purged

    name, purge = known["key_name"], known["on_remove"] == "purge"
    if not keys.has_version(name, known["version"]):
        deleted = keys.deleted(name) if purge else None
        if deleted is not None and deleted.version == known["version"]:
            keys.purge(name)
        return
    found = keys.find(name)
    if found is not None and (owner := ownership.difference(found.tags, known["tags"])):
        tell(f"key {name} stays: it has {owner}, so it is another stack's now")
        return
    customer_managed_keys.refuse_granted(session.current(), known["hsm_uri"], name, tell)
    if not purge:
        keys.soft_delete(name)
        tell(f"key {name} is deleted softly: it holds its name and can be recovered until its retention has passed")
        return
    if not can_be_purged(known["recovery_level"]):
        raise ConflictError(
            f"key {name}: the pool has purge protection, so it cannot be purged — set onRemove: softDelete, run up, "
            "and remove it then"
        )
    keys.soft_delete(name)
    keys.await_deleted(name)
    keys.purge(name)
