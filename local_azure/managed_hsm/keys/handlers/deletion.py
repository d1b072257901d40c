"""Soft delete: delete, what is deleted, recover, purge."""

from __future__ import annotations

from local_azure.core.http import Response, json_response
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.keys.bundles import deleted_bundle, deleted_item, key_bundle, key_url
from local_azure.managed_hsm.keys.errors import forbidden, key_not_found
from local_azure.managed_hsm.keys.handlers.lookup import find_deleted, find_key, name_of, store_of
from local_azure.managed_hsm.keys.paging import after, page_body, page_size


def delete(hsm: HsmRequest) -> Response:
    """DELETE /keys/{name}: all its versions, for the retention of the pool."""
    name, store = find_key(hsm).name, store_of(hsm)
    with store.transaction():
        key = store.find(name)
        if key is None:
            raise key_not_found(key_url(hsm.base_url, name_of(hsm)))
        deleted = store.soft_delete(key, hsm.pool.retention_days)
    return json_response(deleted_bundle(hsm.base_url, hsm.pool, deleted))


def get_deleted(hsm: HsmRequest) -> Response:
    """GET /deletedkeys/{name}"""
    return json_response(deleted_bundle(hsm.base_url, hsm.pool, find_deleted(hsm)))


def list_deleted(hsm: HsmRequest) -> Response:
    """GET /deletedkeys"""
    size = page_size(hsm.request.query)
    page = store_of(hsm).deleted_page(after(hsm.request.query), size + 1)
    items = [(deleted.item.name.lower(), deleted_item(hsm.base_url, hsm.pool, deleted)) for deleted in page]
    return json_response(page_body(f"{hsm.base_url}/deletedkeys", size, items))


def recover(hsm: HsmRequest) -> Response:
    """POST /deletedkeys/{name}/recover"""
    store = store_of(hsm)
    with store.transaction():
        deleted = find_deleted(hsm)
        store.recover(deleted)
    key = deleted.item
    return json_response(key_bundle(hsm.base_url, hsm.pool, key, key.latest))


def purge(hsm: HsmRequest) -> Response:
    """DELETE /deletedkeys/{name}; never under purge protection."""
    store = store_of(hsm)
    with store.transaction():
        deleted = find_deleted(hsm)
        if hsm.pool.purge_protection:
            raise forbidden(
                'Operation "purge" is not allowed because purge protection is enabled for this HSM. '
                "The service will purge the key by itself after the retention period.",
                "ForbiddenByPolicy",
            )
        store.purge(deleted.item.name)
    return Response(204)
