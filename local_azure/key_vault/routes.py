"""Every operation on secrets: its path, and what it asks of its caller in each of the two models of permission.

Permissions of access policies: the REST description, operation by operation. Data actions: "Azure built-in roles, Key
Vault Administrator" and the table of "Azure permissions for Security".
"""

from __future__ import annotations

from local_azure.key_vault import handlers
from local_azure.key_vault.context import VaultRoute

_SECRETS, _SECRET = "/secrets", "/secrets/{secret_name}"
_VERSION = _SECRET + "/{secret_version}"
_DELETED = "/deletedsecrets/{secret_name}"
_METADATA, _READ = "secrets/readMetadata/action", "secrets/getSecret/action"
_UPDATE = "secrets/update/action"


def secret_routes() -> list[VaultRoute]:
    """In the order in which they are tried: fixed words before the placeholder of a version."""
    return [
        VaultRoute("GET", _SECRETS, "list", _METADATA, handlers.list_secrets),
        VaultRoute("POST", "/secrets/restore", "restore", "secrets/restore/action", handlers.restore),
        VaultRoute("GET", _SECRET + "/versions", "list", _METADATA, handlers.list_versions),
        VaultRoute("POST", _SECRET + "/backup", "backup", "secrets/backup/action", handlers.backup),
        VaultRoute("GET", _SECRET, "get", _READ, handlers.get),
        VaultRoute("GET", _VERSION, "get", _READ, handlers.get),
        VaultRoute("PUT", _SECRET, "set", "secrets/setSecret/action", handlers.put),
        VaultRoute("PATCH", _SECRET, "set", _UPDATE, handlers.update),
        VaultRoute("PATCH", _VERSION, "set", _UPDATE, handlers.update),
        VaultRoute("DELETE", _SECRET, "delete", "secrets/delete", handlers.delete),
        VaultRoute("GET", "/deletedsecrets", "list", _METADATA, handlers.list_deleted),
        VaultRoute("GET", _DELETED, "get", _METADATA, handlers.get_deleted),
        VaultRoute("DELETE", _DELETED, "purge", "secrets/purge/action", handlers.purge),
        VaultRoute("POST", _DELETED + "/recover", "recover", "secrets/recover/action", handlers.recover),
    ]
