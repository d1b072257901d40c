"""How the service refuses requests about keys.

``KeyNotFound`` and ``MalformedBackupBlob`` are as recorded from the live service. What no recording
shows takes the form of Key Vault (documentation "Key Vault REST API error codes" and the troubleshooting guides of its
SDKs): a general code with the reason as ``innererror``.
"""

from __future__ import annotations

from local_azure.core.errors import ServiceError


def key_not_found(url: str) -> ServiceError:
    """404: ``url`` is the key's identifier as the caller would write it."""
    return ServiceError(404, "KeyNotFound", f"Key not found: {url}")


def setting_not_found(name: str) -> ServiceError:
    """404: the pool has no such setting."""
    return ServiceError(404, "SettingNotFound", f"Setting not found: {name}")


def foreign_backup() -> ServiceError:
    """400: the blob is damaged, or was made under another security domain; the service does not tell which."""
    return ServiceError(
        400,
        "MalformedBackupBlob",
        "Backup blob belongs to a different crypto domain and cannot be used with this instance.",
    )


def key_exists(name: str) -> ServiceError:
    """409: a backup cannot be restored over a key."""
    return ServiceError(409, "Conflict", f"Key {name} already exists.", innererror={"code": "KeyAlreadyExists"})


def deleted_but_recoverable(name: str) -> ServiceError:
    """409: a soft-deleted key holds its name."""
    return ServiceError(
        409,
        "Conflict",
        f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
        "in this state, the key can only be recovered or purged.",
        innererror={"code": "ObjectIsDeletedButRecoverable"},
    )


def forbidden(message: str, reason: str) -> ServiceError:
    """403 for another cause than a missing role."""
    return ServiceError(403, "Forbidden", message, innererror={"code": reason})
