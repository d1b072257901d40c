"""Rules about keys.

Sources: NIST SP 800-57 part 1 rev. 5, tables 2 and 4 (3072 bits of RSA are 128 bits of security); the built-in
definitions of Azure Policy for Managed HSM keys (size, curve, expiry); "Secure Key Release" (a policy is what keeps an
exportable key in).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from policy.pack.resource_types import KEY
from policy.pack.rule import UNKNOWN, Declared, Option, Rule, Settings, Violation

_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
_ENTRY: Final = "managed-hsm:keys.<name>"


def _size(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    least = {"RSA-HSM": settings["minimumRsa"], "oct-HSM": settings["minimumOct"]}
    for key in resources:
        size, minimum = key.input("size"), least.get(key.input("key_type"))
        if minimum is None or size is UNKNOWN:
            continue
        # That of imported material is the provider's to find, from the file.
        if size is None and key.input("import_from") is None:
            yield Violation("size", f"is not set, so it may be less than {minimum:.0f} bits")
        elif size is not None and size < minimum:
            yield Violation("size", f"is {size:.0f} bits, less than {minimum:.0f}")


def _curve(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    for key in resources:
        curve = key.input("curve")
        if isinstance(curve, str) and curve not in settings["curves"]:
            yield Violation("curve", f"{curve} is none of {', '.join(settings['curves'])}")


def _expiry(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    longest = timedelta(days=settings["maximumDays"])
    latest = datetime.now(UTC) + longest
    for key in resources:
        expires, lifetime = key.input("expires"), key.input("rotation.expires_after")
        # The service makes the next version by itself, so that this one need not be stopped by a date.
        rotates = key.input("rotation.after_creation") is not None and lifetime is not None
        if expires is None and not rotates:
            yield Violation("expires", "is not set")
        elif isinstance(expires, str) and datetime.fromisoformat(expires) > latest:
            yield Violation("expires", f"{expires} is more than {settings['maximumDays']:.0f} days from now")
        if isinstance(lifetime, str) and _lasts(lifetime) > longest:
            yield Violation("rotation.expires_after", f"{lifetime} is more than {settings['maximumDays']:.0f} days")


def _lasts(duration: str) -> timedelta:
    """An ISO 8601 duration in years, months and days, months at their shortest."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        # Of what cannot be read, the worst has to be thought.
        return timedelta.max
    years, months, days = (int(each or 0) for each in found.groups())
    return timedelta(days=365 * years + 28 * months + days)


def _rotation(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    for key in resources:
        if key.input("import_from") is None and key.input("rotation") is None:
            yield Violation("rotation", "there is no rotation policy")


def _exportable(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    for key in resources:
        if key.input("exportable") is True and key.input("release_policy") is None:
            yield Violation("exportable", "is true without a release policy")


def _purge(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    del settings
    for key in resources:
        if key.input("on_remove") == "purge":
            yield Violation("on_remove", "is purge")


RULES: Final = (
    Rule(
        name="key-size",
        why="Smaller keys are not good for data that must be safe beyond 2030.",
        way_out=f"Set {_ENTRY}.size.",
        check=_size,
        types=(KEY,),
        options={
            "minimumRsa": Option(3072, {"type": "integer", "enum": [2048, 3072, 4096]}),
            "minimumOct": Option(256, {"type": "integer", "enum": [128, 192, 256]}),
        },
    ),
    Rule(
        name="key-curve",
        why="Not every curve that the service has is approved for every use.",
        way_out=f"Set {_ENTRY}.curve to one of the list.",
        check=_curve,
        types=(KEY,),
        options={
            "curves": Option(["P-256", "P-384", "P-521"], {"type": "array", "items": {"type": "string"}}),
        },
    ),
    Rule(
        name="key-expiry",
        why="A key without an end is used until somebody breaks it.",
        way_out=f"Set {_ENTRY}.expires, or {_ENTRY}.rotation.expiresAfter.",
        check=_expiry,
        types=(KEY,),
        options={"maximumDays": Option(1096, {"type": "integer", "minimum": 1})},
    ),
    Rule(
        name="key-rotation",
        why="What is rotated by hand is rotated too late.",
        way_out=f"Set {_ENTRY}.rotation, where those who use the key follow its versions.",
        check=_rotation,
        types=(KEY,),
        level="advisory",
    ),
    Rule(
        name="exportable",
        why="Only a release policy says to whom an exportable key may go.",
        way_out=f"Set {_ENTRY}.releasePolicy, or exportable: false.",
        check=_exportable,
        types=(KEY,),
    ),
    Rule(
        name="no-purge",
        why="A purged key is lost, and all that it wrapped with it.",
        way_out=f"Set {_ENTRY}.onRemove: softDelete or retain.",
        check=_purge,
        types=(KEY,),
    ),
)
