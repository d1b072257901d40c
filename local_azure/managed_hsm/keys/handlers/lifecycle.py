"""Backup, restore, rotation, release and attestation of one key."""

from __future__ import annotations

from dataclasses import replace

from local_azure.core.http import Response, json_response
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys import rotation
from local_azure.managed_hsm.keys.attestation import attestation_of
from local_azure.managed_hsm.keys.backup_blob import open_blob, seal
from local_azure.managed_hsm.keys.body import optional_string, required_bytes, required_string
from local_azure.managed_hsm.keys.bundles import key_bundle, key_url
from local_azure.managed_hsm.keys.errors import deleted_but_recoverable, forbidden, key_exists, key_not_found
from local_azure.managed_hsm.keys.handlers.lookup import find_key, name_of, store_of, version_in
from local_azure.managed_hsm.keys.key_wrapping import ALGORITHMS, CKM_RSA_AES_KEY_WRAP
from local_azure.managed_hsm.keys.release import released
from local_azure.managed_hsm.keys.rotation_policy import policy_body, requested_policy
from local_azure.managed_hsm.security_domain.state import backup_key, domain_id

_WITHOUT_ATTESTATION = frozenset(
    {"7.2-preview", "7.2", "7.3-preview", "7.3", "7.4-preview.1", "7.4", "7.5-preview.1", "7.5", "7.6-preview.1"}
)


def backup(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/backup"""
    key = find_key(hsm)
    blob = seal(key, domain_id(hsm.world, hsm.pool), backup_key(hsm.world, hsm.pool))
    return json_response({"value": blob})


def restore(hsm: HsmRequest) -> Response:
    """POST /keys/restore: the key with its name, versions and times, into a pool of the same security domain."""
    blob = required_bytes(hsm.request.json(), "value")
    key = open_blob(blob, domain_id(hsm.world, hsm.pool), backup_key(hsm.world, hsm.pool))
    store = store_of(hsm)
    with store.transaction():
        if store.find_deleted(key.name) is not None:
            raise deleted_but_recoverable(key.name)
        if store.find(key.name) is not None:
            raise key_exists(key.name)
        store.put(key)
    return json_response(key_bundle(hsm.base_url, hsm.pool, key, key.latest))


def rotate(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/rotate"""
    key = rotation.rotate(store_of(hsm), find_key(hsm))
    return json_response(key_bundle(hsm.base_url, hsm.pool, key, key.latest))


def get_rotation_policy(hsm: HsmRequest) -> Response:
    """GET /keys/{name}/rotationpolicy"""
    key = find_key(hsm)
    return json_response(policy_body(key_url(hsm.base_url, key.name), key.rotation_policy))


def set_rotation_policy(hsm: HsmRequest) -> Response:
    """PUT /keys/{name}/rotationpolicy; one that asks for nothing takes the policy away."""
    store, now = store_of(hsm), store_of(hsm).now()
    wanted = requested_policy(hsm.request.json(), now)
    name = find_key(hsm).name
    with store.transaction():
        key = store.find(name)
        if key is None:
            raise key_not_found(key_url(hsm.base_url, name_of(hsm)))
        created = (key.rotation_policy or {}).get("created", now)
        policy = {**wanted, "created": created, "updated": now} if any(wanted.values()) else None
        store.put(replace(key, rotation_policy=policy))
    return json_response(policy_body(key_url(hsm.base_url, name), policy))


def release(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/release"""
    key = find_key(hsm)
    version = version_in(hsm, key)
    body = hsm.request.json()
    target = required_string(body, "target")
    algorithm = optional_string(body, "enc") or CKM_RSA_AES_KEY_WRAP
    if algorithm not in ALGORITHMS:
        raise bad_parameter(f"Property enc has invalid value {algorithm}")
    if not version.exportable:
        raise forbidden("Operation release is not allowed on a key that is not exportable.", "KeyNotExportable")
    if not version.enabled:
        raise forbidden("Operation release is not allowed on a disabled key.", "KeyDisabled")
    bundle = key_bundle(hsm.base_url, hsm.pool, key, version)
    return json_response(
        {"value": released(hsm.world, version, bundle, target, algorithm, optional_string(body, "nonce"))}
    )


def attestation(hsm: HsmRequest) -> Response:
    """GET /keys/{name}/{version}/attestation: the key with ``attributes.attestation``, since 7.6-preview.2.

    In earlier versions of the API the path means a version of that name.
    """
    key = find_key(hsm)
    if hsm.request.query.get("api-version", "").lower() in _WITHOUT_ATTESTATION:
        raise key_not_found(key_url(hsm.base_url, key.name, "attestation"))
    version = version_in(hsm, key)
    bundle = key_bundle(hsm.base_url, hsm.pool, key, version)
    attributes = {**bundle["attributes"], "attestation": attestation_of(hsm.world, version)}
    return json_response({**bundle, "attributes": attributes})
