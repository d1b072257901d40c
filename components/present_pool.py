"""What a pool that is there already rules out: settings that can never change, and a new security domain's lack of a
place.

Found out before anything is declared: the service refuses some of these changes halfway through an ``up``, and for
others the engine would put another pool in the place of this one, keys and all.
Source: Microsoft.KeyVault/managedHSMs, api-version 2024-11-01; "Managed HSM soft-delete and purge protection".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from config import ConfigurationError, Problem, Settings
from config.hsm import Hsm
from config.problems import not_accepted
from config.security_domain import PathDestination
from data_plane.activation_step import NOWHERE_TO_WRITE

_SECTION = "managed-hsm:hsm"
_ANOTHER_POOL = "another value takes another pool: a stack of its own with another hsm.name, or destroy and purge first"


def check_unchangeable(settings: Settings, pool: Any | None) -> None:
    """Compares the settings with ``pool``, the one that is there, as azure-native found it.

    Raises ConfigurationError with every setting that this pool can never have.
    """
    if pool is None or not isinstance(settings.hsm, Hsm):
        return
    problems = list(_unchangeable(settings, settings.hsm, pool))
    if problems:
        raise ConfigurationError(problems, f"the configuration of {pool.name}, which is there already")


def _unchangeable(settings: Settings, wanted: Hsm, pool: Any) -> Iterator[Problem]:
    properties = pool.properties
    if pool.name != wanted.name:
        accepted = f"{pool.name}, as it was made: another spelling would replace the pool"
        yield not_accepted(f"{_SECTION}.name", wanted.name, accepted)
    if pool.location and _plain(pool.location) != _plain(settings.location):
        accepted = f"{_plain(pool.location)}, where the pool is; {_ANOTHER_POOL}"
        yield not_accepted("azure-native:location", settings.location, accepted)
    if pool.sku is not None and pool.sku.name != wanted.sku:
        yield not_accepted(f"{_SECTION}.sku", wanted.sku, f"{pool.sku.name}, as the pool was made; {_ANOTHER_POOL}")
    days = properties.soft_delete_retention_in_days
    if days is not None and int(days) != wanted.retention_days:
        accepted = f"{int(days)}, as the pool was made; {_ANOTHER_POOL}"
        yield not_accepted(f"{_SECTION}.retentionDays", wanted.retention_days, accepted)
    if properties.enable_purge_protection and not wanted.purge_protection:
        accepted = "true, as it is switched on and nobody can switch it off again"
        yield not_accepted(f"{_SECTION}.purgeProtection", False, accepted)


def check_custody(settings: Settings, pool: Any | None) -> None:
    """Says which copies of the security domain have gone into custody, and are not looked for.

    Raises pulumi.RunError where a pool that is not active yet would have no place for its own.
    """
    domain = settings.security_domain
    if domain is None:
        return
    gone = [each for each in domain.destinations if isinstance(each, PathDestination) and each.handed_over]
    needed = [each for each in domain.destinations if each not in gone and not each.optional]
    if gone and not needed and not is_active(pool):
        raise pulumi.RunError(f"{settings.hsm.name} is not active yet: {NOWHERE_TO_WRITE}")
    for each in gone:
        pulumi.log.info(f"{each.path} is handed over into custody: the security domain is not looked for there")


def is_active(pool: Any | None) -> bool:
    """Whether the pool that azure-native found is activated."""
    domain = pool.properties.security_domain_properties if pool is not None else None
    return domain is not None and str(domain.activation_status) == "Active"


def _plain(region: str) -> str:
    """A region as its short name: ARM takes and gives ``East US 2`` too."""
    return region.replace(" ", "").lower()
