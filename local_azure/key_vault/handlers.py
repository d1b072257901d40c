"""The operations on secrets ("Azure Key Vault REST API, secrets").

Neither ``nbf`` nor ``exp`` keeps a secret from being read: for secrets they inform only ("About Azure Key Vault
secrets").
"""

from __future__ import annotations

import re
import secrets as random
from dataclasses import replace

from local_azure.core.http import JsonObject, Response, json_response
from local_azure.key_vault import backup_blob, errors
from local_azure.key_vault.bundles import bundle, deleted_bundle, deleted_item, item
from local_azure.key_vault.context import VaultRequest
from local_azure.key_vault.paging import Items, page
from local_azure.key_vault.state import DeletedSecret, Secret, SecretStore, SecretVersion
from local_azure.managed_hsm.keys.attributes import RequestedAttributes, requested_attributes, requested_tags
from local_azure.managed_hsm.keys.body import optional_string, required_bytes

_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_LONGEST_VALUE, _LONGEST_CONTENT_TYPE = 25 * 1024, 255


def get(context: VaultRequest) -> Response:
    """GET /secrets/{name} and /secrets/{name}/{version}"""
    secret = _find(context)
    version = _version_in(context, secret)
    if not version.enabled:
        raise errors.disabled_secret()
    return json_response(bundle(context, secret, version, with_value=True))


def put(context: VaultRequest) -> Response:
    """PUT /secrets/{name}: a new version, and the secret where there is none."""
    body, name, store = context.request.json(), _name(context), _store(context)
    if not _NAME.fullmatch(name):
        raise errors.invalid_name(name)
    value = optional_string(body, "value")
    attributes, tags = requested_attributes(body), requested_tags(body)
    version = new_version(store, value, _content_type(body), attributes, tags)
    with store.transaction():
        secret = add_version(store, name, version)
    return json_response(bundle(context, secret, version, with_value=True))


def update(context: VaultRequest) -> Response:
    """PATCH /secrets/{name}/{version}: what the request does not name stays as it is; the value cannot change."""
    body, store = context.request.json(), _store(context)
    attributes, tags, content_type = requested_attributes(body), requested_tags(body), _content_type(body)
    with store.transaction():
        secret = _find(context)
        version = _version_in(context, secret)
        changed = replace(
            with_attributes(version, attributes),
            content_type=version.content_type if content_type is None else content_type,
            tags=version.tags if tags is None else tags,
            updated=store.now(),
        )
        store.put(secret.with_changed(changed))
    return json_response(bundle(context, secret, changed, with_value=False))


def list_secrets(context: VaultRequest) -> Response:
    """GET /secrets"""

    def items(after: str, limit: int) -> Items:
        found = _store(context).page(after, limit)
        return [(secret.name.lower(), item(context, secret)) for secret in found]

    return page(context, "/secrets", items)


def list_versions(context: VaultRequest) -> Response:
    """GET /secrets/{name}/versions: in the order of the versions' names, which says nothing about their age."""
    secret = _find(context)

    def items(after: str, limit: int) -> Items:
        versions = sorted(secret.versions, key=lambda version: version.version)
        found = [version for version in versions if version.version > after]
        return [(version.version, item(context, secret, version)) for version in found[:limit]]

    return page(context, f"/secrets/{secret.name}/versions", items)


def delete(context: VaultRequest) -> Response:
    """DELETE /secrets/{name}: all its versions, for the retention of the vault."""
    store = _store(context)
    with store.transaction():
        deleted = store.soft_delete(_find(context), context.vault.retention_days)
    return json_response(deleted_bundle(context, deleted))


def list_deleted(context: VaultRequest) -> Response:
    """GET /deletedsecrets"""

    def items(after: str, limit: int) -> Items:
        found = _store(context).deleted_page(after, limit)
        return [(deleted.item.name.lower(), deleted_item(context, deleted)) for deleted in found]

    return page(context, "/deletedsecrets", items)


def get_deleted(context: VaultRequest) -> Response:
    """GET /deletedsecrets/{name}"""
    return json_response(deleted_bundle(context, _find_deleted(context)))


