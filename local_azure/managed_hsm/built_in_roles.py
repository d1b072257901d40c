"""The local roles that every pool has from birth, and all data actions there are.

Names, identifiers, data actions and their order are those that the live service has listed in the recordings of
azure-sdk-for-python (Azure/azure-sdk-assets, ``azure-keyvault-administration``, api-version 2026-01-01-preview) and,
but for the EKM Administrator, of azure-cli (``test_keyvault_hsm_security_domain.yaml``, April 2025). Both lists lack
the ARM User, which is from ``test_keyvault_hsm_role.yaml`` (May 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

ACTION_PREFIX = "Microsoft.KeyVault/managedHsm"
"""Every data action begins with it, for instance ``Microsoft.KeyVault/managedHsm/keys/read/action``."""
ROLE_DEFINITION_PREFIX = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"
"""Stands before the GUID in a role definition's id; there is no slash before it."""

ADMINISTRATOR = "a290e904-7015-4bba-90c8-60543313cdb4"
CRYPTO_OFFICER = "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
POLICY_ADMINISTRATOR = "4bd23610-cdcf-4971-bdee-bdc562cc28e4"
CRYPTO_AUDITOR = "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"
CRYPTO_SERVICE_ENCRYPTION_USER = "33413926-3206-4cdd-b39a-83574fe37a17"
CRYPTO_SERVICE_RELEASE_USER = "21dbd100-6940-42c2-9190-5d6cb909625c"
BACKUP_USER = "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8"
RESTORE_USER = "6efe6056-5259-49d2-8b3d-d3d73544b20b"
EKM_ADMINISTRATOR = "abdd7ec4-a273-4265-bf38-e001014e2d8e"
ARM_USER = "770fd66c-6266-4643-9d4e-b616870898d5"


@dataclass(frozen=True)
class BuiltInRole:
    """One of them."""

    name: str
    """Its GUID."""
    role_name: str
    data_actions: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    """What ARM may do in somebody's name; these are no data actions."""
    listed: bool = True
    """Whether it is among those that the service lists."""


def _prefixed(*actions: str) -> tuple[str, ...]:
    return tuple(f"{ACTION_PREFIX}/{action}" for action in actions)


_ROLE_MANAGEMENT = (
    "roleAssignments/delete/action",
    "roleAssignments/read/action",
    "roleAssignments/write/action",
    "roleDefinitions/read/action",
    "roleDefinitions/write/action",
    "roleDefinitions/delete/action",
)

BUILT_IN_ROLES: tuple[BuiltInRole, ...] = (
    BuiltInRole(
        EKM_ADMINISTRATOR,
        "Managed HSM EKM Administrator",
        _prefixed("ekm/read/action", "ekm/write/action", "ekm/delete/action"),
    ),
    BuiltInRole(
        RESTORE_USER,
        "Managed HSM Restore User",
        _prefixed("restore/start/action", "restore/status/action", "keys/restore/action"),
    ),
    BuiltInRole(
        BACKUP_USER,
        "Managed HSM Backup User",
        _prefixed("backup/start/action", "backup/status/action", "keys/backup/action"),
    ),
    BuiltInRole(
        CRYPTO_SERVICE_ENCRYPTION_USER,
        "Managed HSM Crypto Service Encryption User",
        _prefixed("keys/read/action", "keys/wrap/action", "keys/unwrap/action"),
    ),
    BuiltInRole(
        CRYPTO_SERVICE_RELEASE_USER, "Managed HSM Crypto Service Release User", _prefixed("keys/release/action")
    ),
    BuiltInRole(
        CRYPTO_AUDITOR,
        "Managed HSM Crypto Auditor",
        _prefixed(
            "roleAssignments/read/action",
            "roleDefinitions/read/action",
            "keys/read/action",
            "keys/deletedKeys/read/action",
        ),
    ),
    BuiltInRole(
        POLICY_ADMINISTRATOR,
        "Managed HSM Policy Administrator",
        _prefixed(
            "roleDefinitions/read/action",
            "roleDefinitions/write/action",
            "roleDefinitions/delete/action",
            "roleAssignments/read/action",
            "roleAssignments/write/action",
            "roleAssignments/delete/action",
        ),
    ),
    BuiltInRole(
        CRYPTO_USER,
        "Managed HSM Crypto User",
        _prefixed(
            "roleDefinitions/read/action",
            "roleAssignments/read/action",
            "keys/read/action",
            "keys/write/action",
            "keys/delete",
            "keys/create",
            "keys/rotate/action",
            "keys/import/action",
            "keys/release/action",
            "keys/backup/action",
            "keys/restore/action",
            "keys/encrypt/action",
            "keys/decrypt/action",
            "keys/wrap/action",
            "keys/unwrap/action",
            "keys/sign/action",
            "keys/verify/action",
            "keys/derive/action",
            "rng/action",
        ),
    ),
    BuiltInRole(
        CRYPTO_OFFICER,
        "Managed HSM Crypto Officer",
        _prefixed(
            *_ROLE_MANAGEMENT,
            "keys/deletedKeys/read/action",
            "keys/deletedKeys/delete",
            "keys/deletedKeys/recover/action",
            "keys/export/action",
        ),
    ),
    BuiltInRole(
        ADMINISTRATOR,
        "Managed HSM Administrator",
        _prefixed(
            *_ROLE_MANAGEMENT,
            "securitydomain/download/action",
            "securitydomain/download/read",
            "securitydomain/upload/action",
            "securitydomain/upload/read",
            "securitydomain/transferkey/read",
            "backup/start/action",
            "restore/start/action",
            "backup/status/action",
            "restore/status/action",
            "settings/read/action",
            "settings/write/action",
        ),
    ),
    BuiltInRole(
        ARM_USER,
        "Managed HSM ARM User",
        actions=_prefixed("keys/createIfNotExists", "keys/read/action"),
        listed=False,
    ),
)

DATA_ACTIONS: frozenset[str] = frozenset(action for role in BUILT_IN_ROLES for action in role.data_actions)
"""What a custom role may name: between them the built-in roles hold every data action that the service publishes
(``DataAction`` in the description of its data plane)."""
ACTIONS: frozenset[str] = frozenset(action for role in BUILT_IN_ROLES for action in role.actions)
"""What a custom role may name among ``actions``."""
