"""Purges the pool after a destroy has soft-deleted it: ``onDestroy: purge``.

ARM's DELETE of a pool only soft-deletes it, which holds its name and is billed on. The pool depends on this resource,
so the engine deletes the pool first and this afterwards. While the pool lives, deleting this does nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from data_plane.errors import ConflictError
from dynamic.base import Props, inputs_of, one_line, tell
from dynamic.purging import PurgeArgs, PurgingProvider


class PurgeOnDestroyProvider(PurgingProvider):
    """Does nothing but purge, when it is deleted."""

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Makes nothing. Raises ConflictError where a soft-deleted pool has the name: that one is somebody else's."""
        from data_plane import deleted_pool, session

        inputs = inputs_of(props)
        name, location = inputs["name"], inputs["location"]
        if deleted_pool.exists(session.current(), deleted_pool.path_of(inputs["subscription_id"], location, name)):
            raise ConflictError(
                f"managed-hsm:hsm.name: a soft-deleted pool {name} in {location} holds the name, and is not this"
                " stack's to purge — choose another name, or recover it, or purge it"
                f" (az keyvault purge --hsm-name {name} --location {location})"
            )
        return CreateResult(f"{inputs['subscription_id']}/{inputs['location']}/{inputs['name']}", inputs)

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Purges the soft-deleted pool; done where there is none. Raises DataPlaneError."""
        from data_plane import deleted_pool, session

        path = deleted_pool.path_of(_props["subscription_id"], _props["location"], _props["name"])
        deleted_pool.purge(session.current(), path, hsm_id=_props.get("resource_id"), say=tell)


class PurgeOnDestroy(Resource, module="mhsm", name="PurgeOnDestroy"):
    """The promise to purge the pool when the stack is destroyed."""

    def __init__(self, name: str, args: PurgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs: dict[str, Any] = asdict(args)
        super().__init__(PurgeOnDestroyProvider(), name, inputs, opts)
