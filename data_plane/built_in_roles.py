"""The local roles that every Managed HSM has from birth.

Source: "Managed HSM local RBAC built-in roles", https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles.
They are not the Azure RBAC roles of similar names. The EKM Administrator, in preview, is in no documentation yet but in
the answers of the service that azure-sdk-for-python's tests have recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ROLE_ID_PREFIX: Final = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"
"""What stands before the GUID in the id of a local role definition; there is no slash before it."""

ADMINISTRATOR: Final = "Managed HSM Administrator"
CRYPTO_OFFICER: Final = "Managed HSM Crypto Officer"
CRYPTO_USER: Final = "Managed HSM Crypto User"

BUILT_IN_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ADMINISTRATOR: "a290e904-7015-4bba-90c8-60543313cdb4",
        CRYPTO_OFFICER: "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
        CRYPTO_USER: "21dbd100-6940-42c2-9190-5d6cb909625b",
        "Managed HSM Policy Administrator": "4bd23610-cdcf-4971-bdee-bdc562cc28e4",
        "Managed HSM Crypto Auditor": "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
        "Managed HSM Crypto Service Encryption User": "33413926-3206-4cdd-b39a-83574fe37a17",
        "Managed HSM Crypto Service Release User": "21dbd100-6940-42c2-9190-5d6cb909625c",
        "Managed HSM Backup User": "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8",
        "Managed HSM Restore User": "6efe6056-5259-49d2-8b3d-d3d73544b20b",
        "Managed HSM ARM User": "770fd66c-6266-4643-9d4e-b616870898d5",
        "Managed HSM EKM Administrator": "abdd7ec4-a273-4265-bf38-e001014e2d8e",
    }
)
"""GUID by role name."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GUID_BY_FOLDED_NAME = {name.casefold(): guid for name, guid in BUILT_IN_ROLES.items()}
_NAME_BY_GUID = {guid: name for name, guid in BUILT_IN_ROLES.items()}


def guid_of(role: str) -> str | None:
    """The GUID, in lower case, that a role name (in any case), a GUID or a role definition id stands for.

    None where the name is no built-in role's: it may be a custom role's.
    """
    if guid := _GUID_BY_FOLDED_NAME.get(role.strip().casefold()):
        return guid
    last = role.strip().rsplit("/", 1)[-1]
    return last.lower() if _GUID.fullmatch(last) else None


def name_of(role: str) -> str | None:
    """The built-in role's name for a GUID or a role definition id, or None."""
    return _NAME_BY_GUID.get(role.strip().rsplit("/", 1)[-1].lower())


def role_definition_id(guid: str) -> str:
    """The full id that a role assignment refers to."""
    return ROLE_ID_PREFIX + guid.lower()


def suggestions(role: str) -> list[str]:
    """Built-in role names that a mistyped one may have meant, best first."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in BUILT_IN_ROLES}
    asked = role.strip().casefold()
    close = get_close_matches(asked, folded, n=3) or get_close_matches(f"managed hsm {asked}", folded, n=3)
    return [folded[name] for name in close]
