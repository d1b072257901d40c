"""New versions by rotation: asked for, or due by the clock.

The service rotates in the background; here a due rotation is made up for when the key is next looked at, with the times
that it would have had.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from local_azure.core.errors import ServiceError
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.key_types import KeyType
from local_azure.managed_hsm.keys.material import Material, generate
from local_azure.managed_hsm.keys.rotation_policy import due_at, expiry_of
from local_azure.managed_hsm.keys.state import Key, KeyStore, KeyVersion

VERSIONS_MAXIMUM = 100
"""Documentation "Configure key auto-rotation in Azure Managed HSM"."""


def new_version_name() -> str:
    """A version's name: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def check_room(key: Key) -> None:
    """Refuses one more version than a key can have."""
    if len(key.versions) >= VERSIONS_MAXIMUM:
        raise bad_parameter(f"Key {key.name} has reached the limit of {VERSIONS_MAXIMUM} versions")


def rotate(store: KeyStore, key: Key) -> Key:
    """The key with a new version made now, as its policy says.

    Raises BadParameter where it has no policy, and ServiceError 409 where someone else changed the key meanwhile.
    """
    if key.rotation_policy is None:
        raise bad_parameter(f"A rotation policy must be set before key {key.name} can be rotated")
    check_room(key)
    rotated = _rotated_in(store, key, generate(_type_of(key.latest)), store.now())
    if rotated is None:
        raise ServiceError(409, "Conflict", f"Key {key.name} was changed by another operation; try again.")
    return rotated


def up_to_date(store: KeyStore, key: Key) -> Key:
    """The key after all rotations that are due."""
    while (due := due_at(key.rotation_policy, key.latest)) is not None:
        if due > store.now() or len(key.versions) >= VERSIONS_MAXIMUM:
            break
        moment = max(due, key.latest.created, (key.rotation_policy or {})["updated"])
        rotated = _rotated_in(store, key, generate(_type_of(key.latest)), moment)
        key = rotated or store.find(key.name) or key
        if rotated is None and store.find(key.name) is None:
            break
    return key


def _rotated_in(store: KeyStore, key: Key, material: Material, moment: int) -> Key | None:
    """The key with the version, None where its latest version is not the one that was seen any more."""
    with store.transaction():
        current = store.find(key.name)
        if current is None or current.latest.version != key.latest.version or current.rotation_policy is None:
            return None
        rotated = current.with_version(_successor(current, material, moment))
        store.put(rotated)
    return rotated


def _successor(key: Key, material: Material, moment: int) -> KeyVersion:
    return replace(
        key.latest,
        version=new_version_name(),
        public=material.public,
        secret=material.stored(),
        enabled=True,
        not_before=None,
        expires=expiry_of(key.rotation_policy or {}, moment),
        created=moment,
        updated=moment,
    )


def _type_of(version: KeyVersion) -> KeyType:
    return KeyType(version.kty, version.size, version.curve, version.public_exponent)
