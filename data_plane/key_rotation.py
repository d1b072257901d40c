"""Rotation: policies, versions, and whether a version was made by the policy or by hand.

Source: documentation "Configure key auto-rotation in Azure Managed HSM"; azure-keyvault-keys, ``KeyRotationPolicy``.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from data_plane.errors import mapped
from data_plane.session import Session

MOST_VERSIONS: Final = 100
"""Of a key, those of rotations included."""
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_EARLY: Final = timedelta(hours=1)
"""How much before its time a rotation still counts as the policy's: clocks differ."""


@dataclass(frozen=True)
class RotationPolicy:
    """What the service does with a key by itself. Durations are those of ISO 8601."""

    after_creation: str | None = None
    before_expiry: str | None = None
    expires_after: str | None = None

    def means(self, other: RotationPolicy) -> bool:
        """Whether both ask for the same, however it is written (P1Y is P12M)."""
        pairs = zip(self._durations, other._durations, strict=True)
        return all(_parts(one) == _parts(two) for one, two in pairs)

    def due(self, version: KeyVersion) -> datetime | None:
        """When the service makes the version after this one; None where it never does."""
        if self.after_creation is not None:
            return _moved(version.created, self.after_creation, 1)
        if self.before_expiry is not None and version.expires is not None:
            return _moved(version.expires, self.before_expiry, -1)
        return None

    @property
    def _durations(self) -> tuple[str | None, ...]:
        return (self.after_creation, self.before_expiry, self.expires_after)


@dataclass(frozen=True)
class KeyVersion:
    """One version of a key."""

    version: str
    created: datetime
    enabled: bool
    expires: datetime | None


def read_policy(session: Session, hsm_uri: str, name: str) -> RotationPolicy:
    """The key's policy, an empty one where it has none. Raises DataPlaneError."""
    with mapped(f"rotation policy of key {name} in {hsm_uri}"):
        found = session.keys(hsm_uri).get_key_rotation_policy(name)
    # A policy may ask for a notice too, which makes no version.
    actions = (each for each in found.lifetime_actions or () if str(each.action).lower() != "notify")
    action = next(actions, None)
    return RotationPolicy(
        after_creation=None if action is None else action.time_after_create,
        before_expiry=None if action is None else action.time_before_expiry,
        expires_after=found.expires_in,
    )


def write_policy(session: Session, hsm_uri: str, name: str, policy: RotationPolicy) -> None:
    """Sets the key's policy; an empty one takes it away. Raises DataPlaneError."""
    from azure.keyvault.keys import KeyRotationLifetimeAction, KeyRotationPolicy

    actions = []
    if policy.after_creation or policy.before_expiry:
        actions.append(
            KeyRotationLifetimeAction(
                "Rotate",
                time_after_create=policy.after_creation,
                time_before_expiry=policy.before_expiry,
            )
        )
    with mapped(f"rotation policy of key {name} in {hsm_uri}"):
        session.keys(hsm_uri).update_key_rotation_policy(
            name, KeyRotationPolicy(lifetime_actions=actions, expires_in=policy.expires_after)
        )


def versions(session: Session, hsm_uri: str, name: str) -> list[KeyVersion]:
    """All versions of the key, the oldest first. Raises DataPlaneError."""
    with mapped(f"versions of key {name} in {hsm_uri}"):
        found = [_version_of(each) for each in session.keys(hsm_uri).list_properties_of_key_versions(name)]
    return sorted(found, key=lambda each: each.created)


def made_by_hand(policy: RotationPolicy, found: Sequence[KeyVersion], known: str) -> list[KeyVersion]:
    """Of the versions after ``known`` (oldest first), those that the policy had not asked for yet."""
    names = [each.version for each in found]
    if known not in names:
        return []
    by_hand = []
    for earlier, later in zip(found[names.index(known) :], found[names.index(known) + 1 :], strict=False):
        due = policy.due(earlier)
        if due is None or later.created < due - _EARLY:
            by_hand.append(later)
    return by_hand


def _version_of(found: Any) -> KeyVersion:
    expires = found.expires_on
    return KeyVersion(
        version=str(found.version or ""),
        created=found.created_on.astimezone(UTC),
        enabled=bool(found.enabled),
        expires=None if expires is None else expires.astimezone(UTC),
    )


def _parts(duration: str | None) -> tuple[int, int] | None:
    """Months and seconds; None for no duration."""
    if duration is None:
        return None
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration} is no ISO 8601 duration")
    years, months, weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return years * 12 + months, (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


def _moved(moment: datetime, duration: str, direction: int) -> datetime:
    months, seconds = _parts(duration) or (0, 0)
    year, month = divmod(moment.year * 12 + moment.month - 1 + direction * months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day) + direction * timedelta(seconds=seconds)
