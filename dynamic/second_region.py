"""Takes the second region away before a destroy deletes the pool.

The pool itself adds and removes the region. But a pool is not deleted while it is extended into another region, so
this depends on the pool, and is deleted before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from dynamic.base import HsmProvider, Props, inputs_of, missing, one_line, tell


@dataclass
class SecondRegionArgs:
    """What a :class:`SecondRegion` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    region: str


class SecondRegionProvider(HsmProvider):
    """Makes nothing; removes the region when it is deleted."""

    UPDATE: ClassVar = ("region",)
    REPLACE: ClassVar = ("hsm_id",)

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Both are needed."""
        del olds
        return news, missing(news, "hsm_id", "region")

    def create(self, props: Props) -> CreateResult:
        """The pool has it already."""
        wanted = inputs_of(props)
        return CreateResult(f"{wanted['hsm_id']}/regions", wanted)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """The pool has moved it already."""
        return UpdateResult(inputs_of(_news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What drifts is seen at the pool."""
        return ReadResult(id_, inputs_of(props), inputs_of(props))

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Removes the region unless it has gone, or another one has come in its place. Raises DataPlaneError."""
        from data_plane import pool_regions, session

        known = inputs_of(_props)
        pool_regions.remove_extended(session.current(), known["hsm_id"], only=known["region"], say=tell)


class SecondRegion(Resource, module="mhsm", name="SecondRegion"):
    """The promise that no second region outlives the pool, or stands in the way of its end."""

    def __init__(self, name: str, args: SecondRegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the promise."""
        super().__init__(SecondRegionProvider(), name, dict(vars(args)), opts)
