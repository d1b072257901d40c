"""A key that is there already, and whose configuration does not know what a rotation has made of it since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from data_plane import key_material
from data_plane.key_model import Key, KeySpec


def since_rotated(
    existing: Key, spec: KeySpec, *, versions: Callable[[], Sequence[str]], find: Callable[[str], Key | None]
) -> KeySpec:
    """The key as it shall be but for what a rotation has changed, which makes no other key of it: material and dates.

    ``versions`` lists the names of the key's versions, ``find`` finds one of them: asked only where it matters.
    """
    imported = key_material.public_thumbprint(spec.fingerprint)
    has_other_material = imported not in (None, existing.thumbprint)
    if not has_other_material and not (spec.rotates and (spec.expires or spec.not_before)):
        return spec
    names = versions()
    if has_other_material and any(each is not None and each.thumbprint == imported for each in map(find, names)):
        spec = replace(spec, fingerprint=None)
    return replace(spec, expires=None, not_before=None) if spec.rotates and len(names) > 1 else spec