def recover(context: VaultRequest) -> Response:
    """POST /deletedsecrets/{name}/recover"""
    store = _store(context)
    with store.transaction():
        deleted = _find_deleted(context)
        store.recover(deleted)
    return json_response(bundle(context, deleted.item, deleted.item.latest, with_value=False))


def purge(context: VaultRequest) -> Response:
    """DELETE /deletedsecrets/{name}; never under purge protection."""
    store = _store(context)
    with store.transaction():
        deleted = _find_deleted(context)
        if context.vault.purge_protection:
            raise errors.purge_protected(context.vault)
        store.purge(deleted.item.name)
    return Response(204)


def backup(context: VaultRequest) -> Response:
    """POST /secrets/{name}/backup"""
    return json_response({"value": backup_blob.seal(context.world, _find(context))})


def restore(context: VaultRequest) -> Response:
    """POST /secrets/restore: the secret with its name, versions and times."""
    secret = backup_blob.open_blob(context.world, required_bytes(context.request.json(), "value"))
    store = _store(context)
    with store.transaction():
        if store.find_deleted(secret.name) is not None:
            raise errors.deleted_but_recoverable(secret.name)
        if store.find(secret.name) is not None:
            raise errors.secret_exists(secret.name)
        store.put(secret)
    return json_response(bundle(context, secret, secret.latest, with_value=False))


def new_version(
    store: SecretStore,
    value: str | None,
    content_type: str | None,
    attributes: RequestedAttributes,
    tags: dict[str, str] | None,
) -> SecretVersion:
    """A version that is yet to be kept. Raises ServiceError 400 for a value that is missing or too long."""
    if value is None:
        raise errors.bad_parameter("Property value is required")
    if len(value.encode()) > _LONGEST_VALUE:
        raise errors.bad_parameter(f"Property value has more than {_LONGEST_VALUE} octets")
    now = store.now()
    made = SecretVersion(
        version=random.token_hex(16),
        value=value,
        content_type=content_type,
        enabled=True,
        not_before=None,
        expires=None,
        created=now,
        updated=now,
        tags=tags,
    )
    return with_attributes(made, attributes)


def with_attributes(version: SecretVersion, attributes: RequestedAttributes) -> SecretVersion:
    """The version with those of the attributes that are said."""
    return replace(
        version,
        enabled=version.enabled if attributes.enabled is None else attributes.enabled,
        not_before=version.not_before if attributes.not_before is None else attributes.not_before,
        expires=version.expires if attributes.expires is None else attributes.expires,
    )


def add_version(store: SecretStore, name: str, version: SecretVersion) -> Secret:
    """Keeps one more version. Raises ServiceError 409 where a soft-deleted secret holds the name."""
    if store.find_deleted(name) is not None:
        raise errors.deleted_but_recoverable(name)
    known = store.find(name)
    secret = Secret(name, (version,)) if known is None else known.with_version(version)
    store.put(secret)
    return secret


def _content_type(body: JsonObject) -> str | None:
    content_type = optional_string(body, "contentType")
    if content_type is not None and len(content_type) > _LONGEST_CONTENT_TYPE:
        raise errors.bad_parameter(f"Property contentType has more than {_LONGEST_CONTENT_TYPE} characters")
    return content_type


def _store(context: VaultRequest) -> SecretStore:
    return SecretStore(context.world, context.vault.arm_id)


def _name(context: VaultRequest) -> str:
    return context.request.parameters["secret_name"]


def _find(context: VaultRequest) -> Secret:
    secret = _store(context).find(_name(context))
    if secret is None:
        raise errors.secret_not_found(_name(context))
    return secret


def _version_in(context: VaultRequest, secret: Secret) -> SecretVersion:
    wanted = context.request.parameters.get("secret_version")
    version = secret.find(wanted)
    if version is None:
        raise errors.secret_not_found(secret.name, wanted)
    return version


def _find_deleted(context: VaultRequest) -> DeletedSecret:
    deleted = _store(context).find_deleted(_name(context))
    if deleted is None:
        raise errors.deleted_secret_not_found(_name(context))
    return deleted
