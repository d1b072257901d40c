"""The names, the region and its quota, and what it will cost.

Sources: Microsoft.KeyVault, api-version 2024-11-01; "Azure Managed HSM service limits" (5 pools for each subscription
and region).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from config.hsm import Hsm
from data_plane import deleted_pool, deleted_vault, pool_costs, pool_name
from data_plane import pool as pools
from data_plane.errors import ConflictError, DataPlaneError, NotFoundError
from preflight.line import Deployment, Line, failed, notice, passed, unseen

_NAME: Final = "name of the pool"
_VAULT: Final = "name of the vault"
_REGION: Final = "region"
_QUOTA: Final = "quota"
_COST: Final = "cost"
_POOLS: Final = "/providers/Microsoft.KeyVault/managedHSMs"
_MOST_POOLS: Final = 5
_PROVIDERS: Final = "2021-04-01"


def check_name(deployment: Deployment) -> Iterator[Line]:
    """Free, there already, soft-deleted or somebody else's."""
    pool, session = deployment.settings.hsm, deployment.session
    try:
        there = pools.read(session, deployment.pool)
        if there is not None:
            yield passed(_NAME, f"{there.name} is there already ({there.activation_status})")
        elif not isinstance(pool, Hsm):
            yield failed(_NAME, f"there is no pool {pool.name}", "let the stack that owns it make it first")
        else:
            yield from _new_name(deployment, pool)
    except ConflictError as error:
        found, _, way_out = str(error).partition(" — ")
        yield failed(_NAME, found, way_out)
    except DataPlaneError as error:
        yield unseen(_NAME, str(error))


def _new_name(deployment: Deployment, pool: Hsm) -> Iterator[Line]:
    location = deployment.settings.location
    path = deleted_pool.path_of(deployment.subscription_id, location, pool.name)
    deleted = deleted_pool.find(deployment.session, path)
    if deleted is None or pool.on_soft_deleted == "fail":
        pool_name.refuse_taken(deployment.session, deployment.subscription_id, location, pool.name)
        yield passed(_NAME, f"{pool.name} is free")
    elif pool.on_soft_deleted == "purge" and deleted.purge_protected:
        yield failed(
            _NAME,
            f"the soft-deleted pool {pool.name} has purge protection until {deleted.scheduled_purge}",
            "set managed-hsm:hsm.onSoftDeleted: recover, or choose another managed-hsm:hsm.name",
        )
    else:
        ends = "comes back" if pool.on_soft_deleted == "recover" else "is purged with every key in it"
        yield notice(_NAME, f"a soft-deleted pool {pool.name} (until {deleted.scheduled_purge}) {ends}")


def check_vault_name(deployment: Deployment) -> Iterator[Line]:
    """The same of the vault, where there is to be one."""
    vault, session = deployment.settings.vault, deployment.session
    if vault is None:
        return
    path = f"{deployment.group}/providers/Microsoft.KeyVault/vaults/{vault.name}"
    try:
        session.resource_manager_get(path, pools.API_VERSION)
        yield passed(_VAULT, f"{vault.name} is there already")
    except NotFoundError:
        try:
            deleted_vault.refuse_taken(session, deployment.subscription_id, deployment.settings.location, vault.name)
            yield passed(_VAULT, f"{vault.name} is free")
        except ConflictError as error:
            found, _, way_out = str(error).partition(" — ")
            yield failed(_VAULT, found, way_out)
        except DataPlaneError as error:
            yield unseen(_VAULT, str(error))
    except DataPlaneError as error:
        yield unseen(_VAULT, str(error))


def check_region(deployment: Deployment) -> Iterator[Line]:
    """Whether the region has Managed HSMs, and room for one more of this subscription."""
    pool, wanted = deployment.settings.hsm, deployment.settings.location
    if not isinstance(pool, Hsm):
        return
    try:
        regions = _regions(deployment)
        every = [wanted, *([pool.second_region] if pool.second_region else [])]
        if missing := [each for each in every if _plain(each) not in regions]:
            way_out = f"choose one of {', '.join(sorted(regions.values()))}"
            yield failed(_REGION, f"there are no Managed HSMs in {', '.join(missing)}", way_out)
        else:
            yield passed(_REGION, " and ".join(every))
        pools_there = deployment.session.resource_manager_list(f"{deployment.subscription}{_POOLS}", pools.API_VERSION)
        for region in every:
            yield _quota(deployment, region, pools_there)
    except DataPlaneError as error:
        yield unseen(_REGION, str(error))


def _regions(deployment: Deployment) -> dict[str, str]:
    """The regions that have the service: as they are compared, and as they are written."""
    path = f"{deployment.subscription}/providers/Microsoft.KeyVault"
    types: list[dict[str, Any]] = deployment.session.resource_manager_get(path, _PROVIDERS).get("resourceTypes") or []
    own: dict[str, Any] = next((each for each in types if str(each.get("resourceType")).lower() == "managedhsms"), {})
    return {_plain(each): _plain(each) for each in own.get("locations") or ()}


def _quota(deployment: Deployment, region: str, found: list[dict[str, Any]]) -> Line:
    here = [each for each in found if _plain(region) in _places(each)]
    others = [each for each in here if str(each.get("id")).lower() != deployment.pool.lower()]
    if len(others) >= _MOST_POOLS:
        way_out = "purge one, take another region, or ask Microsoft's support for more"
        return failed(_QUOTA, f"{len(others)} pools of this subscription are in {region}, the limit", way_out)
    return passed(_QUOTA, f"{len(others)} other pools of this subscription in {region}, of {_MOST_POOLS}")


def _places(pool: dict[str, Any]) -> set[str]:
    """Where a pool has an HSM: at home, and where it is extended to."""
    extended = (pool.get("properties") or {}).get("regions") or ()
    return {_plain(str(each)) for each in (pool.get("location"), *(region.get("name") for region in extended))}


def check_cost(deployment: Deployment) -> Iterator[Line]:
    """From when on it is billed, and how much."""
    pool = deployment.settings.hsm
    if isinstance(pool, Hsm):
        twice = ", and as much again for the second region" if pool.second_region else ""
        words = pool_costs.in_words(pool.sku, pool.price_per_hour)
        yield notice(_COST, f"{words}{twice}, from its creation until it is purged")


def _plain(region: str) -> str:
    return region.replace(" ", "").lower()
