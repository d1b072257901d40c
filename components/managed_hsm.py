"""The Managed HSM pool itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi
from pulumi_azure_native import keyvault

from dynamic.second_region import SecondRegion, SecondRegionArgs

LOCK_NAME = "managed-hsm"
"""Of the lock on the pool."""


@dataclass(frozen=True)
class ManagedHsmArgs:
    """What a pool is made from. There are no defaults: the API's own are not what anybody means."""

    resource_group: pulumi.Input[str]
    location: str
    name: str
    sku: str
    sku_family: str
    tenant_id: str
    initial_administrators: Sequence[str]
    """Object ids; used at creation only."""
    retention_days: int
    purge_protection: bool
    public_network_access: str
    default_action: str
    bypass: str
    ip_rules: Sequence[str]
    protect: bool
    retain_on_delete: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    identities: Sequence[pulumi.Input[str]] = ()
    """ARM ids of the user-assigned identities that the pool has."""
    second_region: str | None = None
    """A region that the pool is extended into."""
    lock: bool = False
    """Whether a lock keeps the pool from being deleted."""
    import_id: str | None = None
    """ARM id of a pool that exists and is taken over; None makes a new one."""
    left_out: Collection[str] = ()
    """What is empty and not said: an import knows none, so that to say them would be a change of nothing."""
    deleted_before: Sequence[pulumi.Resource] = ()
    """What a destroy takes away only after the pool."""


class Pool(Protocol):
    """A pool, whoever owns it."""

    @property
    def id(self) -> pulumi.Output[str]:
        """ARM id."""

    @property
    def uri(self) -> pulumi.Output[str]:
        """With a slash at its end."""

    @property
    def created_at(self) -> pulumi.Output[str]:
        """When ARM made it."""

    @property
    def pool(self) -> pulumi.Resource | None:
        """What deletes everything in the pool with itself; None for a pool that another stack owns."""


@dataclass(frozen=True)
class ExistingPool:
    """A pool that another stack owns: what is known of it, and nothing to declare."""

    id: pulumi.Output[str]
    uri: pulumi.Output[str]
    created_at: pulumi.Output[str]
    pool: pulumi.Resource | None = None


class ManagedHsm(pulumi.ComponentResource):
    """A pool, created with its final firewall. Nothing else writes its network settings, and it writes all of them."""

    id: pulumi.Output[str]
    uri: pulumi.Output[str]
    """With a slash at its end."""
    created_at: pulumi.Output[str]
    """When ARM made it, which tells it from an earlier pool of the same name."""
    pool: keyvault.ManagedHsm
    """What lives in the pool is ``deleted_with`` this."""

    def __init__(self, name: str, args: ManagedHsmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:ManagedHsm", name, {}, opts)
        self.pool = keyvault.ManagedHsm(
            name,
            resource_group_name=args.resource_group,
            name=args.name,
            location=args.location,
            sku=keyvault.ManagedHsmSkuArgs(family=args.sku_family, name=args.sku),
            properties=keyvault.ManagedHsmPropertiesArgs(
                tenant_id=args.tenant_id,
                initial_admin_object_ids=list(args.initial_administrators),
                enable_soft_delete=True,
                # Said also where there is none: what is left out might stay as it is.
                regions=_said(args, "regions", _regions(args.second_region)),
                soft_delete_retention_in_days=args.retention_days,
                enable_purge_protection=args.purge_protection,
                public_network_access=args.public_network_access,
                network_acls=keyvault.MHSMNetworkRuleSetArgs(
                    bypass=args.bypass,
                    default_action=args.default_action,
                    ip_rules=_said(args, "ipRules", [keyvault.MHSMIPRuleArgs(value=rule) for rule in args.ip_rules]),
                    virtual_network_rules=_said(args, "virtualNetworkRules", []),
                ),
            ),
            tags=None if not args.tags and "tags" in args.left_out else dict(args.tags),
            identity=_identity(args.identities),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.deleted_before),
                protect=args.protect,
                retain_on_delete=args.retain_on_delete,
                import_=args.import_id,
                # The service reads them when it creates the pool and never again.
                ignore_changes=["properties.initialAdminObjectIds"],
            ),
        )
        self.id = self.pool.id
        if args.second_region is not None:
            SecondRegion(
                "second-region",
                SecondRegionArgs(hsm_id=self.id, region=args.second_region),
                # A destroy that is refused because of the pool would have purged the region before.
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.retain_on_delete),
            )
        if args.lock:
            self._lock(args)
        self.uri = self.pool.properties.apply(lambda properties: str(properties.hsm_uri))
        self.created_at = self.pool.system_data.apply(lambda system_data: str(system_data.created_at))
        self.register_outputs({"id": self.id, "uri": self.uri})

    def _lock(self, args: ManagedHsmArgs) -> None:
        from pulumi_azure_native import authorization

        authorization.ManagementLockByScope(
            "pool-lock",
            scope=self.id,
            lock_name=LOCK_NAME,
            level="CanNotDelete",
            notes=f"Kept by the stack {pulumi.get_stack()}: hsm.liftProtection in its configuration lifts it.",
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )


def _said(args: ManagedHsmArgs, name: str, values: list[Any]) -> list[Any] | None:
    return None if not values and name in args.left_out else values


def _regions(second: str | None) -> list[keyvault.MHSMGeoReplicatedRegionArgs]:
    return [] if second is None else [keyvault.MHSMGeoReplicatedRegionArgs(name=second, is_primary=False)]


def _identity(identities: Sequence[pulumi.Input[str]]) -> keyvault.ManagedServiceIdentityArgs | None:
    if not identities:
        return None
    return keyvault.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=list(identities))
