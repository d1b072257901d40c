"""Between a key's properties in Pulumi and a key in the pool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic import drift
from dynamic.base import Props, tell
from dynamic.key_checks import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from data_plane.key_model import Key as PoolKey
    from data_plane.key_model import KeySpec
    from data_plane.key_rotation import RotationPolicy

OUTPUTS: Final = ("key_id", "version", "versions", "dated_version", "thumbprint", "recovery_level")
DATES: Final = ("expires", "not_before")
_LABELS: Final = {
    "enabled": "enabled:",
    "expires": "expires",
    "not_before": "begins to work",
    "operations": "operations:",
    "tags": "tags:",
    "rotation": "rotation policy:",
    "release_policy": "release policy:",
}


def spec_of(props: Props, passphrase: str | None = None) -> KeySpec:
    """The key as the properties ask for it."""
    from data_plane.key_model import KeySpec
    from data_plane.key_release import ReleasePolicy

    operations, source, release = props.get("operations"), props.get("import_from"), props.get("release_policy")
    return KeySpec(
        name=props["key_name"],
        key_type=props["key_type"],
        size=props.get("size"),
        curve=props.get("curve"),
        operations=tuple(operations) if operations else None,
        enabled=props["enabled"],
        expires=moment_of(props.get("expires")),
        not_before=moment_of(props.get("not_before")),
        tags=dict(props["tags"]),
        import_from=Path(source) if source else None,
        restore_from=Path(props["restore_from"]) if props.get("restore_from") else None,
        restore_from_backup=props.get("restore_from_backup"),
        backup_right_is_new=bool(props.get("backup_right_is_new")),
        fingerprint=props.get("import_fingerprint"),
        passphrase=passphrase,
        exportable=props.get("exportable", False),
        release=ReleasePolicy(release["policy"], release["immutable"]) if release else None,
        rotates=bool(props.get("rotation")),
    )


def rotation_of(props: Props) -> RotationPolicy:
    """The rotation policy that the properties ask for; an empty one where they ask for none."""
    from data_plane.key_rotation import RotationPolicy

    return RotationPolicy(**(props.get("rotation") or {}))


def outputs(key: PoolKey, versions: Sequence[str], dated_version: str) -> Props:
    """What the pool alone knows of the key.

    ``versions``: all of them, the oldest first. ``dated_version``: the one that the configured dates are for.
    """
    known = {
        "key_id": key.key_id,
        "version": key.version,
        "versions": list(versions),
        "thumbprint": key.thumbprint,
        "recovery_level": key.recovery_level,
    }
    return known if dated_version == key.version else {**known, "dated_version": dated_version}


def outputs_of(props: Props) -> Props:
    """What the state knows of the key from the pool."""
    return {name: value for name, value in props.items() if name in OUTPUTS}


def without_outputs(props: Props) -> Props:
    """What was asked for."""
    return {name: value for name, value in props.items() if name not in OUTPUTS and name != drift.FIELD}


def seen(known: Props, found: PoolKey, rotation: RotationPolicy | None, *, dated: bool) -> Props:
    """The declared fields as the pool has them; what was not declared is nobody's drift.

    ``dated``: whether the configured dates are for the current version. Those of one that the service made by rotation
    are the service's affair.
    """
    now: Props = {"key_type": found.key_type, "enabled": found.enabled, "tags": dict(found.tags)}
    if "size" in known and found.size is not None:
        now["size"] = found.size
    if "curve" in known:
        now["curve"] = found.curve
    if "operations" in known:
        now["operations"] = list(found.operations)
    if known.get("exportable") or found.exportable:
        now["exportable"] = found.exportable
    if "release_policy" in known:
        now["release_policy"] = found.release and {"policy": found.release.text, "immutable": found.release.immutable}
    if "rotation" in known and rotation is not None:
        now["rotation"] = {name: value for name, value in vars(rotation).items() if value is not None} or None
    if known.get("backup_to") and not _is_backed_up(known, found):
        now["backup_to"] = None
    if known.get("attest_to") and not _is_attested(known, found):
        now["attest_to"] = None
    for name, moment in zip(DATES, (found.expires, found.not_before), strict=True):
        if dated and name in known:
            now[name] = None if moment is None else moment.isoformat()
    return now


def words(known: Props, found: PoolKey, now: Props, same: Callable[[str, Any, Any], bool]) -> list[str]:
    """What somebody changed in the key outside of the stack, a sentence each."""
    said = drift.differences(known, now, _LABELS, same)
    if (
        found.expires is not None
        and "expires" not in known
        and found.version == known.get("dated_version", known["version"])
        and not _has_expiry_of_a_policy(known, found)
    ):
        said.append(
            f"expires {found.expires.isoformat()} instead of never; only a new version (rotation.rotateNow) is without"
        )
    return said


def _has_expiry_of_a_policy(known: Props, found: PoolKey) -> bool:
    """Whether the version is a later one, to which the rotation policy gives an expiry."""
    first, *_ = known.get("versions") or [found.version]
    return rotation_of(known).expires_after is not None and found.version != first


def _is_backed_up(known: Props, found: PoolKey) -> bool:
    from data_plane.key_backups import is_current

    backed_up = is_current(Path(known["backup_to"]), found.key_id)
    if not backed_up:
        tell(f"{known['backup_to']}: the backup of key {found.name} is missing, altered or of an earlier version")
    return backed_up


def _is_attested(known: Props, found: PoolKey) -> bool:
    from data_plane.key_attestation import is_current

    attested = is_current(Path(known["attest_to"]), found.key_id)
    if not attested:
        tell(f"{known['attest_to']}: the attestation of key {found.name} is missing or of an earlier version")
    return attested
