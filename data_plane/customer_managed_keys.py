"""What Azure services ask of a key that they encrypt with, and of its pool.

Sources: "Customer-managed keys for Azure Storage encryption", "Azure SQL transparent data encryption with
customer-managed key" (requirements), "Server-side encryption of Azure Disk Storage" (restrictions): RSA keys of certain
sizes, soft delete and purge protection, and a way in for trusted services where a firewall stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from data_plane import role_assignments
from data_plane.built_in_roles import guid_of
from data_plane.errors import ConflictError, ForbiddenError
from data_plane.session import Session
from data_plane.waiting import Say

SIZES: Final = {"storage": (2048, 3072, 4096), "disk": (2048, 3072, 4096), "sql": (2048, 3072)}
"""In bits, by service."""
OPERATIONS: Final = frozenset({"wrapKey", "unwrapKey"})
ROLE: Final = "Managed HSM Crypto Service Encryption User"


@dataclass(frozen=True)
class PoolFacts:
    """What counts of a pool."""

    purge_protection: bool
    is_public: bool
    """Whether everybody can come publicly."""
    lets_trusted_services_in: bool
    """Whether the firewall lets trusted services pass (bypass: AzureServices)."""


def obstacles(pool: PoolFacts) -> Iterator[tuple[str, str]]:
    """What of the pool keeps services from using its keys: the setting, and what it has to be."""
    if not pool.purge_protection:
        yield "purgeProtection", "true: services refuse keys of a pool whose keys can be purged"
    if not pool.is_public and not pool.lets_trusted_services_in:
        yield "firewall.bypass", "AzureServices: services come from outside, as trusted ones"


def refuse_granted(session: Session, hsm_uri: str, key_name: str, say: Say) -> None:
    """Raises ConflictError while a service may wrap with the key: its data could not be read without it.

    A caller who may not read assignments is told that nobody looked.
    """
    try:
        found = role_assignments.at_scope(session, hsm_uri, f"/keys/{key_name}")
    except ForbiddenError:
        say(
            f"key {key_name}: whether a service encrypts with it could not be seen, as role assignments may not be read"
        )
        return
    services = [each.principal_id for each in found if each.role_guid == guid_of(ROLE)]
    if services:
        raise ConflictError(
            f"key {key_name}: {', '.join(services)} may encrypt with it ({ROLE} at /keys/{key_name}); without the key"
            " that data is lost — give the service another key first, take the assignment away, then run again"
        )
