"""Create and import: a new key, or a new version of one."""

from __future__ import annotations

import re
from collections.abc import Callable

from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.attributes import check_exportable, requested_attributes, requested_tags
from local_azure.managed_hsm.keys.body import optional_boolean, optional_object
from local_azure.managed_hsm.keys.bundles import key_bundle
from local_azure.managed_hsm.keys.errors import deleted_but_recoverable
from local_azure.managed_hsm.keys.handlers.lookup import name_of, store_of
from local_azure.managed_hsm.keys.key_types import DEFAULT_OPERATIONS, requested_operations, requested_type
from local_azure.managed_hsm.keys.material import Material, from_json_web_key, generate
from local_azure.managed_hsm.keys.pace import wait_for_a_new_key
from local_azure.managed_hsm.keys.release_policy import requested_policy
from local_azure.managed_hsm.keys.rotation import check_room, new_version_name
from local_azure.managed_hsm.keys.state import Key, KeyStore, KeyVersion
from local_azure.managed_hsm.keys.transfer import material_of

_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")


def create(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/create"""
    body = hsm.request.json()
    key_type = requested_type(body)
    operations = requested_operations(body, key_type.kty)
    return _add_version(hsm, body, operations, key_type.kty, lambda: generate(key_type))


def import_key(hsm: HsmRequest) -> Response:
    """PUT /keys/{name}"""
    body = hsm.request.json()
    jwk = optional_object(body, "key")
    if jwk is None:
        raise bad_parameter("Property key is required")
    # Says hardware or software to a vault; here there is only hardware.
    optional_boolean(body, "Hsm")
    transferred = jwk.get("key_hsm") is not None
    material = material_of(jwk, hsm.pool, store_of(hsm)) if transferred else from_json_web_key(jwk)
    operations = requested_operations(jwk, material.type.kty)
    return _add_version(hsm, body, operations, material.type.kty, lambda: material)


def _add_version(
    hsm: HsmRequest, body: JsonObject, operations: list[str] | None, kty: str, make: Callable[[], Material]
) -> Response:
    name, store = name_of(hsm), store_of(hsm)
    if not _NAME.fullmatch(name):
        raise bad_parameter(f"Key name {name} is not valid: 1 to 127 letters, digits and dashes")
    attributes, tags, policy = requested_attributes(body), requested_tags(body), requested_policy(body)
    check_exportable(attributes.exportable or False, policy)
    _check_free(store, name)
    # Making the material takes long: outside of the transaction, after every refusal that can be foreseen.
    wait_for_a_new_key(hsm.world.latency)
    material = make()
    now = store.now()
    version = KeyVersion(
        version=new_version_name(),
        kty=kty,
        size=material.type.size,
        curve=material.type.curve,
        public_exponent=material.type.public_exponent,
        public=material.public,
        secret=material.stored(),
        operations=list(DEFAULT_OPERATIONS[kty]) if operations is None else operations,
        enabled=attributes.enabled is not False,
        not_before=attributes.not_before,
        expires=attributes.expires,
        created=now,
        updated=now,
        exportable=attributes.exportable or False,
        tags=tags or {},
        release_policy=policy,
    )
    with store.transaction():
        known = _check_free(store, name)
        key = Key(name, (version,)) if known is None else known.with_version(version)
        store.put(key)
    return json_response(key_bundle(hsm.base_url, hsm.pool, key, version))


def _check_free(store: KeyStore, name: str) -> Key | None:
    """The key of that name if there is one, which must have room; refused where a soft-deleted key holds the name."""
    if store.find_deleted(name) is not None:
        raise deleted_but_recoverable(name)
    known = store.find(name)
    if known is not None:
        check_room(known)
    return known
