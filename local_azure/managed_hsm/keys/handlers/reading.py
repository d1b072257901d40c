"""Get, list and update."""

from __future__ import annotations

from dataclasses import replace

from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.attributes import check_exportable, requested_attributes, requested_tags
from local_azure.managed_hsm.keys.bundles import key_bundle, key_item, key_url
from local_azure.managed_hsm.keys.errors import forbidden, key_not_found
from local_azure.managed_hsm.keys.handlers.lookup import find_key, name_of, store_of, version_in
from local_azure.managed_hsm.keys.key_types import requested_operations
from local_azure.managed_hsm.keys.paging import after, page_body, page_size
from local_azure.managed_hsm.keys.release_policy import requested_policy
from local_azure.managed_hsm.keys.rotation import up_to_date
from local_azure.managed_hsm.keys.state import KeyVersion


def get(hsm: HsmRequest) -> Response:
    """GET /keys/{name} and /keys/{name}/{version}; a disabled key is answered too."""
    key = find_key(hsm)
    return json_response(key_bundle(hsm.base_url, hsm.pool, key, version_in(hsm, key)))


def list_keys(hsm: HsmRequest) -> Response:
    """GET /keys"""
    store, size = store_of(hsm), page_size(hsm.request.query)
    keys = [up_to_date(store, key) for key in store.page(after(hsm.request.query), size + 1)]
    items = [(key.name.lower(), key_item(hsm.base_url, hsm.pool, key)) for key in keys]
    return json_response(page_body(f"{hsm.base_url}/keys", size, items))


def list_versions(hsm: HsmRequest) -> Response:
    """GET /keys/{name}/versions; of a key that is not there it answers an empty list (recorded)."""
    store, size = store_of(hsm), page_size(hsm.request.query)
    key = store.find(name_of(hsm))
    if key is None:
        return json_response({"value": []})
    key = up_to_date(store, key)
    versions = list(key.versions)
    last = after(hsm.request.query)
    if last:
        names = [version.version for version in versions]
        if last not in names:
            raise bad_parameter("Parameter $skiptoken is not valid")
        versions = versions[names.index(last) + 1 :]
    items = [(version.version, key_item(hsm.base_url, hsm.pool, key, version)) for version in versions[: size + 1]]
    return json_response(page_body(key_url(hsm.base_url, key.name) + "/versions", size, items))


def update(hsm: HsmRequest) -> Response:
    """PATCH /keys/{name} and /keys/{name}/{version}: what the request does not name stays as it is."""
    body = hsm.request.json()
    store, key = store_of(hsm), find_key(hsm)
    wanted = version_in(hsm, key).version
    with store.transaction():
        current = store.find(key.name)
        version = None if current is None else current.find(wanted)
        if current is None or version is None:
            raise key_not_found(key_url(hsm.base_url, key.name, wanted))
        changed = replace(_updated(version, body), updated=store.now())
        store.put(current.with_changed(changed))
    return json_response(key_bundle(hsm.base_url, hsm.pool, current, changed))


def _updated(version: KeyVersion, body: JsonObject) -> KeyVersion:
    attributes, tags = requested_attributes(body), requested_tags(body)
    operations, policy = requested_operations(body, version.kty), requested_policy(body)
    if attributes.exportable is not None and attributes.exportable != version.exportable:
        raise bad_parameter("Attribute exportable cannot be changed")
    if policy is not None:
        check_exportable(version.exportable, policy)
        if (version.release_policy or {}).get("immutable") and policy != version.release_policy:
            raise forbidden("The release policy of this key is immutable.", "ImmutableReleasePolicy")
    return replace(
        version,
        enabled=version.enabled if attributes.enabled is None else attributes.enabled,
        not_before=version.not_before if attributes.not_before is None else attributes.not_before,
        expires=version.expires if attributes.expires is None else attributes.expires,
        operations=version.operations if operations is None else operations,
        tags=version.tags if tags is None else tags,
        release_policy=version.release_policy if policy is None else policy,
    )
