"""The shapes of answers about keys: ``KeyBundle``, ``KeyItem`` and their deleted kin of the published description.

Members and their absence are as recorded: ``exportable`` is always there, ``tags`` only where there are some,
``key_size`` only for symmetric keys, and no ``hsmPlatform``, which only vaults answer.
"""

from __future__ import annotations

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.keys.key_types import OCT
from local_azure.managed_hsm.keys.state import DeletedKey, Key, KeyVersion
from local_azure.managed_hsm.pools import Pool

_DEFAULT_RETENTION_DAYS = 90


def key_url(base_url: str, name: str, version: str | None = None) -> str:
    """The identifier of a key or of one version."""
    return f"{base_url}/keys/{name}" + (f"/{version}" if version else "")


def deleted_url(base_url: str, name: str) -> str:
    """The identifier of a soft-deleted key."""
    return f"{base_url}/deletedkeys/{name}"


def key_bundle(base_url: str, pool: Pool, key: Key, version: KeyVersion) -> JsonObject:
    """One version with its public part."""
    bundle: JsonObject = {
        "attributes": _attributes(pool, version),
        "key": {
            **version.public,
            "key_ops": list(version.operations),
            "kid": key_url(base_url, key.name, version.version),
            "kty": version.kty,
        },
    }
    if version.release_policy is not None:
        bundle["release_policy"] = version.release_policy
    if version.tags:
        bundle["tags"] = version.tags
    return bundle


def key_item(base_url: str, pool: Pool, key: Key, version: KeyVersion | None = None) -> JsonObject:
    """What lists say of a key, or of one of its versions."""
    shown = version or key.latest
    item: JsonObject = {
        "attributes": _attributes(pool, shown),
        "kid": key_url(base_url, key.name, version.version if version else None),
    }
    if shown.tags:
        item["tags"] = shown.tags
    return item


def deleted_bundle(base_url: str, pool: Pool, deleted: DeletedKey) -> JsonObject:
    """A soft-deleted key with the public part of its latest version."""
    bundle = key_bundle(base_url, pool, deleted.item, deleted.item.latest)
    return {**bundle, **_deletion(base_url, deleted)}


def deleted_item(base_url: str, pool: Pool, deleted: DeletedKey) -> JsonObject:
    """What lists say of a soft-deleted key."""
    return {**key_item(base_url, pool, deleted.item), **_deletion(base_url, deleted)}


def recovery_level(pool: Pool) -> str:
    """One of the description's ``DeletionRecoveryLevel``: by retention and purge protection of the pool."""
    level = "Recoverable" if pool.retention_days == _DEFAULT_RETENTION_DAYS else "CustomizedRecoverable"
    return level if pool.purge_protection else level + "+Purgeable"


def _deletion(base_url: str, deleted: DeletedKey) -> JsonObject:
    return {
        "deletedDate": deleted.deleted,
        "recoveryId": deleted_url(base_url, deleted.item.name),
        "scheduledPurgeDate": deleted.purge,
    }


def _attributes(pool: Pool, version: KeyVersion) -> JsonObject:
    attributes: JsonObject = {
        "created": version.created,
        "enabled": version.enabled,
        "exportable": version.exportable,
        "recoverableDays": pool.retention_days,
        "recoveryLevel": recovery_level(pool),
        "updated": version.updated,
    }
    if version.not_before is not None:
        attributes["nbf"] = version.not_before
    if version.expires is not None:
        attributes["exp"] = version.expires
    if version.kty == OCT:
        attributes["key_size"] = version.size
    return attributes
