"""Says at a destroy what the pool that stays, or is only deleted softly, goes on costing.

The pool depends on this, so this is deleted after it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from dynamic.base import HsmProvider, Props, inputs_of, missing, one_line, tell


@dataclass(frozen=True)
class PoolCostsArgs:
    """Which pool, and what is known of its price."""

    hsm_id: str
    """ARM id."""
    subscription_id: str
    location: str
    sku: str
    price_per_hour: float | None = None
    """US$, where its owner knows better."""


class PoolCostsProvider(HsmProvider):
    """Makes nothing; speaks when it is deleted."""

    UPDATE: ClassVar = ("sku", "price_per_hour")
    REPLACE: ClassVar = ("hsm_id", "subscription_id", "location")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """All but the price are needed."""
        del olds
        return news, missing(news, *self.REPLACE, "sku")

    def create(self, props: Props) -> CreateResult:
        """Makes nothing."""
        wanted = inputs_of(props)
        return CreateResult(wanted["hsm_id"], wanted)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Takes note."""
        return UpdateResult(inputs_of(_news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """There is nothing that could drift."""
        return ReadResult(id_, inputs_of(props), inputs_of(props))

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Looks whether the pool is there, or soft-deleted, and says what it costs and how that ends."""
        from data_plane import deleted_pool, pool, pool_costs, session

        known, current = inputs_of(_props), session.current()
        name = pool.name_of(known["hsm_id"])
        costs = pool_costs.in_words(known["sku"], known.get("price_per_hour"))
        if pool.read(current, known["hsm_id"]) is not None:
            end = f"az keyvault delete --hsm-name {name}, then az keyvault purge --hsm-name {name}"
            tell(f"{name} stays, and is {costs} until it is purged ({end})")
            return
        path = deleted_pool.path_of(known["subscription_id"], known["location"], name)
        found = deleted_pool.find(current, path)
        if found is None:
            return
        until = f"until it goes by itself on {found.scheduled_purge}"
        sooner = "purge protection lets nobody end that sooner"
        if not found.purge_protected:
            sooner = f"az keyvault purge --hsm-name {name} --location {known['location']} ends that now"
        tell(f"{name} is only deleted softly: it holds its name, and is {costs} {until}; {sooner}")


class PoolCosts(Resource, module="mhsm", name="PoolCosts"):
    """The promise to say what a pool costs that outlives its stack."""

    def __init__(self, name: str, args: PoolCostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the promise."""
        inputs: dict[str, Any] = asdict(args)
        super().__init__(PoolCostsProvider(), name, inputs, opts)
