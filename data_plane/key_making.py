"""The requests that make a key or a version of one: create, import, restore, rotate.

Source: azure-keyvault-keys 4.11, ``KeyClient``. A name that is in use gets a new version by create and import.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from data_plane import key_material, key_release, key_use
from data_plane.errors import KeyMaterialError, mapped
from data_plane.key_model import Key, KeySpec, key_of
from data_plane.session import Session


def make(session: Session, hsm_uri: str, spec: KeySpec) -> Key:
    """A key of that name that was not there before. Raises DataPlaneError."""
    made = _import(session, hsm_uri, spec) if spec.import_from is not None else make_version(session, hsm_uri, spec)
    return replace(made, is_new=True)


def make_version(session: Session, hsm_uri: str, spec: KeySpec) -> Key:
    """A key, or a new version of the one that has the name, with fresh material. Raises DataPlaneError."""
    operations = None if spec.operations is None else list(spec.operations)
    with mapped(f"key {spec.name} in {hsm_uri}"):
        made = session.keys(hsm_uri).create_key(
            spec.name, spec.key_type, size=spec.size, curve=spec.curve, key_operations=operations, **_given(spec)
        )
    return key_of(made)


def rotate(session: Session, hsm_uri: str, spec: KeySpec) -> Key:
    """A new version as the key's rotation policy, which must be there, says. Raises DataPlaneError."""
    with mapped(f"key {spec.name} in {hsm_uri}: rotation"):
        return key_of(session.keys(hsm_uri).rotate_key(spec.name))


def restore(session: Session, hsm_uri: str, spec: KeySpec, backup: Path) -> Key:
    """Brings back all versions of the key; a backup does not say beforehand which key is in it."""
    try:
        content = backup.read_bytes()
    except OSError as error:
        raise KeyMaterialError(f"{backup}: cannot be read: {error.strerror}") from None
    restored = key_use.restore(session, hsm_uri, content)
    if restored.name != spec.name:
        raise KeyMaterialError(
            f"{backup}: holds the key {restored.name}, which is in {hsm_uri} now — give {spec.name} that "
            "name in the configuration, or another backup"
        )
    return restored


def _import(session: Session, hsm_uri: str, spec: KeySpec) -> Key:
    from azure.keyvault.keys import JsonWebKey

    if spec.import_from is None or spec.fingerprint is None:
        raise ValueError("an import needs the file and its key's fingerprint")
    members = key_material.json_web_key(spec.import_from, spec.key_type, spec.fingerprint, spec.passphrase)
    if spec.curve is not None:
        members["crv"] = spec.curve
    if spec.operations is not None:
        members["key_ops"] = list(spec.operations)
    with mapped(f"key {spec.name} in {hsm_uri}"):
        made = session.keys(hsm_uri).import_key(
            spec.name, JsonWebKey(**members), hardware_protected=True, **_given(spec)
        )
    return key_of(made)


def _given(spec: KeySpec) -> dict[str, Any]:
    return {
        "enabled": spec.enabled,
        "expires_on": spec.expires,
        "not_before": spec.not_before,
        "tags": dict(spec.tags) or None,
        "exportable": spec.exportable or None,
        "release_policy": key_release.for_request(spec.release),
    }
