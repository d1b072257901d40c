"""What is done to a key in the pool: made, rotated, changed in place, and kept in files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
    return _kept(keys, wanted, made, versions, made.version)


def update(keys: Keys, olds: Props, wanted: Props, same: Same, passphrase: str | None) -> Props:
    """The key changed in place, with a new version where one was asked for. Raises DataPlaneError."""
    if olds.get(drift.FIELD) and keys.find(wanted["key_name"]) is None:
        return create(keys, wanted, passphrase)
    spec = key_state.spec_of(wanted, passphrase)
    if not same("rotation", olds.get("rotation"), wanted.get("rotation")):
        keys.set_rotation_policy(spec.name, key_state.rotation_of(wanted))
    rotated = _rotated(keys, olds, wanted, spec)
    redated = any(not same(name, olds.get(name), wanted.get(name)) for name in key_state.DATES)
    # A rotation gives the version that it makes a date of its own where its policy has expiresAfter.
    redated = redated or (rotated is not None and key_state.rotation_of(wanted).expires_after is None)
    changed = keys.update(spec if redated else replace(spec, expires=None, not_before=None))
    versions = olds.get("versions") or []
    if changed.version not in versions:
        versions = [each.version for each in keys.versions(spec.name)]
    dated = changed.version if redated else str(olds.get("dated_version", olds["version"]))
    return _kept(keys, wanted, changed, versions, dated)


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
