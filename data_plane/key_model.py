"""A key as it shall be, and a key as the pool has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data_plane import key_material, key_release, ownership
from data_plane.key_release import ReleasePolicy


@dataclass(frozen=True)
class KeySpec:
    """A key as it shall be. What is None is the service's affair."""

    name: str
    key_type: str
    """``RSA-HSM``, ``EC-HSM`` or ``oct-HSM``."""
    size: int | None = None
    curve: str | None = None
    operations: tuple[str, ...] | None = None
    enabled: bool = True
    expires: datetime | None = None
    not_before: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    import_from: Path | None = None
    restore_from: Path | None = None
    """A backup of the key, made in a pool with the same security domain."""
    restore_from_backup: str | None = None
    """URL of the folder of a full backup, made in a pool with the same security domain."""
    backup_right_is_new: bool = False
    """Whether storage may not know the right of the pool's identity yet."""
    fingerprint: str | None = None
    """Of the material to import (:class:`data_plane.key_material.PublicFacts`)."""
    passphrase: str | None = field(default=None, repr=False)
    """Of the file to import."""
    exportable: bool = False
    release: ReleasePolicy | None = None
    """Under which attestation an exportable key is released."""
    rotates: bool = False
    """Whether the service makes versions of it by a policy, which gives them dates of their own."""


@dataclass(frozen=True)
class Key:
    """The current version of a key, as the pool has it."""

    name: str
    key_id: str
    """With the version."""
    version: str
    key_type: str
    size: int | None
    """In bits."""
    curve: str | None
    operations: tuple[str, ...]
    enabled: bool
    expires: datetime | None
    not_before: datetime | None
    tags: Mapping[str, str]
    thumbprint: str | None
    """RFC 7638, of the public key; None for an oct-HSM key."""
    recovery_level: str
    created: datetime | None = None
    exportable: bool = False
    release: ReleasePolicy | None = None
    is_new: bool = False
    """Whether this very call made the key, so that it has one version and nothing else to look up."""

    @property
    def versionless_id(self) -> str:
        """The id that always means the current version."""
        return self.key_id.removesuffix(f"/{self.version}")

    def differences(self, spec: KeySpec) -> list[str]:
        """In which unchangeable properties this key is another than the one described, in words."""
        pairs: list[tuple[str, object, object]] = [("type", self.key_type, spec.key_type)]
        if spec.size is not None and self.size is not None:
            pairs.append(("size", self.size, spec.size))
        if spec.curve is not None:
            pairs.append(("curve", self.curve, spec.curve))
        thumbprint = key_material.public_thumbprint(spec.fingerprint)
        if thumbprint is not None:
            pairs.append(("public key", self.thumbprint, thumbprint))
        pairs.append(("exportable", self.exportable, spec.exportable))
        differences = [f"{what} {is_} instead of {shall}" for what, is_, shall in pairs if is_ != shall]
        owner = ownership.difference(self.tags, spec.tags)
        return differences if owner is None else [owner, *differences]

    def fits(self, spec: KeySpec) -> bool:
        """Whether everything that can be changed in place is as described."""
        return (
            self.enabled == spec.enabled
            and dict(self.tags) == dict(spec.tags)
            and (spec.operations is None or set(self.operations) == set(spec.operations))
            and (spec.expires is None or self.expires == spec.expires)
            and (spec.not_before is None or self.not_before == spec.not_before)
            and (spec.release is None or self.release == spec.release)
        )


def can_be_purged(recovery_level: str) -> bool:
    """Whether the pool lets deleted keys be purged, by the recovery level that its keys show."""
    return "Purgeable" in recovery_level


def key_of(found: Any) -> Key:
    """The SDK's key, or deleted key, as ours."""
    properties, material = found.properties, found.key
    key_type, curve = _text(found.key_type), _text(material.crv) or None
    n, e = (int.from_bytes(each) if each else None for each in (material.n, material.e))
    thumb: str | None = None
    if n is not None:
        thumb = key_material.thumbprint(n=n, e=e)
    elif material.x and material.y and curve:
        thumb = key_material.thumbprint(curve=curve, x=material.x, y=material.y)
    return Key(
        name=str(found.name),
        key_id=str(found.id),
        version=str(properties.version or ""),
        key_type=key_type,
        size=n.bit_length() if n is not None else _symmetric_size(properties),
        curve=curve,
        operations=tuple(sorted(_text(each) for each in found.key_operations or ())),
        enabled=bool(properties.enabled),
        expires=_instant(properties.expires_on),
        not_before=_instant(properties.not_before),
        tags=dict(properties.tags or {}),
        thumbprint=thumb,
        recovery_level=_text(properties.recovery_level),
        created=_instant(properties.created_on),
        exportable=bool(properties.exportable),
        release=key_release.policy_of(properties.release_policy),
    )


def _symmetric_size(properties: Any) -> int | None:
    """Recorded answers for oct-HSM keys have ``attributes.key_size``; the SDK keeps it but has no name for it."""
    attributes = getattr(properties, "_attributes", None)
    size = attributes.get("key_size") if isinstance(attributes, Mapping) else None
    return int(size) if size else None


def _text(value: Any) -> str:
    """The SDK gives an enumeration where it knows the word and plain text where it does not."""
    return str(getattr(value, "value", value) or "")


def _instant(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
