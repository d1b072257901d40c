"""What the handlers of keys begin with: the pool's keys, and the key that the path names."""

from __future__ import annotations

from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.keys.bundles import deleted_url, key_url
from local_azure.managed_hsm.keys.errors import key_not_found
from local_azure.managed_hsm.keys.rotation import up_to_date
from local_azure.managed_hsm.keys.state import DeletedKey, Key, KeyStore, KeyVersion


def store_of(hsm: HsmRequest) -> KeyStore:
    """The keys of the request's pool."""
    return KeyStore(hsm.world, hsm.pool)


def name_of(hsm: HsmRequest) -> str:
    """The key's name in the path."""
    return hsm.request.parameters["key_name"]


def find_key(hsm: HsmRequest) -> Key:
    """The live key of the path, after the rotations that are due; KeyNotFound."""
    store = store_of(hsm)
    key = store.find(name_of(hsm))
    if key is None:
        raise key_not_found(key_url(hsm.base_url, name_of(hsm)))
    return up_to_date(store, key)


def version_in(hsm: HsmRequest, key: Key) -> KeyVersion:
    """The version of the path, the latest where it names none; KeyNotFound."""
    wanted = hsm.request.parameters.get("key_version")
    version = key.find(wanted)
    if version is None:
        raise key_not_found(key_url(hsm.base_url, key.name, wanted))
    return version


def find_deleted(hsm: HsmRequest) -> DeletedKey:
    """The soft-deleted key of the path; KeyNotFound."""
    deleted = store_of(hsm).find_deleted(name_of(hsm))
    if deleted is None:
        raise key_not_found(deleted_url(hsm.base_url, name_of(hsm)))
    return deleted
