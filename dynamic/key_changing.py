"""What is done to a key in the pool: made, rotated, changed in place, and kept in files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from data_plane import ownership
from data_plane.errors import ConflictError, ForbiddenError
from dynamic import drift, key_state
from dynamic.base import Props, tell
from dynamic.key_reading import say_many_versions

if TYPE_CHECKING:
    from data_plane.key_model import Key as PoolKey
    from data_plane.key_model import KeySpec
    from data_plane.keys import Keys

Same = Callable[[str, Any, Any], bool]

_JUST_MADE: Final = timedelta(hours=1)


def create(keys: Keys, wanted: Props, passphrase: str | None) -> Props:
    """The key as asked for: new, imported, restored, adopted or recovered. Raises DataPlaneError."""
    made = keys.ensure(key_state.spec_of(wanted, passphrase))
    if wanted.get("rotation"):
        keys.set_rotation_policy(made.name, key_state.rotation_of(wanted))
    versions = [made.version] if made.is_new else [each.version for each in keys.versions(made.name)]
    # The dates of the configuration are those of the version that it was made with.
    return _kept(keys, wanted, made, versions, versions[0] if wanted.get("rotation") else made.version)


def update(keys: Keys, olds: Props, wanted: Props, same: Same, passphrase: str | None) -> Props:
    """The key changed in place, with a new version where one was asked for. Raises DataPlaneError."""
    found = keys.find(wanted["key_name"])
    if found is None and olds.get(drift.FIELD) and not _is_brought_back(keys, olds):
        return create(keys, wanted, passphrase)
    if found is not None:
        _require_own(keys, found, olds, wanted)
    spec = key_state.spec_of(wanted, passphrase)
    if not same("rotation", olds.get("rotation"), wanted.get("rotation")):
        keys.set_rotation_policy(spec.name, key_state.rotation_of(wanted))
    rotated = _rotated(keys, olds, wanted, spec)
    # A date that goes away asks nothing of a version that a rotation has just made.
    redated = any(wanted.get(name) and not same(name, olds.get(name), wanted[name]) for name in key_state.DATES)
    # A rotation gives the version that it makes a date of its own where its policy has expiresAfter.
    redated = redated or (rotated is not None and key_state.rotation_of(wanted).expires_after is None)
    changed = keys.update(spec if redated else replace(spec, expires=None, not_before=None))
    versions = olds.get("versions") or []
    if changed.version not in versions:
        versions = [each.version for each in keys.versions(spec.name)]
    anew = redated or olds["version"] not in versions
    dated = changed.version if anew else str(olds.get("dated_version", olds["version"]))
    return _kept(keys, wanted, changed, versions, dated)


def _is_brought_back(keys: Keys, olds: Props) -> bool:
    """Whether the key of the state was deleted softly and is recovered: with the dates and versions that it had."""
    try:
        return keys.bring_back(olds["key_name"], olds.get("versions") or [olds["version"]])
    except ForbiddenError:
        return False


def _require_own(keys: Keys, found: PoolKey, olds: Props, wanted: Props) -> None:
    """Raises ConflictError where the name belongs to a key of another stack by now.

    A mark that was only taken off the stack's own key is drift, which an update puts right.
    """
    owner = ownership.difference(found.tags, wanted["tags"])
    if owner is None or (ownership.owner_of(found.tags) is None and keys.has_version(found.name, olds["version"])):
        return
    raise ConflictError(
        f"key {found.name}: it has {owner}, so it is another stack's now — take it out of this configuration, which "
        "leaves it alone, or give it another name"
    )


def _rotated(keys: Keys, olds: Props, wanted: Props, spec: KeySpec) -> PoolKey | None:
    """The new version that a new trigger asks for; None where there is none.

    A version that the state does not know and that was made just now is the one of a run that was cut off.
    """
    trigger = wanted.get("rotate_now")
    if not trigger or trigger == olds.get("rotate_now"):
        return None
    current = keys.find(spec.name)
    if current is not None and current.version != olds["version"] and _was_made_just_now(current):
        tell(f"key {spec.name}: version {current.version} was made a moment ago; it is the one that rotateNow asks for")
        return current
    made = keys.rotate(spec, by_policy=bool(wanted.get("rotation")))
    tell(f"key {spec.name}: rotated, as rotateNow: {trigger} asks; the current version is {made.version}")
    return made


def _was_made_just_now(key: PoolKey) -> bool:
    return key.created is not None and abs(datetime.now(UTC) - key.created) < _JUST_MADE


def _kept(keys: Keys, wanted: Props, key: PoolKey, versions: Sequence[str], dated_version: str) -> Props:
    """Backup and attestation of the version, and the properties with what the pool alone knows."""
    if wanted.get("backup_to"):
        keys.back_up(key, Path(wanted["backup_to"]))
    if wanted.get("attest_to"):
        keys.attest(key, Path(wanted["attest_to"]))
    say_many_versions(key.name, versions)
    return {**key_state.without_outputs(wanted), **key_state.outputs(key, versions, dated_version)}
