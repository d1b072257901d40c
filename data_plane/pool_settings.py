"""Settings of a pool's data plane.

Source: azure-keyvault-administration 4.7, ``KeyVaultSettingsClient``; "Settings" of the data plane's REST description.
"""

from __future__ import annotations

from typing import Final

from data_plane.errors import RequestError, mapped
from data_plane.session import Session

THROUGH_ARM: Final = "AllowKeyManagementOperationsThroughARM"
"""Whether ARM may create and read keys for those who have a local role for it (templates, policies)."""
DEFAULTS: Final = {THROUGH_ARM: False}
"""Every setting that there is, and what a new pool has."""


def read(session: Session, hsm_uri: str, name: str) -> bool:
    """What the pool has. Raises DataPlaneError."""
    subject = f"setting {name} of {hsm_uri}"
    with mapped(subject):
        found = session.settings(hsm_uri).get_setting(name)
    try:
        return found.getboolean()
    except ValueError:
        raise RequestError(f"{subject}: {found.value!r} is neither true nor false") from None


def write(session: Session, hsm_uri: str, name: str, *, value: bool) -> None:
    """Changes the setting. Raises DataPlaneError."""
    from azure.keyvault.administration import KeyVaultSetting

    with mapped(f"setting {name} of {hsm_uri}"):
        session.settings(hsm_uri).update_setting(KeyVaultSetting(name, value))
