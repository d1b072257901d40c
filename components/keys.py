"""The keys of a stack: from their settings to what is declared, and what a next stack wants to know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from config.keys import Key as KeySetting
from config.release_policies import canonical_policy
from dynamic.key import Key, KeyArgs


class PoolOfKeys(Protocol):
    """What a key has to know of the pool that it lies in, whoever owns that."""

    @property
    def id(self) -> pulumi.Input[str]:
        """Its ARM id."""

    @property
    def uri(self) -> pulumi.Input[str]:
        """Of its data plane."""

    @property
    def created_at(self) -> pulumi.Input[str]:
        """Which of the pools of that name it is."""


@dataclass(frozen=True)
class KeySettings:
    """A key, without the pool that it is made in."""

    key_type: str
    size: int | None
    curve: str | None
    operations: Sequence[str]
    enabled: bool
    expires: str | None
    not_before: str | None
    tags: Mapping[str, str]
    import_from: str | None
    restore_from: str | None
    backup_to: str | None
    on_remove: str
    protect: bool
    passphrase_variable: str | None = None
    attest_to: str | None = None
    exportable: bool = False
    release_policy: Mapping[str, Any] | None = None
    rotation: Mapping[str, str] | None = None
    rotate_now: str | None = None
    restore_from_backup: str | None = None


def settings_of(key: KeySetting, *, protect: bool) -> KeySettings:
    """The settings of a key as the configuration has them; ``protect`` as it is to be."""
    return KeySettings(
        key_type=key.type,
        size=key.size,
        curve=key.curve,
        operations=key.effective_operations,
        enabled=key.enabled,
        expires=key.expires.isoformat() if key.expires else None,
        not_before=key.not_before.isoformat() if key.not_before else None,
        tags=key.tags,
        import_from=_text(key.import_from),
        restore_from=_text(key.restore_from),
        backup_to=_text(key.backup_to),
        on_remove=key.on_remove,
        protect=protect,
        passphrase_variable=key.passphrase_variable,
        attest_to=_text(key.attest_to),
        exportable=key.exportable,
        release_policy=_release_policy(key),
        rotation=_rotation(key),
        rotate_now=key.rotation.rotate_now if key.rotation else None,
        restore_from_backup=key.restore_from_backup,
    )


def args_of(name: str, settings: KeySettings, pool: PoolOfKeys, *, backup_right_is_new: bool = False) -> KeyArgs:
    """The arguments of the key's resource.

    ``backup_right_is_new``: whether this program gives the pool's identity its right at the backups.
    """
    return KeyArgs(
        hsm_id=pool.id,
        hsm_uri=pool.uri,
        hsm_created_at=pool.created_at,
        key_name=name,
        key_type=settings.key_type,
        size=settings.size,
        curve=settings.curve,
        operations=list(settings.operations),
        enabled=settings.enabled,
        expires=settings.expires,
        not_before=settings.not_before,
        tags=dict(settings.tags),
        import_from=settings.import_from,
        passphrase_variable=settings.passphrase_variable,
        restore_from=settings.restore_from,
        restore_from_backup=settings.restore_from_backup,
        backup_right_is_new=backup_right_is_new,
        backup_to=settings.backup_to,
        attest_to=settings.attest_to,
        exportable=settings.exportable,
        release_policy=settings.release_policy,
        rotation=settings.rotation,
        rotate_now=settings.rotate_now,
        on_remove=settings.on_remove,
    )


def outputs_of(keys: Mapping[str, Key]) -> dict[str, Any]:
    """By key: its ids and its versions."""
    return {
        name: {
            "id": key.key_id,
            "versionlessId": key.id,
            "version": key.version,
            "versions": key.versions,
        }
        for name, key in keys.items()
    }


def _text(path: object) -> str | None:
    return None if path is None else str(path)


def _release_policy(key: KeySetting) -> Mapping[str, Any] | None:
    policy = key.release_policy
    return None if policy is None else {"policy": canonical_policy(policy), "immutable": policy.immutable}


def _rotation(key: KeySetting) -> Mapping[str, str] | None:
    rotation = key.rotation
    if rotation is None or not rotation.is_policy:
        return None
    durations = {
        "after_creation": rotation.after_creation,
        "before_expiry": rotation.before_expiry,
        "expires_after": rotation.expires_after,
    }
    return {name: duration for name, duration in durations.items() if duration is not None}
