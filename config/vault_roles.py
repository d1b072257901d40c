"""The built-in Azure roles for secrets in a vault.

Source: "Provide access to Key Vault keys, certificates, and secrets with Azure role-based access control". They are
not the local roles of a Managed HSM.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from config.fields import is_guid

VAULT_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    }
)
"""GUID by role name."""

_GUID_BY_FOLDED_NAME = {name.casefold(): guid for name, guid in VAULT_ROLES.items()}
_NAME_BY_GUID = {guid: name for name, guid in VAULT_ROLES.items()}


def guid_of(role: str) -> str | None:
    """The GUID, in lower case, that a name (in any case) or a GUID stands for; None for a name that is no role's."""
    return _GUID_BY_FOLDED_NAME.get(role.casefold()) or (role.lower() if is_guid(role) else None)


def name_of(role: str) -> str | None:
    """The name, as Azure writes it, that a name in any case or a GUID stands for; None where it is not among these."""
    return _NAME_BY_GUID.get(guid_of(role) or "")
