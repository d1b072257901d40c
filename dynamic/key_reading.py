"""A refresh of a key: what the pool has, and in words what somebody changed outside of the stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from data_plane.errors import ForbiddenError
from dynamic import drift, key_state
from dynamic.base import Props, tell

if TYPE_CHECKING:
    from data_plane.key_model import Key as PoolKey
    from data_plane.key_rotation import KeyVersion
    from data_plane.keys import Keys

Same = Callable[[str, Any, Any], bool]

_MANY_VERSIONS: Final = 90


def read(keys: Keys, known: Props, same: Same) -> Props:
    """The properties as the pool has them, the field ``drift`` among them. Raises DataPlaneError.

    A key that is gone stays in the state, so that the next preview says in words what became of it; ``update`` then
    recovers it, or makes another.
    """
    found = keys.find(known["key_name"])
    if found is None:
        return {**known, drift.FIELD: [_how_it_went(keys, known["key_name"])]}
    return _present(keys, known, found, same)


def say_many_versions(name: str, versions: Sequence[str]) -> None:
    """Warns before a key can have no more versions."""
    from data_plane.key_rotation import MOST_VERSIONS

    if len(versions) >= _MANY_VERSIONS:
        tell(
            f"warning: key {name} has {len(versions)} versions of {MOST_VERSIONS} that a key can have; then neither "
            "rotation nor import makes another — move on to a key of another name before (docs/how-to/retire-a-key.md)"
        )


def _present(keys: Keys, known: Props, found: PoolKey, same: Same) -> Props:
    sentences: list[str] = []
    names, dated = known.get("versions") or [known["version"]], str(known.get("dated_version", known["version"]))
    if found.version != known["version"]:
        versions = keys.versions(found.name)
        names = [each.version for each in versions]
        by_hand = _by_hand(known, versions)
        sentences = [_made_by_hand(each) for each in by_hand]
        if known["version"] not in names:
            sentences = [f"another key has the name: version {known['version']}, which this stack knows, is not its"]
        if sentences and (known["version"] not in names or found.version in [each.version for each in by_hand]):
            dated = found.version
    say_many_versions(found.name, names)
    rotation = keys.rotation_policy(found.name) if known.get("rotation") else None
    now = key_state.seen(known, found, rotation, dated=dated == found.version)
    if known["version"] not in names and known.get("import_fingerprint"):
        now["import_fingerprint"] = found.thumbprint
    sentences += key_state.words(known, found, now, same)
    # What means the same stays as it was written: otherwise a preview would show it as changed.
    changed = {name: value for name, value in now.items() if not same(name, known.get(name), value)}
    # Another key of the name is not this stack's before an update takes it over: until then nothing here deletes it.
    outputs = key_state.outputs(found, names, dated) if known["version"] in names else key_state.outputs_of(known)
    seen = {**key_state.without_outputs(known), **changed, **outputs}
    return {**seen, drift.FIELD: sentences} if sentences else seen


def _by_hand(known: Props, versions: Sequence[KeyVersion]) -> list[KeyVersion]:
    from data_plane.key_rotation import made_by_hand

    return made_by_hand(key_state.rotation_of(known), versions, known["version"])


def _made_by_hand(version: KeyVersion) -> str:
    return f"version {version.version} was made by hand at {version.created:%Y-%m-%d %H:%M:%S} UTC, not by rotation"


def _how_it_went(keys: Keys, name: str) -> str:
    try:
        deleted = keys.deleted(name)
    except ForbiddenError:
        return "it is gone, deleted or purged (who deploys may not read deleted keys); up recovers it or makes another"
    if deleted is None:
        return "it was purged: what it protects is lost, and up makes another key of this name"
    return "it was deleted; it can still be recovered, which up does"
