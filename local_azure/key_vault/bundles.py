"""The shapes of answers about secrets: ``SecretBundle``, ``SecretItem`` and their deleted kin.

Members, their order and their absence are as azure-cli recorded them (``test_keyvault_secret``, 2025, and
``test_keyvault_secret_soft_delete``, 2020): ``tags`` and ``contentType`` only where they were set; ``recoverableDays``
in every api-version.
"""

from __future__ import annotations

from local_azure.core.http import JsonObject
from local_azure.key_vault.context import VaultRequest
from local_azure.key_vault.state import DeletedSecret, Secret, SecretVersion
from local_azure.key_vault.vaults import Vault


def bundle(context: VaultRequest, secret: Secret, version: SecretVersion, *, with_value: bool) -> JsonObject:
    """One version; its value is in the answers to get and set only."""
    shown: JsonObject = {"value": version.value} if with_value else {}
    return {**shown, **_described(context, secret, version, f"/{version.version}")}


def item(context: VaultRequest, secret: Secret, version: SecretVersion | None = None) -> JsonObject:
    """What lists say of a secret, or of one of its versions."""
    return _described(context, secret, version or secret.latest, f"/{version.version}" if version else "")


def deleted_bundle(context: VaultRequest, deleted: DeletedSecret) -> JsonObject:
    """A soft-deleted secret."""
    secret = deleted.item
    return {**_deletion(context, deleted), **bundle(context, secret, secret.latest, with_value=False)}


def deleted_item(context: VaultRequest, deleted: DeletedSecret) -> JsonObject:
    """What lists say of a soft-deleted secret."""
    return {**_deletion(context, deleted), **item(context, deleted.item)}


def _described(context: VaultRequest, secret: Secret, version: SecretVersion, path: str) -> JsonObject:
    shown: JsonObject = {}
    if version.content_type is not None:
        shown["contentType"] = version.content_type
    shown["id"] = f"{context.base_url}/secrets/{secret.name}{path}"
    shown["attributes"] = _attributes(context.vault, version)
    if version.tags is not None:
        shown["tags"] = version.tags
    return shown


def _attributes(vault: Vault, version: SecretVersion) -> JsonObject:
    attributes: JsonObject = {"enabled": version.enabled}
    if version.not_before is not None:
        attributes["nbf"] = version.not_before
    if version.expires is not None:
        attributes["exp"] = version.expires
    return {
        **attributes,
        "created": version.created,
        "updated": version.updated,
        "recoveryLevel": vault.recovery_level,
        "recoverableDays": vault.retention_days,
    }


def _deletion(context: VaultRequest, deleted: DeletedSecret) -> JsonObject:
    return {
        "recoveryId": f"{context.base_url}/deletedsecrets/{deleted.item.name}",
        "deletedDate": deleted.deleted,
        "scheduledPurgeDate": deleted.purge,
    }
