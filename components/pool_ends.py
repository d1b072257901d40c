"""What happens before the pool is made, and after it has been deleted: soft deletion, purge, and what is billed on."""

from __future__ import annotations

import pulumi

from components.deployer import Deployer
from components.resource_group import ResourceGroup
from config import Settings
from config.hsm import Hsm
from dynamic.pool_costs import PoolCosts, PoolCostsArgs
from dynamic.purge_on_destroy import PurgeOnDestroy
from dynamic.purging import PurgeArgs
from dynamic.soft_deleted_pool import SoftDeletedPool, SoftDeletedPoolArgs


def pool_id(settings: Settings, deployer: Deployer) -> str:
    """The ARM id that the pool of this stack has, or will have."""
    return (
        f"/subscriptions/{deployer.subscription_id}/resourceGroups/{settings.resource_group}"
        f"/providers/Microsoft.KeyVault/managedHSMs/{settings.hsm.name}"
    )


def make_ends(
    settings: Settings, pool: Hsm, deployer: Deployer, group: ResourceGroup, deleted_at: str | None
) -> list[pulumi.Resource]:
    """Declares what the pool depends on: it is made after all of them, and deleted before them.

    ``deleted_at`` is when the pool was deleted that holds the name; None where none does.
    """
    ends: list[pulumi.Resource] = []
    if pool.on_soft_deleted != "fail":
        ends.append(
            SoftDeletedPool(
                "soft-deleted-pool",
                SoftDeletedPoolArgs(
                    hsm_id=pool_id(settings, deployer),
                    resource_group=group.name,
                    location=settings.location,
                    tenant_id=deployer.tenant_id,
                    sku=pool.sku,
                    sku_family=pool.sku_family,
                    action=pool.on_soft_deleted,
                    deleted_at=deleted_at,
                ),
            )
        )
    if pool.on_destroy == "purge":
        purge = PurgeArgs(
            subscription_id=deployer.subscription_id,
            location=settings.location,
            name=pool.name,
            resource_id=pool_id(settings, deployer),
        )
        # It refuses a soft-deleted pool that nobody has dealt with.
        return [*ends, PurgeOnDestroy("purge-on-destroy", purge, opts=pulumi.ResourceOptions(depends_on=list(ends)))]
    costs = PoolCostsArgs(
        hsm_id=pool_id(settings, deployer),
        subscription_id=deployer.subscription_id,
        location=settings.location,
        sku=pool.sku,
        price_per_hour=pool.price_per_hour,
    )
    return [*ends, PoolCosts("pool-costs", costs)]
