"""What happens to keys later: release policies that the service takes, rotations that it carries out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.files import UnusableFile
from config.key_life import ReleasePolicy, Rotation, shortest_days
from config.keys import Key
from config.problems import Problem, not_accepted, relative
from config.release_policies import document_of, faults

_FEWEST_DAYS = 28
"""Between two versions that a policy makes ("Configure key auto-rotation in Azure Managed HSM")."""


def problems(path: str, key: Key, base: Path) -> Iterator[Problem]:
    """Problems of release and rotation of the key at ``path``."""
    if key.exportable and key.release_policy is None:
        yield Problem(f"{path}.releasePolicy", "is missing; a policy for a key that is exportable")
    if key.release_policy is not None:
        if not key.exportable:
            accepted = "a policy only beside exportable: true"
            yield Problem(f"{path}.releasePolicy", f"is not accepted; {accepted}", (f"{path}.exportable",))
        yield from _policy_problems(f"{path}.releasePolicy", key.release_policy, base)
    if key.rotation is not None:
        yield from _rotation_problems(path, key, key.rotation)


def _policy_problems(place: str, policy: ReleasePolicy, base: Path) -> Iterator[Problem]:
    if (policy.file is None) == (policy.claims is None):
        yield Problem(place, "is not accepted; either file or claims")
        return
    where = f"{place}.claims" if policy.file is None else f"{place}.file"
    shown = "" if policy.file is None else f"{relative(policy.file, base)} "
    try:
        document = document_of(policy)
    except UnusableFile as reason:
        yield Problem(where, f"{shown}{reason}; a release policy as JSON")
        return
    for part, accepted in faults(document):
        yield Problem(where, f"{shown}{part} is not accepted; {accepted}")


def _rotation_problems(path: str, key: Key, rotation: Rotation) -> Iterator[Problem]:
    place = f"{path}.rotation"
    after, before, expires = rotation.after_creation, rotation.before_expiry, rotation.expires_after
    if not rotation.is_policy and rotation.rotate_now is None:
        said = tuple(f"{place}.{name}" for name in ("afterCreation", "beforeExpiry", "expiresAfter", "rotateNow"))
        yield Problem(place, "is not accepted; afterCreation or beforeExpiry, expiresAfter, rotateNow", said)
    if after is not None and before is not None:
        yield not_accepted(f"{place}.beforeExpiry", before, "either afterCreation or beforeExpiry")
    for name, duration in (("afterCreation", after), ("expiresAfter", expires)):
        if duration is not None and shortest_days(duration) < _FEWEST_DAYS:
            yield not_accepted(f"{place}.{name}", duration, f"at least {_FEWEST_DAYS} days")
    if before is not None and expires is None:
        yield Problem(f"{place}.expiresAfter", "is missing; the life of each new version, for beforeExpiry")
    elif before is not None and expires is not None and shortest_days(expires, before) < _FEWEST_DAYS:
        accepted = f"a duration that leaves at least {_FEWEST_DAYS} days of expiresAfter ({expires})"
        yield not_accepted(f"{place}.beforeExpiry", before, accepted, (f"{place}.expiresAfter",))
    if before is not None and key.expires is None:
        accepted = "when the first version expires: beforeExpiry counts from there"
        yield Problem(f"{path}.expires", f"is missing; {accepted}", (f"{place}.beforeExpiry",))
    if key.operations == ("import",) and rotation.is_policy:
        accepted = "none for a key exchange key, whose id stands in transfer blobs"
        yield Problem(place, f"is not accepted; {accepted}", (f"{path}.operations",))
