"""The pool as Azure Resource Manager knows it. ARM is not behind the pool's firewall.

Source: Microsoft.KeyVault/managedHSMs, api-version 2024-11-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from data_plane.errors import NotFoundError
from data_plane.session import Session

API_VERSION: Final = "2024-11-01"

NOT_ACTIVATED: Final = "NotActivated"
ACTIVE: Final = "Active"
FAILED: Final = "Failed"
UNKNOWN: Final = "Unknown"


@dataclass(frozen=True)
class Pool:
    """One Managed HSM."""

    id: str
    """ARM id."""
    name: str
    uri: str
    created_at: str
    """``systemData.createdAt``: with the ARM id it tells this pool from an earlier one of the same name."""
    activation_status: str
    """``NotActivated``, ``Active``, ``Failed`` or ``Unknown``."""
    activation_message: str


def read(session: Session, hsm_id: str) -> Pool | None:
    """The pool, or None where there is none. Raises DataPlaneError."""
    try:
        resource = session.resource_manager_get(hsm_id, API_VERSION)
    except NotFoundError:
        return None
    return _pool(resource)


def _pool(resource: dict[str, Any]) -> Pool:
    properties = resource.get("properties") or {}
    activation = properties.get("securityDomainProperties") or {}
    return Pool(
        id=str(resource["id"]),
        name=str(resource["name"]),
        uri=str(properties.get("hsmUri", "")),
        created_at=str((resource.get("systemData") or {}).get("createdAt", "")),
        activation_status=str(activation.get("activationStatus") or UNKNOWN),
        activation_message=str(activation.get("activationStatusMessage") or ""),
    )


def name_of(hsm_id: str) -> str:
    """The pool's name, the last part of its ARM id."""
    return hsm_id.rstrip("/").rsplit("/", 1)[-1]


def is_same(one_id: str, one_created_at: str, other_id: str, other_created_at: str) -> bool:
    """Whether two descriptions mean the very same pool.

    ARM ids are compared without regard to case, as ARM does. A pool without creation time is nobody's.
    """
    return bool(one_created_at) and one_created_at == other_created_at and one_id.lower() == other_id.lower()
